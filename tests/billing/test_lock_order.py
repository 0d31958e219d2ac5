"""F28: whoever moves money and whoever decides about its customer lock in one order, so that nobody waits in a circle.

Somebody decides while this connection holds an invoice and is in the middle of moving its money. Before, the decision
held the customer and waited for the invoice, and the money held the invoice and waited for the customer: PostgreSQL
ended one of the two, and somebody saw an error page.
"""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from accounts import journal
from billing.actions import pay, send_back
from billing.choices import HoldReason, InvoiceState, PaymentMethod, Period
from billing.models import CreditRequest, Invoice, Order, Price, ShipmentHold, Subscription
from tests import nursery
from tests.billing.credit import buyer, holds, order
from tests.billing.plans import at, make_subscription
from tests.billing.shop_verbs import act
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import NOON, make_plan, make_seller
from tests.selfservice.reviews import make_certificate

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def seller(transactional_db):
    return make_seller()


def in_a_thread(*call, now: datetime = NOON) -> Callable[[], str]:
    """Let somebody begin to do this on a connection of their own, until they wait for us; answers how to hear more."""
    heard: list[str] = []

    def run() -> None:
        try:
            heard.append(act(*call, now=now))
        except Exception as error:
            heard.append(repr(error))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    until_it_waits(lambda: not heard)

    def hear() -> str:
        thread.join()
        return heard[0]

    return hear


def in_a_process(*call, now: datetime = NOON) -> Callable[[], str]:
    """The same in a process of its own."""
    database = connection.settings_dict["NAME"]
    process = nursery.start(database, "tests.billing.shop_process", *call, NOW=now.isoformat())
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n", process.communicate()
    until_it_waits(lambda: process.poll() is None)

    def hear() -> str:
        out, errors = process.communicate(timeout=60)
        return out.strip() or errors

    return hear


def until_it_waits(lives: Callable[[], bool]) -> None:
    """Until another connection waits for a lock; looked at on a third one, since ours is in a transaction."""
    looker = connections.create_connection("default")
    try:
        with looker.cursor() as cursor:
            while lives():
                cursor.execute(WAITING)
                if cursor.fetchone()[0]:
                    return
    finally:
        looker.close()
    raise AssertionError("It did not wait for us.")


def move_money(invoice: Invoice, by, *, back: bool = False) -> None:
    """Its transfer arrives; or all that giving its money back touches is taken hold of."""
    if back:
        send_back.lock(invoice.pk)
    else:
        pay.record_transfer(invoice=invoice, amount=invoice.due, reference="T1", by=by, now=NOON)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("verb", "outcome"), [("raise_limit", "raised"), ("keep", "kept"), ("reject", "rejected"), ("settle", "settled")]
)
def test_F28_a_decision_about_credit_waits_for_the_money_of_what_is_held(verb, outcome, back):
    person, reviewer, agent = make_person(), make_staff("reviewer"), make_staff("agent")
    customer = buyer(person, limit=10_000)
    held, other = order(person, 20_000), order(person, 30_000)
    asked = CreditRequest.objects.get()
    begin = in_a_process if back and verb == "reject" else in_a_thread
    call = ("settle_credit", customer.pk) if verb == "settle" else ("decide_credit", verb, asked.pk, reviewer.pk)

    with transaction.atomic():
        Invoice.objects.select_for_update().get(pk=held.invoice.pk)
        hear = begin(*call)
        move_money(held.invoice, agent, back=back)
    assert hear() == outcome

    held.invoice.refresh_from_db()
    cancelled = {one.pk for one in (held, other) if Order.objects.get(pk=one.pk).state == "cancelled"}
    gone = set() if verb != "reject" else {held.pk, other.pk} if back else {other.pk}
    assert cancelled == gone, "what was paid first stands"
    assert (held.invoice.state == InvoiceState.PAID) == (not back)


def test_F28_a_change_of_a_plan_on_account_waits_for_its_payment():
    person, agent = make_person(), make_staff("agent")
    customer = buyer(person, "approved", limit=100_000)
    plan = make_subscription(on=date(2026, 9, 30), customer=customer, method=PaymentMethod.ON_ACCOUNT)
    held = order(person, 5_000)
    plan.period_invoice = held.invoice
    plan.save()
    year = Price.objects.get(product=plan.product, period=Period.YEARLY)

    with transaction.atomic():
        Invoice.objects.select_for_update().get(pk=held.invoice.pk)
        hear = in_a_thread("change_plan", plan.pk, year.pk, person.pk, now=at(date(2026, 10, 5)))
        move_money(held.invoice, agent)
    assert hear() == "active"

    plan.refresh_from_db()
    assert plan.period == Period.YEARLY


def test_F28_a_certificate_waits_for_the_money_of_what_it_frees():
    person, reviewer, agent = make_person(), make_staff("reviewer"), make_staff("agent")
    customer = buyer(person, limit=100_000)
    held = order(person, 5_000)
    waits_since = NOON - timedelta(hours=1)
    ShipmentHold.objects.create(shipment=held.shipments.get(), reason=HoldReason.TAX, placed_at=waits_since)
    proof = make_certificate(customer)

    with transaction.atomic():
        move_money(held.invoice, agent, back=True)
        hear = in_a_thread("approve_certificate", proof.pk, reviewer.pk)
        move_money(held.invoice, agent)
    assert hear() == "approved"

    assert holds(held) == []


def test_F28_r87_an_account_with_two_plans_is_cancelled_kept_and_closed_beside_the_renewal_of_the_second():
    """The journal is not held for the first plan while the second is wanted."""
    person = make_person()
    customer = buyer(person, limit=100_000)
    second = [
        make_subscription(
            on=date(2026, 9, 30), customer=customer, price=make_plan(name=name).prices.get(period=Period.MONTHLY)
        )
        for name in ("One", "Two")
    ][1]
    for verb, outcome in (("cancel", "approved"), ("undo", "undone"), ("cancel", "approved"), ("close", "executed")):
        with transaction.atomic():
            Subscription.objects.select_for_update().get(pk=second.pk)
            hear = in_a_thread("close_account", verb, person.pk, now=at(date(2026, 10, 5)))
            journal.record(by=None, action="billing.renew", subject=second, now=NOON)
        assert hear() == outcome, verb
    assert not Subscription.objects.exclude(state="ended").exists()
