"""The hours ledger: minutes of help that came and went. An entry is never changed; a correction is an entry.

What was bought stays until it is used. What was given ends a year later: the part that nobody used is booked out by a
timer.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum, Value
from django.db.models.functions import Concat

import timers
from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing.actions import numbering
from billing.choices import HoursReason
from billing.models import Customer, HoursEntry
from billing.refusals import Refused

KIND = "billing.hours_expire"
GIFT_LASTS = timedelta(days=365)
BACK = ":back"  # after the key of an entry: the entry that takes back what was left of it
MOST_MINUTES = 60 * 10_000


class CannotBook(Refused):
    """The ledger stays as it is."""


def balance(customer: Customer) -> int:
    """The minutes that a customer has: the sum of everything."""
    return HoursEntry.objects.filter(customer=customer).aggregate(minutes=Sum("minutes"))["minutes"] or 0


def book(
    *,
    customer: Customer,
    minutes: int,
    reason: HoursReason,
    key: str,
    words: str,
    now: datetime,
    expires_on: date | None = None,
    by: Person | None = None,
) -> HoursEntry:
    """An entry for `key`; asked again, the first one is answered and nothing is booked (D4: retried, still two hours).

    Joins the caller's transaction. Minutes that came with an `expires_on` last to the end of that day.
    """
    entry = HoursEntry(
        customer=customer, minutes=minutes, reason=reason, key=key, words=words[:255], expires_on=expires_on, by=by,
        at=now,
    )  # fmt: skip
    HoursEntry.objects.bulk_create([entry], ignore_conflicts=True)
    booked = HoursEntry.objects.get(key=key)
    if booked.minutes > 0 and booked.expires_on:
        timers.schedule(kind=KIND, subject=booked.pk, due_at=_end_of(booked.expires_on))
    return booked


def give(*, customer: Customer, minutes: int, key: str, words: str, now: datetime) -> HoursEntry:
    """Complimentary minutes, for a year."""
    until = numbering.local_day(now) + GIFT_LASTS
    return book(
        customer=customer, minutes=minutes, reason=HoursReason.COMPLIMENTARY, key=key, words=words, expires_on=until,
        now=now,
    )  # fmt: skip


def take_back_unused(*, entry: HoursEntry, words: str, now: datetime) -> HoursEntry | None:
    """Book out what is left of an entry, such as a gift whose order was refunded; None when nothing is left.

    Run twice, it is taken back once.
    """
    with transaction.atomic():
        _lock(entry.customer_id)
        key, left = f"{entry.key}{BACK}", _left_of(entry)
        known = HoursEntry.objects.filter(key=key).first()
        if known or not left:
            return known
        return book(
            customer=entry.customer, minutes=-left, reason=HoursReason.CORRECTION, key=key, words=words, now=now
        )


def expire(*, entry_id: int, now: datetime) -> HoursEntry | None:
    """The last day of an entry is over: what nobody used goes. Run twice, it goes once."""
    with transaction.atomic():
        entry = HoursEntry.objects.select_related("customer").filter(pk=entry_id).first()
        if entry is None or entry.expires_on is None or _end_of(entry.expires_on) > now:
            return None
        _lock(entry.customer_id)
        key, left = f"expired:{entry.pk}", _left_of(entry)
        if not left or HoursEntry.objects.filter(key=key).exists():
            return None
        return book(
            customer=entry.customer, minutes=-left, reason=HoursReason.EXPIRED, key=key, words=entry.words, now=now
        )


@permitted("orders.work")
def use(*, customer: Customer, minutes: int, key: str, words: str, by: Person, now: datetime) -> HoursEntry:
    """Somebody helped for so many minutes. Raises CannotBook when there are fewer."""
    return _by_hand(customer, -minutes, HoursReason.USED, key, words, by, now)


@permitted("money.look_after")
def add(*, customer: Customer, minutes: int, key: str, words: str, by: Person, now: datetime) -> HoursEntry:
    """Minutes more, with a reason: they are worth money, so not everybody who books help gives them."""
    return _by_hand(customer, abs(minutes), HoursReason.CORRECTION, key, words, by, now)


@permitted("orders.work")
def take_away(*, customer: Customer, minutes: int, key: str, words: str, by: Person, now: datetime) -> HoursEntry:
    """Minutes less, with a reason. Raises CannotBook below nothing."""
    return _by_hand(customer, -abs(minutes), HoursReason.CORRECTION, key, words, by, now)


def spend(*, customer: Customer, minutes: int, key: str, words: str, by: Person, now: datetime) -> HoursEntry:
    """A customer uses minutes of their own, as for a training that they book; asked twice with one key, once.

    Raises CannotBook when there are fewer.
    """
    with transaction.atomic():
        return _by_hand(customer, -minutes, HoursReason.USED, key, words, by, now)


def give_spent_back(*, key: str, words: str, now: datetime) -> HoursEntry | None:
    """Book back what was spent under `key`, once; None where nothing was.

    Minutes of a gift whose last day is over by now come back and go at once: nothing lasts longer by being spent.
    """
    with transaction.atomic():
        spent = HoursEntry.objects.select_related("customer").filter(key=key, minutes__lt=0).first()
        if spent is None:
            return None
        _lock(spent.customer_id)
        known = HoursEntry.objects.filter(key=f"{key}{BACK}").first()
        if known:
            return known
        back = book(
            customer=spent.customer, minutes=-spent.minutes, reason=HoursReason.CORRECTION, key=f"{key}{BACK}",
            words=words, now=now,
        )  # fmt: skip
        _expire_again(back, now)
        return back


def _expire_again(back: HoursEntry, now: datetime) -> None:
    """Of minutes that came back, what belongs to gifts that ended between being spent and now."""
    ended = HoursEntry.objects.filter(
        customer=back.customer_id, minutes__gt=0, expires_on__lt=numbering.local_day(now)
    ).order_by("expires_on", "pk")
    rest = back.minutes
    for entry in ended:
        gone = HoursEntry.objects.filter(Q(key=f"expired:{entry.pk}") | Q(key__startswith=f"expired:{entry.pk}:"))
        was = -(gone.aggregate(minutes=Sum("minutes"))["minutes"] or 0)
        left = min(rest, entry.minutes - was, _left_of(entry))
        if left > 0:
            rest -= left
            book(
                customer=back.customer, minutes=-left, reason=HoursReason.EXPIRED, key=f"expired:{entry.pk}:{back.pk}",
                words=entry.words, now=now,
            )  # fmt: skip


def _by_hand(
    customer: Customer, minutes: int, reason: HoursReason, key: str, words: str, by: Person, now: datetime
) -> HoursEntry:
    if not minutes or abs(minutes) > MOST_MINUTES:
        raise CannotBook(f"Enter between 1 and {MOST_MINUTES:,} minutes.")
    if not words.strip():
        raise CannotBook("Say what it was for.")
    _lock(customer.pk)
    known = HoursEntry.objects.filter(key=key).first()
    if known:
        return known
    has = balance(customer)
    if has + minutes < 0:
        raise CannotBook(f"There are {has} minutes left, so {-minutes} cannot be taken.")
    entry = book(customer=customer, minutes=minutes, reason=reason, key=key, words=words.strip(), by=by, now=now)
    journal.record(by=by, action="billing.book_hours", subject=entry, data={"minutes": minutes}, now=now)
    return entry


def _left_of(entry: HoursEntry) -> int:
    """What nobody has used of an entry. Whoever uses minutes uses those that end first.

    So the balance consists of what ends later, and only what it holds beyond that is left of this one. What was taken
    back holds nothing any more, and what was spent and given back came from somewhere: it lasts no longer than that.
    """
    alive = Q(expires_on__isnull=True) | Q(expires_on__gt=entry.expires_on) if entry.expires_on else Q(pk__lt=0)
    later = HoursEntry.objects.filter(alive, customer=entry.customer, minutes__gt=0).exclude(pk=entry.pk)
    backs = HoursEntry.objects.filter(key=Concat(OuterRef("key"), Value(BACK)))
    held = later.exclude(Exists(backs)).exclude(key__endswith=BACK).aggregate(minutes=Sum("minutes"))["minutes"] or 0
    return min(entry.minutes, max(0, balance(entry.customer) - held))


def _lock(customer_id: int) -> None:
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=numbering.seller_zone())
