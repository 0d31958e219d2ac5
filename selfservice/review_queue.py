"""What waits for a reviewer, in the order in which it is decided: credit, tax, refunds, each oldest first (R33).

Nobody finds here what they may not decide: their own requests, those of accounts that are linked to them, what a
colleague has before them, and what they decided themselves. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from accounts.models import Person
from billing.access import accounts_of
from billing.linked import link_between
from billing.models import Customer, Recipient
from selfservice.choices import DecisionState, Kind
from selfservice.models import Decision, ReviewClaim, ReviewSession, ReviewSkip
from selfservice.review_kinds import SORTS, Sort, number_of

SHOWN = 5  # the one before the reviewer, and four more
MOST_COUNTED = 1_000
MOST_LOOKED_THROUGH = 50  # for whoever buys here too: each may share a card or an address with them
CREDIT_FIRST = {kind: place for place, kind in enumerate(SORTS)}


@dataclass(frozen=True)
class Item:
    """One request that waits. `amount` is None where the kind has none."""

    kind: Kind
    pk: int
    number: str
    customer: Customer
    asked_by: int | None
    amount: int | None
    currency: str
    place: str = ""
    skipped_at: datetime | None = None

    @property
    def person_like(self) -> "Initials":
        """Their initials, on a hue that stays with the customer."""
        return Initials(self.customer.pk, self.customer.name)


@dataclass(frozen=True)
class Initials:
    """What an avatar is made from."""

    pk: int
    shown_name: str


@dataclass(frozen=True)
class Waiting:
    """What waits for one person: the first few, and how many of each kind there are, counted up to MOST_COUNTED."""

    items: Sequence[Item]
    counts: dict[Kind, int]

    @property
    def left(self) -> int:
        """How many there are in all."""
        return sum(self.counts.values())


def waiting_for(person: Person, now: datetime, session: ReviewSession | None = None) -> Waiting:
    """What `person` could decide at `now`. What they put behind the others in `session` comes last."""
    is_customer = has_accounts(person)
    most = MOST_LOOKED_THROUGH if is_customer else SHOWN
    found: list[Item] = []
    counts: dict[Kind, int] = {}
    for sort in SORTS.values():
        rows = _for(person, sort, now, session)
        seen = [_item(sort, row) for row in rows[:most]]
        mine = [item for item in seen if not (is_customer and is_linked(person, item))]
        found += mine
        in_all = len(seen) if len(seen) < most else rows.order_by()[:MOST_COUNTED].count()
        counts[sort.kind] = in_all - len(seen) + len(mine)
    found.sort(key=_place)
    return Waiting(found[:SHOWN], counts)


def item_for(person: Person, kind: str, pk: int) -> Item | None:
    """One request that `person` could decide, or agree to as the second; None for anything else."""
    sort = SORTS.get(Kind(kind)) if kind in Kind.values else None
    row = _undecided(sort, person).filter(pk=pk).first() if sort and 0 < pk < 2**63 else None
    if sort is None or row is None:
        return None
    item = _item(sort, row)
    return None if is_linked(person, item) else item


def is_linked(person: Person, item: Item) -> bool:
    """Whether `person` has anything of their own in it (S33)."""
    return bool(link_between(person, item.customer, asked_by=item.asked_by))


def has_accounts(person: Person) -> bool:
    """Whether `person` buys here too: only then can a card or an address be shared."""
    return accounts_of(person).exists()


def count_open() -> int:
    """How many requests are open at all, for the way into the review; counted up to MOST_COUNTED. One query."""
    first, *others = (_undecided(sort).order_by().values("pk") for sort in SORTS.values())
    return first.union(*others, all=True)[:MOST_COUNTED].count()


def count_older(than: datetime) -> int:
    """How many of them were asked before a moment."""
    return sum(
        _undecided(sort).order_by().filter(**{f"{sort.opened}__lt": than})[:MOST_COUNTED].count()
        for sort in SORTS.values()
    )


def _undecided(sort: Sort, person: Person | None = None) -> QuerySet[Any]:
    decisions = Decision.objects.filter(kind=sort.kind, subject=OuterRef("pk"))
    rows = sort.open().filter(~Exists(decisions.filter(state=DecisionState.WAITING)))
    return rows.filter(~Exists(decisions.filter(state=DecisionState.SECOND, by=person))) if person else rows


def _for(person: Person, sort: Sort, now: datetime, session: ReviewSession | None) -> QuerySet[Any]:
    taken = ReviewClaim.objects.filter(kind=sort.kind, subject=OuterRef("pk"), until__gt=now).exclude(person=person)
    skips = ReviewSkip.objects.filter(session=session, kind=sort.kind, subject=OuterRef("pk"))
    rows = _undecided(sort, person).filter(~Exists(taken)).exclude(by=person)
    for linked in (accounts_of(person), _told(person)):
        rows = rows.exclude(**{f"{sort.customer}__in": linked})
    rows = rows.annotate(skipped_at=Subquery(skips.values("at")[:1]))
    return rows.order_by(F("skipped_at").asc(nulls_first=True), sort.opened, "pk")


def _told(person: Person) -> QuerySet[Any]:
    return Recipient.objects.filter(email=person.email, removed_at__isnull=True).values("customer")


def _item(sort: Sort, row: Any) -> Item:
    customer = sort.customer_of(row)
    return Item(
        kind=sort.kind,
        pk=row.pk,
        number=number_of(row),
        customer=customer,
        asked_by=row.by_id,
        amount=getattr(row, sort.amount) if sort.amount else None,
        currency=getattr(row, "currency", customer.currency),
        place=getattr(row, "region", "") or getattr(row, "country", ""),
        skipped_at=getattr(row, "skipped_at", None),
    )


def _place(item: Item) -> tuple[bool, datetime | int]:
    """What was not put behind the others comes first, by kind; then the rest, in the order in which it was."""
    return (True, item.skipped_at) if item.skipped_at else (False, CREDIT_FIRST[item.kind])
