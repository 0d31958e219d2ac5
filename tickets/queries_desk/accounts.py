"""Whose account is meant by what a caller says: a name, an address, a number of any kind, four digits of a card (E10).

Each way is one bounded query that an index answers. What was named exactly comes first; staff are nobody's customer.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q

from accounts.addresses import NotAnAddress, normalise
from accounts.choices import HandleSort
from accounts.models import Grant, Handle, Membership, Organisation, Person
from accounts.phones import TAIL
from billing import queries_find
from billing.models import Customer, Order

SHOWN = 20
LONGEST = 120
LOOKED_AT = 300  # of what holds the words, so many are ranked
MEMBERS = 5  # of a company that was meant
SHORTEST_NAME = 2  # of how a name begins, which the index knows; parts of names need three letters
SHORTEST_NUMBER = 6
LONGEST_NUMBER = 17  # of E.164, with 00 before it
PHONE = re.compile(r"\+?[0-9(][0-9 ().\-/\u00a0\u2009\u2011]{4,38}")
EXACT, BOUGHT, NAME, BEGINS, HOLDS, ALIKE = range(6)

_ALIKE = """
SELECT id FROM accounts_person WHERE upper(name) %% upper(%s)
ORDER BY similarity(upper(name), upper(%s)) DESC, id LIMIT %s
"""


@dataclass(frozen=True)
class Account:
    """A person, how near they are to what was said, and by what they were found."""

    person: Person
    rank: int
    why: str

    @property
    def organisations(self) -> list[str]:
        """The names of their companies; no query, see `find_accounts`."""
        return [one.organisation.name for one in self.person.known_memberships]  # type: ignore[attr-defined]  # prefetched to it


class _Meant:
    """Keys of people with the best reason for each, in the order in which they came."""

    def __init__(self) -> None:
        self.by_key: dict[int, tuple[int, str]] = {}

    def add(self, keys: Iterable[int], rank: int, why: str) -> None:
        for key in keys:
            if key not in self.by_key or rank < self.by_key[key][0]:
                self.by_key[key] = (rank, why)

    def best(self) -> list[tuple[int, tuple[int, str]]]:
        return sorted(self.by_key.items(), key=lambda entry: entry[1][0])  # stable: as they came


def said(text: str) -> str:
    """What was typed, on one line, without what cannot be seen."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[: LONGEST * 4])
    return " ".join(plain.split())[:LONGEST]


def find_accounts(text: str, *, now: datetime) -> list[Account]:
    """At most SHOWN accounts, the right one first. About twenty queries, each bounded; none for nothing said."""
    words, meant = said(text), _Meant()
    if not words:
        return []
    if "@" in words:
        _by_address(words, meant)
    else:
        if PHONE.fullmatch(words):
            _by_phone(words, meant)
        if any(sign.isdigit() for sign in words):
            _by_numbers(words, meant, now)
        if any(sign.isalpha() for sign in words):
            _by_name(words, meant)
            _by_company(words, meant)
    if not meant.by_key and len(words) >= queries_find.SHORTEST_PREFIX:
        meant.add(_alike(words), ALIKE, "A name like it")
    return _shown(meant)


def _by_address(words: str, meant: _Meant) -> None:
    with suppress(NotAnAddress):
        meant.add(_keys(Person.objects.filter(email=normalise(words))), EXACT, "This address")
    part = words.strip("@ ")
    if len(part) >= queries_find.SHORTEST_PREFIX:
        rows = Person.objects.filter(email__icontains=words.strip())
        meant.add(_keys(rows)[:LOOKED_AT], HOLDS, "Part of the address")


def _by_phone(words: str, meant: _Meant) -> None:
    """However it was written: the last eight digits tell telephones apart, fewer digits are looked up with any before.

    The whole number comes before one that only ends alike.
    """
    digits = re.sub(r"[^0-9]", "", words)
    if not SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER:
        return
    tail, missing = digits[-TAIL:], max(0, TAIL - len(digits))
    tails = [f"{before:0{missing}}{tail}" for before in range(10**missing)] if missing else [tail]
    sorts = (HandleSort.PHONE, HandleSort.TOLD)
    rows = Handle.objects.filter(sort__in=sorts, tail__in=[*tails, tail]).order_by("sort", "pk")[:SHOWN]
    found = list(rows.values_list("person_id", "value"))
    bare = digits.removeprefix("00")
    whole = [person for person, value in found if value.lstrip("+") == bare]
    meant.add(whole or [person for person, _ in found], EXACT, "This telephone")
    meant.add([person for person, _ in found], BOUGHT, "This telephone")


def _by_numbers(words: str, meant: _Meant, now: datetime) -> None:
    """Invoices, orders, parcels, cards: whose they are, whoever placed the order before colleagues."""
    finds = queries_find.find(words, now=now)
    placed = _placed_by([one.order_id for one in finds.invoices if one.order_id])
    for invoice in finds.invoices:
        rank = EXACT if finds.is_named(invoice) else BOUGHT
        _of_customer(invoice.customer, meant, rank, f"Invoice {invoice.number}", placed.get(invoice.order_id or 0))
    for order in finds.orders:
        rank = EXACT if finds.is_named(order) else BOUGHT
        _of_customer(order.customer, meant, rank, f"Order {order.number}", order.placed_by_id)
    for box in finds.shipments:
        rank = EXACT if finds.is_named(box) else BOUGHT
        _of_customer(box.order.customer, meant, rank, f"Parcel {box.tracking_number}", box.order.placed_by_id)
    for card in finds.cards:
        _of_customer(card.customer, meant, BOUGHT, f"Card ending {card.last4}")
    for payment in finds.payments:
        _of_customer(payment.invoice.customer, meant, BOUGHT, f"Paid with a card ending {payment.last4}")


def _by_name(words: str, meant: _Meant) -> None:
    """The very name, then names that begin so, then every word somewhere in name or address."""
    meant.add(_keys(Person.objects.filter(name__iexact=words))[:SHOWN], NAME, "This name")
    parts = words.split()[:6]
    if len(words) >= SHORTEST_NAME:
        begun = Person.objects.filter(name__istartswith=words).values_list("pk", "name")[:LOOKED_AT]
        nearest = sorted(begun, key=lambda row: (len(row[1]), row[0]))
        meant.add([key for key, _ in nearest[:SHOWN]], BEGINS, "Begins with it")
    rows = Person.objects.all()
    for part in parts:
        rows = rows.filter(Q(name__icontains=part) | Q(email__icontains=part))
    if max(map(len, parts)) >= queries_find.SHORTEST_PREFIX:
        held = rows.values_list("pk", "name", "email")[:LOOKED_AT]
        nearest_held = sorted(held, key=lambda row: (len(row[1]) + len(row[2]), row[0]))
        meant.add([key for key, _, _ in nearest_held[:SHOWN]], HOLDS, "Part of the name or address")


def _by_company(words: str, meant: _Meant) -> None:
    if len(words) < queries_find.SHORTEST_PREFIX:
        return
    found = list(Organisation.objects.filter(name__icontains=words).values_list("pk", "name")[:LOOKED_AT])
    nearest = sorted(found, key=lambda row: (row[1].casefold() != words.casefold(), len(row[1]), row[0]))[:MEMBERS]
    for key, name in nearest:
        rank = NAME if name.casefold() == words.casefold() else HOLDS
        meant.add(_members(key), rank, f"Of {name}")
    for customer in Customer.objects.filter(name__icontains=words).order_by("pk")[:MEMBERS]:
        _of_customer(customer, meant, HOLDS, f"Buys as {customer.name}")


def _of_customer(customer: Customer, meant: _Meant, rank: int, why: str, first: int | None = None) -> None:
    """The people of a customer. Who placed the order is meant; colleagues come after everybody who was named."""
    if customer.person_id:
        meant.add([customer.person_id], rank, why)
        return
    members = _members(customer.organisation_id or 0)
    if first is not None and first in members:
        meant.add([first], rank, why)
        rank = max(rank, BOUGHT)
    meant.add(members, rank, why)


def _members(organisation_id: int) -> list[int]:
    rows = Membership.objects.filter(organisation=organisation_id).order_by("pk")
    return list(rows.values_list("person_id", flat=True)[:MEMBERS])


def _placed_by(orders: Sequence[int]) -> dict[int, int]:
    known = Order.objects.filter(pk__in=orders, placed_by__isnull=False) if orders else Order.objects.none()
    return dict(known.values_list("pk", "placed_by_id"))


def _keys(rows) -> Sequence[int]:
    return rows.order_by().values_list("pk", flat=True)


def _alike(words: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, [words, words, SHOWN])
        return [row[0] for row in cursor.fetchall()]


def _shown(meant: _Meant) -> list[Account]:
    """The best of them, each with their companies, in two queries."""
    best = meant.best()[: SHOWN * 3]
    if not best:
        return []
    memberships = Membership.objects.select_related("organisation").order_by("pk")
    staff = Grant.objects.filter(person=OuterRef("pk"), revoked_at__isnull=True)
    rows = (
        Person.objects.filter(~Exists(staff), pk__in=[key for key, _ in best])
        .prefetch_related(Prefetch("memberships", memberships, to_attr="known_memberships"))
        .in_bulk()
    )
    return [Account(rows[key], rank, why) for key, (rank, why) in best if key in rows][:SHOWN]
