"""The whole way of a refund request, as its customer sees it: asked, decided, sent, arrived or came back (R32, B6).

Reads only. What stands here is in our rows; "being decided" is shown as waiting for its review.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import F, Prefetch, QuerySet

from accounts.models import Person
from billing import access, declines, refundable
from billing.actions.refund_requests import transfer_key
from billing.choices import InvoiceState, PaymentMethod, PaymentState, RefundOrigin, RefundRequestState, RefundState
from billing.models import Customer, Invoice, MoneyTask, Payment, Refund, RefundRequest
from selfservice.review_time import Times
from supportdesk.lib import money

SHOWN = 4
LATELY = 90  # days, as long as the review says yes without a second thought
PAGE = 20
MOST_CHOSEN = 20
DONE, NOW, BAD, AHEAD = "done", "now", "bad", ""
ON_ITS_WAY = (RefundState.QUEUED, RefundState.SENDING, RefundState.PENDING)


@dataclass(frozen=True)
class Step:
    """One step of the way: what, in which words, when, and whether it is done, happening, went wrong or is ahead."""

    title: str
    words: str = ""
    at: datetime | None = None
    state: str = DONE
    said: str = ""


@dataclass(frozen=True)
class Way:
    """A request with its steps. `chip` says where it stands in two words."""

    request: RefundRequest
    chip: str
    tone: str
    steps: Sequence[Step] = field(default_factory=tuple)

    @property
    def is_open(self) -> bool:
        return self.request.state == RefundRequestState.OPEN


def requests_of_customer(customer: Customer) -> QuerySet[RefundRequest]:
    """All of a customer's, newest first."""
    return _shown(RefundRequest.objects.filter(invoice__customer=customer))


def requests_of_invoice(invoice: Invoice) -> QuerySet[RefundRequest]:
    """All of one invoice's, newest first."""
    return _shown(RefundRequest.objects.filter(invoice=invoice))


def requests_of(person: Person, *, after: int = 0) -> QuerySet[RefundRequest]:
    """All that a person may see, newest first; those older than `after`, the key of one."""
    rows = RefundRequest.objects.filter(invoice__in=access.invoices_of(person))
    return _shown(rows.filter(pk__lt=after) if after else rows)


def ways_of(requests: Iterable[RefundRequest], *, review: str) -> list[Way]:
    """Each request with its steps; `review` says when the next review is. One query where a transfer is among them."""
    rows = list(requests)
    keys = [transfer_key(one) for one in rows if one.by_transfer]
    tasks = {task.key: task for task in MoneyTask.objects.filter(key__in=keys)} if keys else {}
    return [_way(one, tasks.get(transfer_key(one)), review) for one in rows]


def ways_of_invoice(invoice: Invoice, times: Times) -> list[Way]:
    """All of one invoice. One query where nothing was ever asked for."""
    rows = list(requests_of_invoice(invoice)[:PAGE])
    return ways_of(rows, review=times.review) if rows else []


def ways_of_customer(customer: Customer, times: Times) -> list[Way]:
    """The newest few of a customer. One query where nothing was ever asked for."""
    rows = list(requests_of_customer(customer)[:SHOWN])
    return ways_of(rows, review=times.review) if rows else []


def may_ask(invoice: Invoice, payments: Sequence[Payment], ways: Sequence[Way]) -> bool:
    """Whether the button that asks for a refund stands there. The form says more where it is not so easy."""
    has_paid = any(one.state == PaymentState.SUCCEEDED and one.refunded < one.amount for one in payments)
    return refundable.is_settled(invoice) and has_paid and not any(way.is_open for way in ways)


def is_new(invoice: Invoice, today: date) -> bool:
    """Whether it was paid lately and nothing of it went back: a list then offers a refund in place of the receipt."""
    is_late = invoice.paid_at is None or invoice.paid_at.date() <= today - timedelta(days=LATELY)
    return refundable.is_settled(invoice) and not invoice.refunded and not is_late


def stamp(ways: Sequence[Way]) -> str:
    """Changes with everything that is shown of them."""
    return hashlib.sha256(repr([(way.chip, way.steps) for way in ways]).encode()).hexdigest()[:16]


def open_for_asking(person: Person, *, customer: Customer | None = None) -> QuerySet[Invoice]:
    """Invoices of which money could go back and nothing is asked for yet, newest first."""
    rows = Invoice.objects.filter(customer=customer) if customer else access.invoices_of(person)
    rows = rows.filter(state=InvoiceState.PAID, paid__gt=F("refunded"))
    return rows.exclude(refund_requests__state=RefundRequestState.OPEN).order_by("-issued_at", "-pk")


def _shown(rows: QuerySet[RefundRequest]) -> QuerySet[RefundRequest]:
    refunds = Prefetch("refunds", Refund.objects.select_related("payment").order_by("-created_at", "-pk"))
    came = Payment.objects.filter(state=PaymentState.SUCCEEDED).order_by("-created_at", "-pk")
    related = (refunds, "files", Prefetch("invoice__payments", came, to_attr="came"))
    return rows.select_related("invoice", "credit_note").prefetch_related(*related).order_by("-pk")


def _way(request: RefundRequest, task: MoneyTask | None, review: str) -> Way:
    first = Step(
        "We asked for this refund for you" if request.origin == RefundOrigin.AGENT else "You asked for a refund",
        request.get_why_display() + ".",
        request.opened_at,
        said=request.words if request.origin == RefundOrigin.CUSTOMER else "",
    )
    if request.state == RefundRequestState.OPEN:
        waits = Step("Review", f"A person decides. The next review starts {review}.", state=NOW)
        ahead = Step(f"Refund {_ways_back(request)}", "Banks take 5 to 10 business days to show it.", state=AHEAD)
        return Way(request, "Waits for its review", "wait", (first, waits, ahead))
    if request.state == RefundRequestState.WITHDRAWN:
        return Way(request, "Withdrawn", "", (first, Step("Withdrawn", at=request.decided_at)))
    if request.state == RefundRequestState.REJECTED:
        answer = Step("Turned down", at=request.decided_at, state=BAD, said=request.reason)
        return Way(request, "Turned down", "bad", (first, answer))
    sent = [_sent(one) for one in request.refunds.all()] + ([_by_hand(request, task)] if request.by_transfer else [])
    chip, tone = _standing([step.state for step in sent])
    return Way(request, chip, tone, (first, _approved(request), *sent))


def way_back(payment: Payment) -> str:
    """How the money of a payment goes back: "to Visa ending 4242", "by bank transfer"."""
    if payment.method != PaymentMethod.CARD:
        return "by bank transfer"
    return f"to {refundable.where_to(payment)}"


def _ways_back(request: RefundRequest) -> str:
    """Of the newest payment that has enough for it, or of each."""
    ways, left = [], request.amount_asked
    for payment in request.invoice.came:  # type: ignore[attr-defined]  # prefetched
        if left > 0 and payment.amount > payment.refunded:
            ways.append(way_back(payment))
            left -= payment.amount - payment.refunded
    return " and ".join(dict.fromkeys(ways)) or "to where the money came from"


def _approved(request: RefundRequest) -> Step:
    given = money.shown(request.amount_given or 0, request.currency)
    if request.amount_given == request.amount_asked:
        title = "Approved in full"
    else:
        title = f"Approved: {given} of {money.shown(request.amount_asked, request.currency)}"
    note = f"Credit note {request.credit_note.number}." if request.credit_note else ""
    return Step(title, note, request.decided_at, said=request.reason)


def _sent(one: Refund) -> Step:
    """One refund: on its way, there, or back again."""
    where, amount = refundable.where_to(one.payment), money.shown(one.amount, one.currency)
    if one.state in (RefundState.FAILED, RefundState.CANCELLED):
        why = declines.words()["refund_failure_reason"].get(one.failure, "") if one.failure else ""
        words = f"{why or one.last_error} The money is still yours: a person finds another way and writes to you."
        was_sent = bool(one.failure) or not one.last_error
        title = f"{amount} came back from {where}" if was_sent else f"{amount} could not be sent to {where}"
        return Step(title, words.strip(), one.finished_at, state=BAD)
    if one.state == RefundState.SUCCEEDED:
        reference = (
            f"Ask your bank about reference {one.reference}."
            if one.reference
            else "Banks take 5 to 10 business days to show it. A trace number stands here within about a week."
        )
        return Step(f"{amount} sent to {where}", reference, one.finished_at)
    words = "The bank has it and answers within some days." if one.state == RefundState.PENDING else "It is being sent."
    return Step(f"{amount} to {where}", words, one.first_sent_at, state=NOW)


def _by_hand(request: RefundRequest, task: MoneyTask | None) -> Step:
    amount = money.shown(request.by_transfer, request.currency)
    if task and task.closed_at:
        return Step(f"{amount} sent by bank transfer", at=task.closed_at)
    words = "You paid by transfer, so a person sends it by hand within a few working days."
    return Step(f"{amount} by bank transfer", words, state=NOW)


def _standing(states: Sequence[str]) -> tuple[str, str]:
    if BAD in states:
        return "Came back to us", "bad"
    if NOW in states:
        return "On its way", "info"
    return "Refunded", "ok"
