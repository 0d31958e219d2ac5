"""Plans that were bought, cards that pay them, and days that go by."""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from billing import periods
from billing.actions import asking, cards, dunning, subscriptions
from billing.choices import CardSetupState, Period
from billing.gateways import stripe as gateway
from billing.models import Card, Customer, Price, Subscription
from tests.factories.accounts import make_person
from tests.factories.billing import make_customer, make_plan, make_seller
from timers.actions.sweep import sweep

GOOD = "4242424242424242"
KEPT_THEN_DECLINED = "4000000000000341"


def at(day: date, hour: int = 10) -> datetime:
    """That day, an hour after renewals are billed in a company that keeps its books in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def make_subscription(
    *, on: date = date(2026, 1, 31), period: Period = Period.MONTHLY, customer: Customer | None = None, **fields
) -> Subscription:
    """A plan that runs since that day and is paid up to its renewal: $24 a month or $240 a year."""
    make_seller(time_zone="UTC")
    price = fields.pop("price", None) or Price.objects.get(product=make_plan(name="Classroom software"), period=period)
    buyer = customer or make_customer()
    ends_on = periods.next_day(on, price.period, on.day)
    known = {
        "customer": buyer, "product": price.product, "price": price, "period": price.period, "quantity": 1,
        "anchor_day": on.day, "period_starts_on": on, "period_ends_on": ends_on, "started_at": at(on),
    }  # fmt: skip
    known |= fields
    known.setdefault("period_amount", price.amount * known["quantity"])
    subscription = Subscription.objects.create(**known)
    subscriptions.plan_next(subscription)
    return subscription


def keep_card(customer: Customer, number: str = GOOD) -> Card:
    """A card on file, as the account page adds it."""
    by, year = customer.person or make_person(), timezone.now().year + 2
    typed = gateway.make_sandbox_card(number=number, exp_month=8, exp_year=year, cvc="123", postal_code="")
    row = cards.add(
        customer=customer, card_token=typed.id, by=by, key=f"card{number}{customer.pk}", return_to="/account/",
        now=timezone.now(),
    )  # fmt: skip
    assert row.state == CardSetupState.SUCCEEDED and row.card, row.words
    return row.card


def live(*, until: datetime, since: datetime, step: timedelta = timedelta(hours=6)) -> None:
    """Let the sweeps of that time run: timers, charges, questions to the provider."""
    moment = since
    while moment <= until:
        work(moment)
        moment += step


def work(now: datetime) -> None:
    """One round of every sweep that plans need."""
    sweep(now=now)
    dunning.charge_due(now=now)
    asking.ask_due(now=now)
