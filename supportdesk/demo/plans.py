"""A school whose card was declined: a plan that is past due, two cards, and the people who get the invoices."""

from datetime import datetime, timedelta

from accounts.models import Person
from billing.actions import cards, dunning, hours, numbering, pay, recipients, subscriptions
from billing.choices import PaymentMethod, Period
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.models import Customer, Product, Subscription
from billing.periods import moment
from billing.pricing import address_of
from supportdesk.demo.customers import Customer as Buying
from supportdesk.demo.store import buy

GOOD = "4242424242424242"
DECLINED_LATER = "4000000000000341"


def lay_plans(*, school: Buying, admin: Person, now: datetime) -> None:
    """What the account page of the first school shows. The store comes before; without the sandbox nothing is paid."""
    if not keys.is_sandbox():
        return
    by, began = school.person, now - timedelta(days=34)
    customer = Customer.objects.get(organisation=school.organisation)
    software = Product.objects.get(name="Classroom software")
    six_hours = Product.objects.get(name="Six hours of help")
    wanted = {(software, Period.MONTHLY, 5): 1, (six_hours, Period.ONCE, None): 1}
    order = buy(by=by, wanted=wanted, ship_to=address_of(customer), method=PaymentMethod.CARD, now=began)
    _keep(customer, by, GOOD, "first", began)
    good = cards.cards_of(customer)[0]
    pay.start(invoice=order.invoice, card=good, key="demo", by=by, now=began)
    spent = "Lessons for grade 5, by video call"
    hours.use(customer=customer, minutes=75, key="demo:used", words=spent, by=admin, now=now - timedelta(days=5))
    _keep(customer, by, DECLINED_LATER, "second", began + timedelta(days=3))
    for email, name in ((by.email, by.name), (f"ap@{school.place.domain}", "Accounts payable")):
        recipients.add(customer=customer, email=email, name=name, by=by, now=began, mails=False)
    plan = Subscription.objects.get(order_line__order=order)
    day = moment(plan.period_ends_on, numbering.seller_zone())
    for at in (day, day + timedelta(days=1)):
        if at <= now:
            subscriptions.renew(subscription_id=plan.pk, now=at)
            dunning.charge(subscription_id=plan.pk, now=at)


def _keep(customer: Customer, by: Person, number: str, key: str, now: datetime) -> None:
    typed = gateway.make_sandbox_card(number=number, exp_month=8, exp_year=now.year + 2, cvc="123", postal_code="")
    cards.add(customer=customer, card_token=typed.id, by=by, key=f"demo-{key}", return_to="/account/", now=now)
