"""What visitors and staff do, for threads and processes of a test: each verb answers in a word."""

from datetime import datetime

from accounts.actions import close_account
from accounts.models import Person
from billing import credit, pricing
from billing.actions import cart as carts
from billing.actions import certificates, checkout, coupons, credit_holds, credit_requests, pay, plan_changes, shipments
from billing.baskets import basket_in, basket_of
from billing.choices import PaymentMethod
from billing.models import Cart, Certificate, CreditRequest, Customer, Invoice, Price, Shipment, Subscription
from billing.refusals import Refused
from tests.billing.applications import ask
from tests.factories.billing import OHIO
from timers.actions.sweep import sweep


def buy(person_pk: str, method: str, key: str, now: datetime) -> str:
    """The last button of the checkout, with the sum that the person sees now."""
    person = Person.objects.get(pk=person_pk)
    customer = Customer.objects.filter(person=person).first()
    quote = pricing.priced(basket_of(person=person, key=""), customer=customer, ship_to=OHIO, now=now)
    wish = checkout.Wish(method=PaymentMethod(method), ship_to=OHIO)
    placed = checkout.check_out(
        visitor=carts.Visitor(person, ""), by=person, organisation=None, wish=wish, key=key,
        version=quote.version, now=now,
    )  # fmt: skip
    return placed.number


def order_cart(cart_pk: str, person_pk: str, key: str, now: datetime) -> str:
    """One of several carts of a customer: on account where they may, else by transfer."""
    person, cart = Person.objects.get(pk=person_pk), Cart.objects.get(pk=cart_pk)
    customer = Customer.objects.get(person=person)
    quote = pricing.priced(basket_in([cart]), customer=customer, ship_to=OHIO, now=now)
    return checkout.place_order(
        cart=cart, key=key, customer=customer, version=quote.version, by=person, now=now, ship_to=OHIO,
        method=PaymentMethod.ON_ACCOUNT if credit.may_buy_on_account(customer) else PaymentMethod.TRANSFER,
    ).number  # fmt: skip


def put_in(person_pk: str, price_pk: str, now: datetime) -> str:
    person = Person.objects.get(pk=person_pk)
    carts.put_in(visitor=carts.Visitor(person, ""), price_id=int(price_pk), quantity=1, had=0, now=now)
    return "done"


def pack(person_pk: str, shipment_pk: str, now: datetime) -> str:
    by = Person.objects.get(pk=person_pk)
    return shipments.pack(shipment=Shipment.objects.get(pk=shipment_pk), by=by, now=now).state


def fall_back(grant_pk: str, now: datetime) -> str:
    return "given" if coupons.fall_back(grant_id=int(grant_pk), now=now) else "nothing"


def sweep_timers(now: datetime) -> str:
    return str(sweep(now=now).done)


def ask_credit(customer_pk: str, key: str, now: datetime) -> str:
    return ask(Customer.objects.get(pk=customer_pk), key=key, now=now).number


def decide_credit(verb: str, request_pk: str, by_pk: str, now: datetime) -> str:
    """One verb of a reviewer, with the limit that the request asks for or a reason."""
    request, by = CreditRequest.objects.get(pk=request_pk), Person.objects.get(pk=by_pk)
    if verb == "raise_limit":
        return credit_requests.raise_limit(request=request, limit=request.asked_for, by=by, now=now).state
    reason = "Too many late payments."
    verbs = {"keep": credit_requests.keep, "close": credit_requests.close, "reject": credit_requests.reject}
    return verbs[verb](request=request, reason=reason, by=by, now=now).state


def pay_invoice(invoice_pk: str, by_pk: str, now: datetime) -> str:
    """A bank transfer over all of it arrives."""
    invoice, by = Invoice.objects.get(pk=invoice_pk), Person.objects.get(pk=by_pk)
    return pay.record_transfer(invoice=invoice, amount=invoice.due, reference="T1", by=by, now=now).state


def change_plan(plan_pk: str, price_pk: str, by_pk: str, now: datetime) -> str:
    """The button of a page that was opened just now."""
    plan, price = Subscription.objects.get(pk=plan_pk), Price.objects.get(pk=price_pk)
    seen = plan_changes.change_to(subscription=plan, price=price, now=now)
    by = Person.objects.get(pk=by_pk)
    return plan_changes.change(subscription=plan, price_id=price.pk, version=seen.version, by=by, now=now).state


def settle_credit(customer_pk: str, now: datetime) -> str:
    credit_holds.settle(customer_id=int(customer_pk), now=now)
    return "settled"


def approve_certificate(certificate_pk: str, by_pk: str, now: datetime) -> str:
    proof, by = Certificate.objects.get(pk=certificate_pk), Person.objects.get(pk=by_pk)
    return certificates.approve(certificate=proof, valid_until=None, by=by, now=now).state


def close_account_of(verb: str, person_pk: str, now: datetime) -> str:
    """Somebody cancels their own account, takes that back, or its days are over."""
    person = Person.objects.get(pk=person_pk)
    if verb == "cancel":
        return close_account.cancel_own(person=person, reason="", now=now).state
    request = close_account.cancellation_of(person)
    assert request and request.due_at
    if verb == "undo":
        return close_account.undo(request=request, by=person, now=now).state
    done = close_account.execute(request_id=request.pk, now=request.due_at)
    return done.state if done else "nothing"


VERBS = {
    "close_account": close_account_of,
    "approve_certificate": approve_certificate,
    "change_plan": change_plan,
    "settle_credit": settle_credit,
    "ask_credit": ask_credit,
    "decide_credit": decide_credit,
    "pay_invoice": pay_invoice,
    "buy": buy,
    "order_cart": order_cart,
    "put_in": put_in,
    "pack": pack,
    "fall_back": fall_back,
    "sweep": sweep_timers,
}


def act(verb: str, *arguments: str, now: datetime) -> str:
    """What came of it; the name of the refusal where nothing did."""
    try:
        return VERBS[verb](*arguments, now=now)
    except Refused as refusal:
        return type(refusal).__name__
