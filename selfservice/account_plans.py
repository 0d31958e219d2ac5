"""Plans as the account page shows them: what they cost, what happens next, what they could be instead. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from billing import credit, paper_words, queries_store
from billing.actions import dunning, numbering
from billing.choices import PaymentMethod, Period, SubscriptionState
from billing.models import Card, Customer, Decline, Invoice, Price, Subscription
from supportdesk.lib import money

MOST_PLANS = 50


@dataclass(frozen=True)
class Choice:
    """A period or a size that a plan could have; `price` is None for the one that it has."""

    words: str
    price: Price | None = None
    saving: int = 0


@dataclass(frozen=True)
class Plan:
    """A plan with what it costs, when it renews and how it is paid then, and what it could be instead."""

    subscription: Subscription
    amount: int
    method: PaymentMethod
    next_words: str
    periods: Sequence[Choice]
    sizes: Sequence[Choice]


@dataclass(frozen=True)
class Refusal:
    """The last word of a bank about an invoice that is still to be paid."""

    invoice: Invoice
    decline: Decline
    times: int


def plans_of(customer: Customer, kept: Sequence[Card], refusals: Mapping[int, Refusal]) -> list[Plan]:
    """What runs, with the prices that could replace the present one. Two queries."""
    rows = Subscription.objects.filter(customer=customer).exclude(state=SubscriptionState.ENDED)
    running = list(
        rows.select_related(
            "product", "price", "next_price", "switch_invoice", "period_invoice", "free_account"
        ).order_by("pk")[:MOST_PLANS]
    )
    offered: dict[tuple[int, str], list[Price]] = {}
    if running:
        prices = Price.objects.filter(product__in={one.product_id for one in running}, withdrawn_at__isnull=True)
        for price in prices:
            offered.setdefault((price.product_id, price.currency), []).append(price)
    has_card = bool(kept and kept[0].is_default)
    found = []
    for one in running:
        method = credit.method_of_renewal(one.method, customer, has_card=has_card)
        to_be_had = offered.get((one.product_id, one.price.currency), [])
        found.append(_plan(one, method, to_be_had, _next_words(one, method, kept, refusals)))
    return found


def _plan(one: Subscription, method: PaymentMethod, offered: Sequence[Price], next_words: str) -> Plan:
    if one.is_free:
        return Plan(one, 0, method, next_words, [], [])
    sizes = queries_store.sizes_in(offered)
    periods = [
        _choice(one, price, size.saving if period == Period.YEARLY else 0)
        for size in sizes if size.displays == one.price.displays
        for period, price in ((Period.MONTHLY, size.monthly), (Period.YEARLY, size.yearly))
    ]  # fmt: skip
    if not any(choice.price is None for choice in periods):
        periods.insert(0, _choice(one, one.price, 0))
    others = [
        _choice(one, size.monthly if one.period == Period.MONTHLY else size.yearly, 0, by_size=True) for size in sizes
    ]
    amount = one.price.amount * one.quantity
    return Plan(one, amount, method, next_words, periods, [choice for choice in others if choice.price])


def _choice(one: Subscription, price: Price, saving: int, *, by_size: bool = False) -> Choice:
    amount = money.shown(price.amount * one.quantity, price.currency)
    size = f"Up to {price.displays} display{'' if price.displays == 1 else 's'}" if price.displays else "Any number"
    is_same = (price.period, price.displays, price.amount) == (one.period, one.price.displays, one.price.amount)
    words = f"{size if by_size else price.get_period_display()}, {amount}"
    return Choice(words, None if price.pk == one.price_id or is_same else price, saving * one.quantity)


def _next_words(one: Subscription, method: PaymentMethod, kept: Sequence[Card], refusals: Mapping[int, Refusal]) -> str:
    """What happens next with a plan, and when."""
    day, amount = paper_words.day_words(one.period_ends_on), one.price.amount * one.quantity
    card = kept[0] if kept and kept[0].is_default else None
    if one.state == SubscriptionState.PAST_DUE:
        return _past_due_words(one, card, refusals.get(one.period_invoice_id or 0))
    if one.is_free:
        return f"Free until {day}: nothing is charged, and it ends by itself."
    if one.ends_at_renewal:
        return f"Cancelled: it works until {day}, and nothing more is charged."
    if one.next_price and one.switch_invoice_id is None:
        following = money.shown(one.next_price.amount * one.quantity, one.next_price.currency)
        return f"From {day} on it is {following} {one.next_price.get_period_display().lower()}."
    how = "by invoice" if method != PaymentMethod.CARD else "no card is on file"
    if method == PaymentMethod.CARD and card:
        how = f"with {card.brand.capitalize()} ending {card.last4}"
    return f"Renews on {day} for {money.shown(amount, one.price.currency)}, {how}."


def _past_due_words(one: Subscription, card: Card | None, refusal: Refusal | None) -> str:
    if one.next_attempt_at is None:
        return "Its payment came back or is overdue. It goes on for now; unless it is paid, it ends."
    day = paper_words.day_words(timezone.localtime(one.next_attempt_at, numbering.seller_zone()).date())
    is_asked = card is not None
    if card and refusal and refusal.decline.payment.card_id == card.pk:
        is_asked = not dunning.forbids(refusal.decline)
    if is_asked:
        return f"We try again on {day}, unless you pay before."
    return f"It ends on {day}, unless you pay before." if one.failures >= len(dunning.DAYS) else (
        "We do not try this card again. Unless you pay within a week of the renewal, it ends."
        if card
        else "There is no card on file. Unless you pay within a week of the renewal, it ends."
    )  # fmt: skip


def is_paid_by_card(plan: Plan) -> bool:
    """Whether the card on file is what pays its next renewal."""
    return plan.method == PaymentMethod.CARD and not plan.subscription.ends_at_renewal
