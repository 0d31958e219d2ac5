"""What the tests of flows share: an order that is paid, people in their work roles, and a clock."""

from datetime import UTC, datetime

import pytest

from accounts.choices import Role
from accounts.models import Person, WorkRole, WorkRoleMember
from billing.actions import cart as carts
from billing.actions import checkout, pay
from billing.baskets import basket_of
from billing.choices import PaymentMethod
from billing.models import Order
from billing.pricing import priced
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import OHIO, make_goods, make_seller
from tests.factories.tickets import make_mailbox
from tickets.actions.flows.shipped import ROLES
from tickets.models import Case, CaseTask
from timers.actions.sweep import sweep


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """March 2026; the 4th is a Wednesday, the 6th a Friday. The desk opens from 9 to 17, Monday to Friday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def work(now: datetime) -> None:
    """Let the timers do all that is due, and what follows from it at once."""
    for _ in range(30):
        if not sweep(now=now).done:
            return
    raise AssertionError("It never ends.")


@pytest.fixture
def staffed(db) -> dict[str, Person]:
    """A mailbox, and an agent in each work role of the shipped flows, by the role's key."""
    return staff_roles()


def staff_roles() -> dict[str, Person]:
    make_mailbox(trusted_authserv_ids=["mx.desk.example"])
    people = {}
    for key in ROLES:
        people[key] = make_staff(Role.AGENT, name=f"{key.title()} Person", email=f"{key}@desk.example")
        WorkRoleMember.objects.create(role=WorkRole.objects.get(key=key), person=people[key])
    return people


def order_of(person: Person, *, amount: int = 11_900, now: datetime) -> Order:
    """An order by `person`, not paid yet."""
    price = make_goods(amount, kind="hours", name="Six hours of help")
    visitor = carts.Visitor(person, "")
    carts.put_in(visitor=visitor, price_id=price.pk, quantity=1, now=now)
    customer = getattr(person, "customer", None)
    quote = priced(basket_of(person=person, key=""), customer=customer, ship_to=OHIO, now=now)
    return checkout.check_out(
        visitor=visitor, by=person, organisation=None, key=carts.Visitor.new_key(), version=quote.version, now=now,
        wish=checkout.Wish(method=PaymentMethod.TRANSFER, ship_to=OHIO),
    )  # fmt: skip


def pay_for(order: Order, *, by: Person, now: datetime) -> Order:
    """All of it came by bank transfer."""
    pay.record_transfer(invoice=order.invoice, amount=order.total, reference=order.number, by=by, now=now)
    return order


@pytest.fixture
def buyer(db) -> Person:
    """Who orders."""
    make_seller()
    return make_person(name="Dana Whitfield", email="dana@school.example")


@pytest.fixture
def onboarded(staffed, buyer, admin) -> Case:
    """A case of onboarding: paid on Wednesday at ten, and a minute later."""
    pay_for(order_of(buyer, now=at(4, 9, 50)), by=admin, now=at(4, 10))
    work(at(4, 10, 1))
    return Case.objects.get()


def again(case: Case) -> Case:
    return Case.objects.select_related("stage", "role", "ticket__status", "flow", "version").get(pk=case.pk)


def mails(to: str = "dana@school.example", **wanted) -> list[str]:
    """Subjects of the case's mails to the customer, in order."""
    rows = OutgoingMail.objects.filter(to_address=to, source_key__startswith="message:", **wanted)
    return list(rows.order_by("pk").values_list("subject", flat=True))


def left(now: datetime) -> None:
    """Every mail that waits was sent."""
    OutgoingMail.objects.filter(state="queued").update(state="sent", sent_at=now)


def tasks(case: Case) -> list[tuple[str, str, datetime | None]]:
    """What is to be done: words, role, due."""
    rows = CaseTask.objects.filter(case=case, done_at=None, dropped_at=None).order_by("pk")
    return [(one.words, one.role.key if one.role else "", one.due_at) for one in rows.select_related("role")]
