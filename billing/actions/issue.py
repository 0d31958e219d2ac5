"""An invoice is written as a draft, gets its number and stands still from then on, all in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import journal
from accounts.models import Person
from billing import snapshots, webhook_payloads
from billing.actions import notices, numbering, paid, reminders
from billing.actions.receipt import apply_payment
from billing.announce import announce
from billing.choices import InvoiceState, PaymentMethod, Period, ProductKind, Series
from billing.models import Customer, Invoice, InvoiceLine, Order, Product, Seller, Subscription, TaxLine
from billing.pricing import TaxAmount
from billing.refusals import Refused
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint

__all__ = [
    "Draft",
    "DraftLine",
    "apply_payment",
    "issue",
    "issue_for_order",
    "issue_for_subscription",
    "void",
]


class CannotIssue(Refused):
    """Something without which no invoice can be written is missing."""


class CannotVoid(Refused):
    """Money came, or is on its way, or there is nothing left to withdraw."""


@dataclass(frozen=True)
class DraftLine:
    """One thing to be invoiced; sums in minor units. Its link is the product's unless another one is named (R24)."""

    name: str
    unit_amount: int
    quantity: int = 1
    discount: int = 0
    tax: int = 0
    detail: str = ""
    product: Product | None = None
    period: str = Period.ONCE
    period_starts_on: date | None = None
    period_ends_on: date | None = None
    info_label: str = ""
    info_url: str = ""

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_amount - self.discount


@dataclass(frozen=True)
class Draft:
    """An invoice to be issued. `key` says what it is for: asked again with the same key, the first one is answered."""

    key: str
    customer: Customer
    currency: str
    lines: Sequence[DraftLine]
    taxes: Sequence[TaxAmount] = ()
    shipping: int = 0
    method: str = PaymentMethod.TRANSFER
    po_number: str = ""
    order: Order | None = None
    subscription: Subscription | None = None
    ship_to: Mapping[str, str] = field(default_factory=dict)
    also_to: Sequence[str] = ()  # whom it is mailed to where the customer has no recipients
    is_due_at_once: bool = False  # without the days that the seller gives otherwise


def issue(*, draft: Draft, now: datetime, mails: bool = True) -> Invoice:
    """Number it, keep it, mail it to every recipient with a link of their own, and have its PDF made.

    In one transaction: rolled back or killed, there is no invoice, no mail and no gap. Asked twice, or by two at once,
    one invoice. With nothing to pay it is paid at once. Raises CannotIssue.
    """
    with transaction.atomic():
        known = Invoice.objects.filter(key=draft.key).first()
        if known:
            return known
        seller = Seller.objects.filter(pk=1).first()
        if seller is None:
            raise CannotIssue("Enter under Settings who sells, before the first invoice.")
        today = numbering.local_day(now)
        try:
            with transaction.atomic():
                invoice = _write_draft(draft, seller, today, now)
        except IntegrityError:
            known = Invoice.objects.filter(key=draft.key).first()
            if known:
                return known  # somebody else issued it at the same moment
            raise
        failpoint("billing.issue.written")
        _number(invoice, today, now)
        failpoint("billing.issue.numbered")
        if mails:
            notices.mail_invoice(
                invoice=invoice, to=notices.recipients_of(invoice.customer, fallback=draft.also_to), now=now
            )
        _tell(invoice, now)
        failpoint("billing.issue.before_commit")
    return invoice


def issue_for_order(*, order: Order, by: Person | None, now: datetime) -> Invoice:
    """The invoice of an order: its lines and sums, as they were ordered. Asked twice, one invoice. Raises CannotIssue.

    Call it in the transaction that places the order.
    """
    lines = list(order.lines.select_related("product").order_by("position"))
    also_to = [order.placed_by.email] if order.placed_by and order.placed_by.has_mail else []
    draft = Draft(
        key=f"order:{order.pk}",
        customer=order.customer,
        currency=order.currency,
        lines=[
            DraftLine(
                name=line.name,
                detail=line.detail,
                product=line.product,
                period=line.period,
                quantity=line.quantity,
                unit_amount=line.unit_amount,
                discount=line.discount,
                tax=line.tax,
            )
            for line in lines
        ],
        taxes=_taxes_of(order),
        shipping=order.shipping,
        method=order.method,
        po_number=order.po_number,
        order=order,
        ship_to=order.ship_to,
        also_to=also_to,
    )
    return issue(draft=draft, now=now)


def issue_for_subscription(
    *,
    subscription: Subscription,
    lines: Sequence[DraftLine],
    taxes: Sequence[TaxAmount] = (),
    starts_on: date,
    now: datetime,
    mails: bool = True,
    is_due_at_once: bool = False,
) -> Invoice:
    """The invoice of one period of a subscription, which begins on `starts_on`: once, however often it is asked for.

    Without `mails` another mail tells it: its receipt, when a kept card is charged at the same moment.
    """
    draft = Draft(
        key=f"subscription:{subscription.pk}:{starts_on.isoformat()}",
        customer=subscription.customer,
        currency=subscription.price.currency,
        lines=lines,
        taxes=taxes,
        method=subscription.method,
        subscription=subscription,
        is_due_at_once=is_due_at_once,
    )
    return issue(draft=draft, now=now, mails=mails)


def void(*, invoice: Invoice, by: Person | None, reason: str, now: datetime) -> Invoice:
    """Withdraw an open invoice for which no money came. It keeps its number and stays to be seen. Raises CannotVoid."""
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice.pk)
        if invoice.state != InvoiceState.OPEN:
            raise CannotVoid(
                f"{invoice.number} is {invoice.get_state_display().lower()}; only an open one is withdrawn."
            )
        if invoice.paid or invoice.payments.filter(state__in=("created", "action_needed", "processing")).exists():
            raise CannotVoid(f"Money came for {invoice.number} or is on its way. Write a credit note instead.")
        invoice.state, invoice.voided_at = InvoiceState.VOID, now
        invoice.save(update_fields=["state", "voided_at"])
        reminders.cancel(invoice=invoice)
        announce(
            type="invoice.voided", subject_key=f"invoice:{invoice.pk}", data=webhook_payloads.invoice(invoice), now=now
        )
        paid.when_withdrawn(invoice, now)
        journal.record(by=by, action="billing.void_invoice", subject=invoice, data={"reason": reason}, now=now)
    return invoice


def _write_draft(draft: Draft, seller: Seller, today: date, now: datetime) -> Invoice:
    if not draft.lines:
        raise CannotIssue("An invoice has at least one line.")
    due_days = 0 if draft.is_due_at_once or draft.method == PaymentMethod.CARD else seller.due_days
    subtotal = sum(line.quantity * line.unit_amount for line in draft.lines)
    discount = sum(line.discount for line in draft.lines)
    tax = sum(one.amount for one in draft.taxes)
    invoice = Invoice.objects.create(
        customer=draft.customer,
        order=draft.order,
        subscription=draft.subscription,
        key=draft.key,
        currency=draft.currency,
        subtotal=subtotal,
        discount=discount,
        shipping=draft.shipping,
        tax=tax,
        total=subtotal - discount + draft.shipping + tax,
        summary=summary_of(draft.lines),
        po_number=draft.po_number,
        snapshot=snapshots.of_invoice(
            seller=seller,
            customer=draft.customer,
            method=draft.method,
            due_days=due_days,
            order=draft.order.number if draft.order else "",
            ship_to=draft.ship_to if _ships(draft.lines) else {},
        ),
        due_on=today + timedelta(days=due_days),
        created_at=now,
    )
    InvoiceLine.objects.bulk_create(_lines(invoice, draft.lines))
    TaxLine.objects.bulk_create(
        TaxLine(
            invoice=invoice, position=place, name=one.name, rate_ppm=one.rate_ppm, base=one.base, amount=one.amount,
            exemption=one.exemption,
        )
        for place, one in enumerate(draft.taxes, 1)
    )  # fmt: skip
    return invoice


def _lines(invoice: Invoice, lines: Iterable[DraftLine]) -> Iterable[InvoiceLine]:
    for place, line in enumerate(lines, 1):
        label, url = snapshots.more_info(line.product)
        yield InvoiceLine(
            invoice=invoice, position=place, product=line.product, name=line.name, detail=line.detail,
            info_label=line.info_label or label, info_url=line.info_url or url, period=line.period,
            period_starts_on=line.period_starts_on, period_ends_on=line.period_ends_on, quantity=line.quantity,
            unit_amount=line.unit_amount, discount=line.discount, tax=line.tax, amount=line.amount,
        )  # fmt: skip


def _number(invoice: Invoice, today: date, now: datetime) -> None:
    number = numbering.next_number(series=Series.INVOICE, on=today)
    invoice.number, invoice.year, invoice.sequence = str(number), number.year, number.sequence
    invoice.issued_at = now
    invoice.state = InvoiceState.OPEN if invoice.total else InvoiceState.PAID
    invoice.paid_at = None if invoice.total else now
    invoice.save()


def _tell(invoice: Invoice, now: datetime) -> None:
    announce(
        type="invoice.issued", subject_key=f"invoice:{invoice.pk}", data=webhook_payloads.invoice(invoice), now=now
    )
    enqueue_on_commit("billing.make_document", kind="invoice", pk=invoice.pk)
    if invoice.state == InvoiceState.PAID:
        announce(
            type="invoice.paid", subject_key=f"invoice:{invoice.pk}", data=webhook_payloads.invoice(invoice), now=now
        )
        paid.when_paid(invoice, now)
    else:
        reminders.plan(invoice=invoice, now=now)


def _taxes_of(order: Order) -> list[TaxAmount]:
    """The taxes of an order as they were agreed to, by name."""
    found = [TaxAmount(**tax) for tax in order.taxes]
    if sum(one.amount for one in found) == order.tax:
        return found
    return [TaxAmount("Tax", 0, order.subtotal - order.discount + order.shipping, order.tax)]


def summary_of(lines: Sequence[DraftLine]) -> str:
    """ "4 × Starter robot kit, 1 × Classroom software" """
    words = ", ".join(f"{line.quantity} × {line.name}" for line in lines)
    return words if len(words) <= 255 else f"{words[:250].rsplit(', ', 1)[0][:250]}, …"


def _ships(lines: Iterable[DraftLine]) -> bool:
    return any(line.product is not None and line.product.kind == ProductKind.GOODS for line in lines)
