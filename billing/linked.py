"""Whether somebody of the staff has something of their own in a customer's account (E7, E8, S33).

Nobody gives money to themselves, nor to an account that shares a card or an address with theirs; and what is given at
the desk, without a second pair of eyes, goes to no account that is linked to anybody of the staff.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import journal
from accounts.models import Membership, Person
from billing.actions.money_tasks import open_task
from billing.choices import MoneyTaskKind
from billing.models import Card, Customer, Order, Payment, Recipient
from billing.refusals import CannotDecide, Refused

MOST_ORDERS = 50  # of each account: where the last boxes went
MOST_ACCOUNTS = 500
NOT_A_SIGN = re.compile(r"[\W_]+")

# country, postal code, street with whatever stands beside it; each in letters and digits only
Place = tuple[str, str, str]


class LinkedAccount(Refused):
    """It goes to somebody who has nothing to do with this account. The message says what links them."""


class DecidesOwn(CannotDecide):
    """Somebody would decide about an account of their own. `keep_flag` writes it down once more after a rollback."""

    def __init__(self, words: str, *, by: Person, customer: Customer, tried: str) -> None:
        super().__init__(words)
        self.by, self.customer, self.tried = by, customer, tried


def link_between(person: Person, customer: Customer, *, asked_by: Person | int | None = None) -> str:
    """What `person` has to do with `customer`, as a sentence for `person`; "" where there is nothing.

    `asked_by` is whoever asked for what is being decided, or their key.
    """
    if asked_by is not None and person.pk == (asked_by.pk if isinstance(asked_by, Person) else asked_by):
        return "You asked for this yourself."
    if customer.person_id == person.pk:
        return "This is your own account."
    if customer.organisation_id and _membership(person, customer.organisation_id).exists():
        return f"You belong to {customer.name}."
    if Recipient.objects.filter(customer=customer, email=person.email, removed_at__isnull=True).exists():
        return "Invoices of this account are sent to your address."
    own = _accounts(Q(person=person) | Q(organisation__memberships__person=person)).exclude(pk=customer.pk)
    return _shared(customer, own, "your own account")


def link_with_staff(customer: Customer) -> str:
    """What anybody of the staff has to do with `customer`, without saying who; "" where there is nothing."""
    of_staff = Q(grants__revoked_at__isnull=True, grants__isnull=False, is_active=True)
    staff = Person.objects.filter(of_staff).distinct()
    if customer.person_id and staff.filter(pk=customer.person_id).exists():
        return "This is the account of somebody of the staff."
    if customer.organisation_id and staff.filter(memberships__organisation=customer.organisation_id).exists():
        return f"Somebody of the staff belongs to {customer.name}."
    own = _accounts(Q(person__in=staff) | Q(organisation__memberships__person__in=staff)).exclude(pk=customer.pk)
    return _shared(customer, own, "the account of somebody of the staff")


def flag(person: Person, customer: Customer, words: str, now: datetime) -> None:
    """Write down that `person` tried, and open one matter of money for it a day. A transaction of its own.

    Call it before the transaction of the attempt begins, or both go with its rollback.
    """
    with transaction.atomic():
        open_task(
            kind=MoneyTaskKind.LINKED_ACCOUNT,
            key=f"linked:{person.pk}:{customer.pk}:{now:%Y-%m-%d}",
            words=f"{person.shown_name}, {customer.name}: {words}",
            now=now,
        )
        journal.record(by=person, action="billing.linked_account", subject=customer, data={"why": words}, now=now)


def refuse_linked(person: Person, customer: Customer, *, what: str, now: datetime) -> None:
    """Raise LinkedAccount, and flag it, where `person` may not give something to `customer` at the desk (E8).

    `what` is what was tried, as in "a refund". Call it before the transaction begins.
    """
    words = link_between(person, customer) or link_with_staff(customer)
    if words:
        flag(person, customer, f"Tried to give {what}. {words}", now)
        raise LinkedAccount(f"{words} Somebody else has to decide about {what}: ask for it, and it goes to the review.")


def refuse_own(person: Person, customer: Customer, *, what: str, now: datetime) -> None:
    """Raise LinkedAccount, and flag it, where `person` would ask for something for an account of their own."""
    words = link_between(person, customer)
    if words:
        flag(person, customer, f"Tried to ask for {what}. {words}", now)
        raise LinkedAccount(f"{words} Let a colleague ask for {what}.")


def refuse_helping(person: Person, customer: Customer, *, what: str, now: datetime) -> None:
    """Raise LinkedAccount, and flag it, where `person` would do something that is worth money to an account of theirs.

    `what` is what was tried, as in "let a held box go". Call it before the transaction begins.
    """
    words = link_between(person, customer)
    if words:
        flag(person, customer, f"Tried to {what}. {words}", now)
        raise LinkedAccount(f"{words} Let a colleague do this.")


def refuse_deciding(person: Person, customer: Customer, *, number: str, asked_by: int | None, now: datetime) -> None:
    """Raise DecidesOwn, and flag it, where `person` may not decide about the request called `number` (E7, S33)."""
    words = link_between(person, customer, asked_by=asked_by)
    if words:
        tried = f"Tried to decide about {number}. {words}"
        flag(person, customer, tried, now)
        raise DecidesOwn(f"{words} Somebody else decides about {number}.", by=person, customer=customer, tried=tried)


def keep_flag(refusal: DecidesOwn, now: datetime) -> None:
    """Write down what `refuse_deciding` wrote in a transaction that was rolled back since."""
    flag(refusal.by, refusal.customer, refusal.tried, now)


def place_of(address: Mapping[str, str]) -> Place | None:
    """An address in one spelling, or None where it names no door."""
    street = _bare(f"{address.get('line1', '')}{address.get('line2', '')}")
    code = _bare(str(address.get("postal_code", "")))
    return (_bare(str(address.get("country", ""))), code, street) if street and code else None


def _membership(person: Person, organisation_id: int) -> QuerySet[Membership]:
    return Membership.objects.filter(person=person, organisation=organisation_id)


def _accounts(condition: Q) -> QuerySet[Customer]:
    return Customer.objects.filter(condition).distinct()


def _shared(customer: Customer, others: QuerySet[Customer], whose: str) -> str:
    """Whether a card or a place of `customer` is one of `others`' too, as a sentence."""
    keys = list(others.order_by("-pk").values_list("pk", flat=True)[:MOST_ACCOUNTS])
    if not keys:
        return ""
    if _cards([customer.pk]) & _cards(keys):
        return f"This account shares a card with {whose}."
    theirs = _places(keys)
    if any(_same_door(one, other) for one in _places([customer.pk]) for other in theirs):
        return f"This account shares an address with {whose}."
    return ""


def _cards(customers: Iterable[int]) -> set[str]:
    """The fingerprints of every card that was kept or tried."""
    keys = list(customers)
    kept = Card.objects.filter(customer__in=keys).exclude(fingerprint="")
    used = Payment.objects.filter(invoice__customer__in=keys).exclude(fingerprint="")
    return {*kept.values_list("fingerprint", flat=True), *used.values_list("fingerprint", flat=True).distinct()}


def _places(customers: Iterable[int]) -> set[Place]:
    """Where they say they are, and where their last boxes went."""
    keys = list(customers)
    fields = ("line1", "line2", "postal_code", "country")
    said: list[Mapping[str, str]] = list(Customer.objects.filter(pk__in=keys).values(*fields))
    orders = Order.objects.filter(customer__in=keys).exclude(ship_to={})
    sent = orders.order_by("-placed_at", "-pk").values_list("ship_to", flat=True)[: MOST_ORDERS * max(1, len(keys))]
    return {place for place in map(place_of, (*said, *sent)) if place}


def _same_door(one: Place, other: Place) -> bool:
    """The same house; two different flats of it are two doors, a flat that was left out is not."""
    return one[:2] == other[:2] and (one[2].startswith(other[2]) or other[2].startswith(one[2]))


def _bare(text: str) -> str:
    return NOT_A_SIGN.sub("", text).casefold()
