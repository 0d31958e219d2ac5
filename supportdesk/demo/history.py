"""A year of business before the tickets: schools that order every few weeks, and pay soon, late or not yet.

It is lived through by the World like everything else, so receipts, reminders and late payments stand at their time. A
card that was refused belongs to whoever writes about it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from accounts.models import Person
from billing.actions import papers, pay, shipments
from billing.choices import PaymentMethod, Period
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.models import Customer, Order, Product
from supportdesk.demo.customers import Customer as Buying
from supportdesk.demo.store import address_of_school, buy
from tickets.models import Ticket

WEEKS_BACK, STOPS_BEFORE = 56, 6
GOOD = "4242424242424242"
REFUSED = ("4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127")
WRITES_OF = "declined"
DAY = timedelta(days=1)
MOST_PAPERS = 1_000
Basket = dict[tuple[Product, Period, int | None], int]
# (months between orders, days until they pay; 0: by card at once, None: one of three is not paid yet)
HABITS: tuple[tuple[float, int | None], ...] = ((1, 21), (3, 0), (2.4, 64), (4, 12), (3, None))
NEEDS = (
    {"Starter robot kit": 2}, {"Motor controller": 3}, {"Training hour": 2}, {"Six hours of help": 1},
    {"Starter robot kit": 4, "Motor controller": 1}, {"Starter robot kit": 1, "Training hour": 1},
)  # fmt: skip


def begins(now: datetime) -> datetime:
    """When the store opens: before its first sale."""
    return now - timedelta(weeks=WEEKS_BACK, days=1)


def years_of(
    schools: Sequence[Buying], wares: dict[str, Product], *, admin: Person, now: datetime
) -> Iterator[Iterator[datetime]]:
    """A story for each school that buys regularly; tell all of them to the World."""
    for place, (school, habit) in enumerate(zip(schools, HABITS, strict=False)):
        yield _year(school, habit, wares, Random(40 + place), admin, now)  # noqa: S311 - the same year every time


def _year(
    school: Buying, habit: tuple[float, int | None], wares: dict[str, Product], random: Random, admin: Person,
    now: datetime,
) -> Iterator[datetime]:  # fmt: skip
    months, pays_after = habit
    at = now - timedelta(weeks=WEEKS_BACK) + DAY * random.randint(0, 20)
    while at < now - timedelta(weeks=STOPS_BEFORE):
        yield at
        number = f"PO-{at:%y}{random.randint(100, 999)}"
        order = _order(school, random.choice(NEEDS), wares, number, by_card=pays_after == 0, at=at)
        if pays_after == 0 and keys.is_sandbox():
            _pay_by_card(order, school.person, GOOD, at + timedelta(minutes=4))
        else:
            days = pays_after or 30
            later = at + DAY * (days + random.randint(-3, 6))
            if pays_after is not None or random.random() < 0.66:
                yield later
                _pay_by_transfer(order, admin, later)
        _send(order, admin, at + DAY)
        at += DAY * round(months * 30 + random.randint(-6, 6))


def _order(
    school: Buying, needs: dict[str, int], wares: dict[str, Product], number: str, *, by_card: bool, at: datetime
) -> Order:
    method = PaymentMethod.CARD if by_card else PaymentMethod.TRANSFER
    wanted: Basket = {(wares[name], Period.ONCE, None): count for name, count in needs.items()}
    return buy(
        by=school.person, wanted=wanted, ship_to=address_of_school(school), method=method, now=at, po_number=number
    )


def _pay_by_transfer(order: Order, admin: Person, at: datetime) -> None:
    order.invoice.refresh_from_db()
    if order.invoice.due:
        reference = f"{order.invoice.number} {order.po_number}"
        pay.record_transfer(invoice=order.invoice, amount=order.invoice.due, reference=reference, by=admin, now=at)


def _pay_by_card(order: Order, by: Person, number: str, at: datetime) -> None:
    typed = gateway.make_sandbox_card(number=number, exp_month=8, exp_year=at.year + 2, cvc="123", postal_code="")
    pay.start(invoice=order.invoice, card_token=typed.id, key=f"demo-{order.pk}", by=by, now=at)


def _send(order: Order, admin: Person, at: datetime) -> None:
    """What ships of a paid order left and arrived long ago; an unpaid one waits."""
    box = order.shipments.first()
    if box is None:
        return
    shipments.pack(shipment=box, by=admin, now=at)
    if not box.holds.filter(released_at__isnull=True).exists():
        box = shipments.ship(shipment=box, carrier="purolator", number=f"PNC{order.pk:08}", by=admin, now=at)
        shipments.deliver(shipment=box, by=admin, now=at + 3 * DAY)


def refuse_the_cards_they_write_about(
    schools: Sequence[Buying], wares: dict[str, Product], *, now: datetime
) -> list[Customer]:
    """Whoever wrote lately that a card is declined has one that was, minutes before; each for another reason."""
    if not keys.is_sandbox():
        return []
    by_person = {school.person.pk: school for school in schools}
    since = now - timedelta(days=20)
    tickets = Ticket.objects.filter(subject__icontains=WRITES_OF, created_at__gt=since, requester__in=by_person)
    refused = []
    for ticket, number in zip(tickets.order_by("created_at")[: len(REFUSED)], REFUSED, strict=False):
        school, at = by_person[ticket.requester_id], ticket.created_at - timedelta(minutes=25)
        order = _order(school, {"Starter robot kit": 1}, wares, "", by_card=True, at=at)
        _pay_by_card(order, school.person, number, at + timedelta(minutes=5))
        refused.append(order.customer)
    return refused


def make_pdfs(*, now: datetime) -> None:
    """The PDF of every document: no worker was woken while the year went by."""
    for kind, pk in papers.without_pdf(now=now + papers.PATIENCE, limit=MOST_PAPERS):
        papers.make_document(kind=kind, pk=pk, now=now)
