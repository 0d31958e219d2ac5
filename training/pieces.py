"""What a customer bought of a training and has not used, and what another one costs. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing import credit
from billing.baskets import Basket, Choice
from billing.choices import InvoiceState, OrderState, PaymentMethod, Period, RefundRequestState
from billing.models import Customer, Invoice, OrderLine, Price, RefundRequest
from billing.pricing import Quote, priced
from training.choices import SEATED
from training.models import Booking, SessionType


@dataclass(frozen=True)
class Piece:
    """One piece of what was ordered, that no session uses yet, and whether it is as good as paid."""

    line: OrderLine
    unit: int
    invoice: Invoice | None

    @property
    def is_cleared(self) -> bool:
        """Paid; or on account, within the limit: then nothing waits for the money."""
        if self.invoice is None or self.is_withdrawn:
            return False
        if self.invoice.state == InvoiceState.PAID:
            return True
        order = self.line.order
        return order.method == PaymentMethod.ON_ACCOUNT and _is_within_limit(order.customer)

    @property
    def is_withdrawn(self) -> bool:
        """Its order was cancelled, or all of its invoice taken back before it was paid: it pays for nothing."""
        return self.line.order.state == OrderState.CANCELLED or (
            self.invoice is not None and is_owed_no_more(self.invoice)
        )


def price_of(type: SessionType, currency: str = "") -> Price | None:
    """What one piece costs now, or None where nothing is sold."""
    if type.product_id is None:
        return None
    prices = Price.objects.filter(
        product=type.product_id, product__state="published", period=Period.ONCE, withdrawn_at__isnull=True
    ).select_related("product__info_article__space")
    return (prices.filter(currency=currency).first() if currency else None) or prices.order_by("pk").first()


def prices_of(types: Sequence[SessionType], currency: str = "") -> dict[int, Price]:
    """The same for many types at once, by their keys. One query."""
    rows = Price.objects.filter(
        product__in={one.product_id for one in types if one.product_id},
        product__state="published", period=Period.ONCE, withdrawn_at__isnull=True,
    ).order_by("-pk")  # fmt: skip
    found: dict[int, Price] = {}
    for price in sorted(rows, key=lambda one: one.currency == currency):
        found[price.product_id] = price
    return {one.pk: found[one.product_id] for one in types if one.product_id in found}


def quote_for(price: Price, *, customer: Customer | None, ship_to: Mapping[str, str] | None, now: datetime) -> Quote:
    """What one piece comes to, with taxes once it is known where its buyer is."""
    basket = Basket([Choice(price, 1, price.amount)], currency=price.currency)
    return priced(basket, customer=customer, ship_to=ship_to, now=now)


def pieces_of(customer: Customer, type: SessionType) -> list[Piece]:
    """What this customer ordered of the type's product and has not used: what is paid first, then the oldest.

    What somebody asked to have back, or has back, pays for nothing: of several pieces as many as the money was for.

    Where it decides, the customer's row is held. Four queries.
    """
    if type.product_id is None:
        return []
    lines = list(
        OrderLine.objects.filter(order__customer=customer, product=type.product_id)
        .exclude(order__state=OrderState.CANCELLED)
        .select_related("order__invoice", "order__customer")
        .order_by("pk")
    )
    asked = _asked_of(lines)
    used = set(Booking.objects.filter(order_line__in=lines, state__in=SEATED).values_list("order_line", "unit"))
    found = []
    for line in lines:
        invoice = getattr(line.order, "invoice", None)
        if invoice is None or is_owed_no_more(invoice):
            continue
        free = [unit for unit in range(1, line.quantity + 1) if (line.pk, unit) not in used]
        kept = max(0, line.quantity - _gone(line, invoice, asked) - (line.quantity - len(free)))
        found += [Piece(line, unit, invoice) for unit in free[:kept]]
    return sorted(found, key=lambda piece: (not piece.is_cleared, piece.line.pk, piece.unit))


def is_free(booking: Booking) -> bool:
    """Whether the piece that paid for a booking which is over pays for another one. Two queries."""
    line, invoice = booking.order_line, booking.invoice
    if line is None or invoice is None:
        return False
    used = set(Booking.objects.filter(order_line=line, state__in=SEATED).values_list("unit", flat=True))
    gone = _gone(line, invoice, _asked_of([line]))
    return booking.unit not in used and len(used) + gone < line.quantity


def is_owed_no_more(invoice: Invoice) -> bool:
    """A credit note over all of an unpaid invoice leaves it with nothing due, which reads as paid."""
    return invoice.state == InvoiceState.VOID or 0 < invoice.total <= invoice.credited


def worth_of(line: OrderLine) -> int:
    """What one piece of a line came to with its taxes, in minor units."""
    return (line.amount + line.tax) // line.quantity


@dataclass(frozen=True)
class _Asked:
    """In minor units: of each invoice what nobody decided yet, and of each line what was asked for its sessions."""

    undecided: dict[int, int] = field(default_factory=dict)
    for_sessions: dict[int, int] = field(default_factory=dict)


def _asked_of(lines: Sequence[OrderLine]) -> _Asked:
    """What was asked back of the invoices of these lines. One query; another where it was asked for a booking."""
    rows = list(
        RefundRequest.objects.filter(
            invoice__order__lines__in=lines, state__in=(RefundRequestState.OPEN, RefundRequestState.APPROVED)
        ).values_list("invoice", "key", "amount_asked", "amount_given")
    )
    found = _Asked()
    by_uid = {key.split(":")[1]: given or asked for _, key, asked, given in rows if key.startswith("booking:")}
    for invoice, _, asked, given in rows:
        if given is None:
            found.undecided[invoice] = asked
    paid_for = Booking.objects.filter(uid__in=by_uid, order_line__isnull=False).values_list("uid", "order_line")
    for uid, line in paid_for.distinct() if by_uid else ():
        found.for_sessions[line] = found.for_sessions.get(line, 0) + by_uid[uid]
    return found


def _gone(line: OrderLine, invoice: Invoice, asked: _Asked) -> int:
    """How many pieces of a line the money that went back, or is asked back, was for.

    What was asked for a session is known to be that; of the rest an invoice does not say for which of its lines it went
    back, so whatever else stood on it counts first. Every piece of which half or more went back is gone; a little for
    goodwill takes none.
    """
    if not invoice.paid:
        return 0
    back, worth = invoice.refunded + asked.undecided.get(invoice.pk, 0), worth_of(line)
    if back >= invoice.paid or not worth:
        return line.quantity if back >= invoice.paid else 0
    certain = min(back, asked.for_sessions.get(line.pk, 0))
    others = max(0, invoice.total - worth * line.quantity)
    back = certain + max(0, back - certain - others)
    return min(line.quantity, (2 * back + worth) // (2 * worth))


def _is_within_limit(customer: Customer) -> bool:
    return credit.may_buy_on_account(customer) and credit.exposure(customer) <= customer.credit_limit
