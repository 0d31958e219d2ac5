"""What a period of a plan costs: its line, what credit takes off, its taxes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from billing import periods, pricing, taxes
from billing.actions.issue import DraftLine
from billing.choices import PaymentMethod
from billing.models import Invoice, Price, Subscription
from billing.pricing import TaxAmount
from supportdesk.lib import money

LEAST_BY_CARD = 50  # minor units: what the card networks take at least


@dataclass(frozen=True)
class Bill:
    """One period. `credit` is what was taken off, before taxes; all sums in minor units."""

    lines: list[DraftLine]
    taxes: list[TaxAmount]
    credit: int

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines) + self.tax


def bill_of(
    *,
    subscription: Subscription,
    price: Price,
    starts_on: date,
    ends_on: date,
    on: date,
    credit: int = 0,
    part: int | None = None,
) -> Bill:
    """A period from `starts_on` to before `ends_on` at `price`, or `part` of it where it began before.

    A card is never asked for less than it takes: then some credit waits for the next period.
    """
    gross = price.amount * subscription.quantity if part is None else part
    rates = taxes.rates_for(customer=subscription.customer, ship_to=address_of(subscription), on=on)
    wanted = min(credit, gross)
    bill = _bill(subscription, price, (starts_on, ends_on), gross if part is not None else None, wanted, rates)
    if wanted and subscription.method == PaymentMethod.CARD and 0 < bill.total < LEAST_BY_CARD:
        wanted = max(0, gross - LEAST_BY_CARD)
        bill = _bill(subscription, price, (starts_on, ends_on), gross if part is not None else None, wanted, rates)
    return bill


def unused_of(subscription: Subscription, *, on: date) -> int:
    """What the days from `on` to the end of the period are worth, before taxes; nothing of what was given back."""
    invoice = subscription.period_invoice
    if invoice is not None and (invoice.refunded or invoice.credited):
        return 0
    return periods.unused(
        subscription.period_amount, starts_on=subscription.period_starts_on, ends_on=subscription.period_ends_on, on=on
    )


def credit_in(subscription: Subscription, invoice: Invoice) -> int:
    """How much of the plan's own credit the invoice of a switch took off, beyond the days that were unused."""
    line = invoice.lines.order_by("position").first()
    if line is None or line.period_starts_on is None or subscription.period_starts_on > line.period_starts_on:
        return 0
    return max(0, line.discount - unused_of(subscription, on=line.period_starts_on))


def address_of(subscription: Subscription) -> Mapping[str, str]:
    """Where it is taxed: at the customer's address, or where its order went."""
    known = pricing.address_of(subscription.customer)
    if known or subscription.order_line is None:
        return known
    return subscription.order_line.order.ship_to


def _bill(
    subscription: Subscription,
    price: Price,
    days: tuple[date, date],
    part: int | None,
    credit: int,
    rates: list[taxes.Rate],
) -> Bill:
    product = subscription.product
    detail = pricing.detail_of(price)
    quantity = subscription.quantity
    if part is not None:
        quantity, detail = 1, f"{quantity} × {detail}, the rest of the period" if quantity > 1 else (
            f"{detail}, the rest of the period"
        )  # fmt: skip
    unit = price.amount if part is None else part
    base = quantity * unit - credit if product.is_taxable else 0
    amounts = [0 if rate.exemption else money.share(base, rate.rate_ppm) for rate in rates]
    line = DraftLine(
        name=product.name,
        detail=detail,
        product=product,
        period=price.period,
        period_starts_on=days[0],
        period_ends_on=days[1] - timedelta(days=1),
        quantity=quantity,
        unit_amount=unit,
        discount=credit,
        tax=sum(amounts),
    )
    found = [
        TaxAmount(rate.name, rate.rate_ppm, base, amount, rate.exemption)
        for rate, amount in zip(rates, amounts, strict=True)
    ]
    return Bill([line], found, credit)
