"""One person's Customer Day: booked, briefed, begun with a buddy and cards, and ended with what it taught (B7, B8)."""

from datetime import date, datetime

from django.db import transaction

from accounts.access import NotAllowed, can
from accounts.journal import record
from accounts.models import Person
from insights import quarters
from insights.actions.telling import tell
from insights.models import CardPick, CustomerDay
from insights.programme_choices import LOOK_AFTER, DayState
from insights.queries_cards import WANTED, suitable
from insights.queries_customer_day import STILL_TO_COME, buddies, diary, is_away, rules, today
from insights.refusals import Refused
from supportdesk.lib.locks import take_transaction_lock
from tickets.actions.accompanied import accompany_for_a_day, end_for_a_day, has_shown
from tickets.choices import Author
from tickets.models import Message


class CannotDoThat(Refused):
    """The day cannot be had, or is not as far as that."""


def may_change(person, day: CustomerDay) -> bool:
    """Its person, and who looks after the programme."""
    return person.pk == day.person_id or can(person, LOOK_AFTER)


@transaction.atomic
def book(*, day: CustomerDay, on: date, by: Person, now: datetime) -> CustomerDay:
    """Hold it on that day; booked anew, the day before is free again. A buddy is found. Raises CannotDoThat."""
    take_transaction_lock(f"insights.customer_day:{day.quarter}")
    row = _locked(day, by)
    if row.state not in STILL_TO_COME:
        raise CannotDoThat("This day has begun, or its quarter is over.")
    _check_free(row, on, now)
    row.date, row.proposed_for = on, None
    row.state = DayState.BRIEFED if row.briefed_at else DayState.PLANNED
    row.buddy = row.buddy if row.buddy_id and row.buddy in buddies(row.person) else _find_buddy(row)
    row.save()
    if row.buddy:
        words = f"{row.person.shown_name} holds a Customer Day on {on:%A} {on.day} {on:%B %Y}, and you are their buddy."
        tell([row.buddy], "You are a buddy on a Customer Day", [words], about=f"buddy:{row.pk}", now=now)
    record(by=by, action="insights.book_customer_day", subject=row, data={"date": on.isoformat()}, now=now)
    return row


@transaction.atomic
def choose_buddy(*, day: CustomerDay, buddy: Person, by: Person, now: datetime) -> None:
    """Somebody else reads what is written on that day. Raises CannotDoThat."""
    row = _locked(day, by)
    if row.state not in STILL_TO_COME or row.date is None:
        raise CannotDoThat("Choose a buddy once the day is booked, and before it begins.")
    if buddy not in buddies(row.person):
        raise CannotDoThat("Choose somebody who answers tickets on their own.")
    if row.buddy_id != buddy.pk:
        row.buddy = buddy
        row.save(update_fields=["buddy"])
        words = f"You are the buddy of {row.person.shown_name} on {row.date:%A} {row.date.day} {row.date:%B %Y}."
        tell([buddy], "You are a buddy on a Customer Day", [words], about=f"buddy:{row.pk}", now=now)
        record(by=by, action="insights.choose_buddy", subject=row, data={"buddy": buddy.pk}, now=now)


@transaction.atomic
def tick(*, day: CustomerDay, lines: set[int], by: Person, now: datetime) -> None:
    """The briefing was read, and these lines of the checklist are true. All of them ticked: briefed."""
    row = _locked(day, by)
    if row.state not in (DayState.PLANNED, DayState.BRIEFED):
        raise CannotDoThat("Book the day first." if row.state == DayState.INVITED else "This day has begun.")
    row.ticked = sorted(line for line in lines if 0 <= line < len(row.checklist))
    is_all = len(row.ticked) == len(row.checklist)
    row.briefed_at = (row.briefed_at or now) if is_all else None
    row.state = DayState.BRIEFED if is_all else DayState.PLANNED
    row.save(update_fields=["ticked", "briefed_at", "state"])


def needs_review(person: Person) -> bool:
    """Whether their buddy reads what they answer: nobody said yet that they answer alone, and they answered seldom.
    Never those who look after others.
    """
    if can(person, LOOK_AFTER) or has_shown(person):
        return False
    most = rules().alone_after
    said = Message.objects.filter(person=person, author=Author.AGENT, auto_reply="").values("pk")[:most]
    return len(said) < most


@transaction.atomic
def begin(*, day: CustomerDay, by: Person, now: datetime) -> CustomerDay:
    """On its date, after the briefing: cards are found, and whoever is new answers with review. Raises CannotDoThat."""
    row = _locked(day, by)
    if row.state == DayState.WORKING:
        return row
    if row.state != DayState.BRIEFED or row.date is None:
        raise CannotDoThat("Book the day, read the briefing and tick every line first.")
    if row.date != today(now):
        raise CannotDoThat(f"It is on {row.date:%A} {row.date.day} {row.date:%B %Y}. Book it anew to begin today.")
    if not can(row.person, "tickets.work"):
        raise CannotDoThat("You may not answer tickets yet. Ask an admin for the role of an agent.")
    if needs_review(row.person):
        if row.buddy is None:
            raise CannotDoThat("Nobody is your buddy yet. Choose one first.")
        apprentice = accompany_for_a_day(person=row.person, reviewer=row.buddy, now=now)
        row.accompanied_since = apprentice.since if apprentice else None
    row.state, row.started_at = DayState.WORKING, now
    row.save(update_fields=["state", "started_at", "accompanied_since"])
    _pick(row, now)
    record(by=by, action="insights.begin_customer_day", subject=row, data={}, now=now)
    return row


@transaction.atomic
def find_cards(*, day: CustomerDay, by: Person, now: datetime) -> int:
    """More cards; how many. Those that are open stay. Raises CannotDoThat."""
    row = _locked(day, by)
    if row.state not in (DayState.PLANNED, DayState.BRIEFED, DayState.WORKING):
        raise CannotDoThat("Book the day first.")
    return _pick(row, now)


@transaction.atomic
def debrief(*, day: CustomerDay, learned: str, by: Person, now: datetime) -> CustomerDay:
    """It is over: what it taught, in a few words. Raises CannotDoThat."""
    row = _locked(day, by)
    if row.state != DayState.WORKING:
        raise CannotDoThat("This day has not begun, or is over.")
    words = learned.replace("\0", "").strip()
    if len(words) < 3:
        raise CannotDoThat("Say in a sentence what the day taught you.")
    end_for_a_day(person=row.person, since=row.accompanied_since, now=now)
    row.state, row.debriefed_at, row.learned, row.accompanied_since = DayState.DEBRIEFED, now, words, None
    row.save(update_fields=["state", "debriefed_at", "learned", "accompanied_since"])
    record(by=by, action="insights.end_customer_day", subject=row, data={}, now=now)
    return row


def _locked(day: CustomerDay, by: Person) -> CustomerDay:
    rows = CustomerDay.objects.select_for_update(of=("self",)).select_related("person", "buddy")
    row = rows.get(pk=day.pk)
    if not may_change(by, row):
        raise NotAllowed("It is somebody else's Customer Day.")
    return row


def _check_free(row: CustomerDay, on: date, now: datetime) -> None:
    first, last = today(now), quarters.last_day(row.quarter)
    if not max(first, row.quarter) <= on <= last:
        raise CannotDoThat(f"Choose a day from today to {last.day} {last:%B %Y}.")
    days = diary(row.quarter, but=row)
    if not days.is_open(on):
        raise CannotDoThat("The desk is closed on that day. Choose another.")
    if days.is_full(on):
        raise CannotDoThat("Others have that day already. Choose another.")
    if is_away(row.person, on):
        raise CannotDoThat("You said that you are away on that day. Choose another.")


def _find_buddy(row: CustomerDay) -> Person | None:
    """Whoever was a buddy least often this quarter, and is here on that day."""
    taken = list(CustomerDay.objects.filter(quarter=row.quarter).exclude(pk=row.pk).values_list("buddy", flat=True))
    found = sorted(buddies(row.person), key=lambda one: (taken.count(one.pk), one.pk))
    return next((one for one in found if row.date and not is_away(one, row.date)), None)


def _pick(row: CustomerDay, now: datetime) -> int:
    known = set(row.cards.values_list("ticket", flat=True))
    found = suitable(row.person, now=now, but=known, wanted=WANTED)
    picks = [
        CardPick(day=row, ticket=one.ticket, reason_id=one.reason_id, article_id=one.article_id, picked_at=now)
        for one in found
    ]
    CardPick.objects.bulk_create(picks, ignore_conflicts=True)
    return len(picks)
