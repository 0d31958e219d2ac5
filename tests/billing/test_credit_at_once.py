"""Credit twice, at once, and killed in the middle: one limit, one request, one answer (S32, S33, F3)."""

import pytest

from accounts.models import JournalEntry
from billing import credit
from billing.actions import cart as carts
from billing.models import Cart, CreditRequest, Customer, Invoice, Order, ShipmentHold
from mail.models import OutgoingMail
from tests.billing.applications import FORM_KEY, ask
from tests.billing.credit import buyer, holds, order
from tests.billing.shop_verbs import act
from tests.billing.test_shop_at_once import KEY, at_once, killed_at
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import NOON, make_customer, make_goods, make_seller
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def seller(transactional_db):
    return make_seller()


def letters() -> int:
    """Mails about credit requests."""
    return OutgoingMail.objects.filter(source_key__startswith="credit_request:").count()


def filled_carts(person, count: int, amount: int) -> list[Cart]:
    """So many carts of one customer, each with one box of that price."""
    kit = make_goods(amount)
    for _ in range(count):
        carts.put_in(visitor=carts.Visitor(person, ""), price_id=kit.pk, quantity=1, now=NOON)
        Cart.objects.filter(person=person).update(person=None)
    return list(Cart.objects.order_by("pk"))


def test_S32_twenty_checkouts_at_once_never_let_more_leave_than_the_limit():
    person = make_person()
    customer = buyer(person, limit=100_000)
    mine = filled_carts(person, 20, 9_000)

    said = at_once(*[("order_cart", cart.pk, person.pk, f"{KEY}-{cart.pk}") for cart in mine])

    assert len([one for one in said if one.startswith("SO-")]) == 20, "every order completes"
    free = [one for one in Order.objects.all() if not holds(one)]
    assert (len(free), sum(one.total for one in free)) == (11, 99_000)
    asked = CreditRequest.objects.get()
    assert (asked.state, credit.exposure(customer), letters()) == ("open", 180_000, 9)
    assert asked.order == min((one for one in Order.objects.all() if holds(one)), key=lambda one: one.pk)


def test_S32_checkouts_beside_a_raise_end_as_if_one_had_come_after_the_other():
    person, reviewer = make_person(), make_staff("reviewer")
    customer = buyer(person, limit=10_000)
    order(person, 20_000)
    asked = CreditRequest.objects.get()
    CreditRequest.objects.update(asked_for=60_000)
    mine = filled_carts(person, 4, 15_000)

    said = at_once(
        *[("order_cart", cart.pk, person.pk, f"{KEY}-{cart.pk}") for cart in mine],
        ("decide_credit", "raise_limit", asked.pk, reviewer.pk),
    )

    assert "raised" in said
    customer.refresh_from_db()
    free = sum(one.total for one in Order.objects.all() if not holds(one))
    assert customer.credit_limit == 60_000 and free == 50_000, "20,000 and two of 15,000: all that fits"
    waiting = [one.order for one in credit.held_orders(customer)]
    assert len(waiting) == 2 and JournalEntry.objects.filter(action="billing.credit_raised").count() == 1


@pytest.mark.parametrize("verbs", [("raise_limit", "reject"), ("keep", "close"), ("reject",) * 3, ("raise_limit",) * 3])
def test_S33_answers_at_once_are_one_answer(verbs):
    person, reviewer = make_person(), make_staff("reviewer")
    buyer(person, limit=10_000)
    held = order(person, 20_000)
    asked = CreditRequest.objects.get()
    before = letters()

    said = at_once(*[("decide_credit", verb, asked.pk, reviewer.pk) for verb in verbs])

    asked.refresh_from_db()
    held.refresh_from_db()
    assert [one for one in said if one != "CannotDecide"] == [asked.state] and letters() - before == 1
    is_cancelled = asked.state == "rejected"
    assert (held.state == "cancelled", held.invoice.state == "void") == (is_cancelled, is_cancelled)
    assert bool(holds(held)) == (asked.state in ("kept", "closed"))
    assert JournalEntry.objects.filter(action__startswith="billing.credit_").count() == 1


def test_a_payment_and_a_rejection_at_once_are_paid_or_cancelled_and_never_both():
    for _ in range(3):
        person, reviewer, agent = make_person(), make_staff("reviewer"), make_staff("agent")
        customer = buyer(person, limit=10_000)
        held = order(person, 20_000)
        asked = CreditRequest.objects.get(customer=customer)

        at_once(("decide_credit", "reject", asked.pk, reviewer.pk), ("pay_invoice", held.invoice.pk, agent.pk))

        held.refresh_from_db()
        asked.refresh_from_db()
        invoice = Invoice.objects.get(order=held)
        assert (held.state, invoice.state) in (("cancelled", "void"), ("placed", "paid"))
        assert holds(held) == [] and asked.state == "rejected"
    sweep(now=NOON)
    assert credit.exposure(customer) == 0


def test_one_form_sent_five_times_at_once_is_one_request_and_one_limit():
    customer = make_customer(person=make_person())

    said = at_once(*[("ask_credit", customer.pk, FORM_KEY)] * 3, *[("ask_credit", customer.pk, "form:other")] * 2)

    asked = CreditRequest.objects.get()
    assert said.count(asked.number) in (2, 3) and set(said) == {asked.number, "CannotApply"}
    assert Customer.objects.get().credit_limit == 50_000 and letters() == 1


@pytest.mark.parametrize("place", ["asked", "before_commit"])
def test_F3_a_form_killed_in_the_middle_gives_nothing_and_sent_again_gives_it_once(place):
    customer = make_customer(person=make_person())
    killed_at(f"billing.credit.{place}", "ask_credit", customer.pk, FORM_KEY)
    assert (CreditRequest.objects.count(), Customer.objects.get().credit_state, letters()) == (0, "none", 0)

    said = {act("ask_credit", customer.pk, FORM_KEY, now=NOON) for _ in range(2)}

    assert said == {CreditRequest.objects.get().number}
    assert (Customer.objects.get().credit_limit, letters()) == (50_000, 1)


@pytest.mark.parametrize(
    ("verb", "place"),
    [("raise_limit", "released"), ("raise_limit", "decided"), ("reject", "taken_back"), ("keep", "decided")],
)
def test_F3_an_answer_killed_in_the_middle_was_never_given_and_given_again_has_its_effects_once(verb, place):
    person, reviewer = make_person(), make_staff("reviewer")
    customer = buyer(person, limit=10_000)
    held = order(person, 20_000)
    asked, before = CreditRequest.objects.get(), letters()
    killed_at(f"billing.credit.{place}", "decide_credit", verb, asked.pk, reviewer.pk)
    asked.refresh_from_db()
    customer.refresh_from_db()
    assert (asked.state, holds(held), customer.credit_limit, letters()) == ("open", ["credit"], 10_000, before)

    said = [act("decide_credit", verb, asked.pk, reviewer.pk, now=NOON) for _ in range(2)]

    assert said[1] == "CannotDecide" and letters() == before + 1
    assert Invoice.objects.get().state == ("void" if verb == "reject" else "open")
    assert ShipmentHold.objects.filter(released_at__isnull=False).count() == (0 if verb == "keep" else 1)


def test_F3_an_order_past_the_limit_killed_in_the_middle_leaves_no_request():
    person = make_person()
    buyer(person, limit=10_000)
    carts.put_in(visitor=carts.Visitor(person, ""), price_id=make_goods(20_000).pk, quantity=1, now=NOON)
    killed_at("billing.checkout.issued", "buy", person.pk, "on_account", KEY)
    assert (Order.objects.count(), CreditRequest.objects.count(), letters()) == (0, 0, 0)

    for _ in range(2):
        assert act("buy", person.pk, "on_account", KEY, now=NOON) == Order.objects.get().number

    assert (CreditRequest.objects.count(), letters()) == (1, 1)


def test_an_application_beside_an_order_past_the_limit_leaves_one_open_request():
    person = make_person()
    customer = buyer(person, limit=10_000)
    [cart] = filled_carts(person, 1, 20_000)

    at_once(("order_cart", cart.pk, person.pk, KEY), ("ask_credit", customer.pk, FORM_KEY))

    asked = CreditRequest.objects.get(state="open")
    assert asked.origin == "form" and CreditRequest.objects.filter(state="withdrawn").count() in (0, 1)
    assert ask(customer) == asked
