"""Asking for money back, and what a decision about it does (R31, R32). Who decides, and when, is not known here.

Deciding is carried out in one transaction: a credit note, one refund for each payment the money comes from, what ends
with it, the mail. A process that dies in it has done nothing; one that repeats it is told that it is decided.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing import linked, refundable, webhook_payloads
from billing.actions import credit_note, given_back, paid, private_files, refund, refund_mail
from billing.actions.money_tasks import open_task
from billing.announce import announce
from billing.choices import MoneyTaskKind, RefundOrigin, RefundReason, RefundRequestState
from billing.models import CreditNote, Invoice, Payment, RefundRequest
from billing.refundable import Source
from billing.refusals import CannotDecide, Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

MOST_FILES = 5
LONGEST_WORDS = 4000
LONGEST_REASON = 500
KEY_LENGTH = 120

# name and content of each
Files = Sequence[tuple[str, bytes]]


class CannotAsk(Refused):
    """Nothing was asked for. `field` is where a form says why: amount, lines, why, words, files; "" is all of it."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


class CannotWithdraw(Refused):
    """It is decided already, or withdrawn."""


def most(invoice: Invoice) -> int:
    """The largest sum that can go back from an invoice now, in minor units: what was paid less what went back."""
    return refundable.most(invoice)


def ask(
    *,
    invoice: Invoice,
    why: str,
    words: str,
    files: Files = (),
    by: Person | None,
    key: str,
    now: datetime,
    amount: int | None = None,
    lines: Mapping[int, int] | None = None,
    origin: RefundOrigin = RefundOrigin.CUSTOMER,
    ticket: int | None = None,
) -> RefundRequest:
    """Ask for `amount` back, tax included; or of each line (by its key, 0 is shipping) so much; or for everything.

    One open request an invoice; asked twice with one `key`, once. Raises CannotAsk, CannotKeepFile.
    """
    said = _checked(why, words, files)
    kept = _checked_files(files)
    with transaction.atomic():
        invoice = _lock(invoice.pk)
        known = RefundRequest.objects.filter(key=key[:KEY_LENGTH]).first()
        if known:
            if known.invoice_id != invoice.pk:
                raise CannotAsk("This form was sent for another invoice already. Open it again.")
            return known
        if RefundRequest.objects.filter(invoice=invoice, state=RefundRequestState.OPEN).exists():
            raise CannotAsk(f"A request for {invoice.number} waits for its review already. Withdraw it to ask anew.")
        asked, by_line = _asked(invoice, amount, lines)
        request = RefundRequest.objects.create(
            invoice=invoice, origin=origin, key=key[:KEY_LENGTH], by=by, ticket=ticket, why=why, words=said,
            amount_asked=asked, currency=invoice.currency, lines=by_line, opened_at=now,
        )  # fmt: skip
        failpoint("billing.refund_request.written")
        for name, content in kept:
            private_files.keep_file(content, name, by, now, refund_request=request)
        failpoint("billing.refund_request.files_kept")
        _announce("refund_request.opened", request, now)
        journal.record(by=by, action="billing.ask_refund", subject=request, data=_facts(request), now=now)
    return request


def approve(*, request: RefundRequest, amount: int, by: Person, now: datetime, reason: str = "") -> RefundRequest:
    """Give `amount` back: a credit note, a refund from each payment it comes from, newest first (R99), one mail.

    What was paid by transfer becomes a matter of money for staff. Everything given back also ends the invoice's plan
    and cancels the boxes that have not left. `reason` is read by the customer. Raises CannotDecide.
    """
    _refuse_linked(request, by, now)
    with transaction.atomic():
        request = _open_one(request.pk)
        invoice = request.invoice
        sources = refundable.sources_of(invoice)
        _refuse_amount(invoice, sources, amount)
        given_back.hold_what_follows(invoice)
        note = _credit(request, amount, by, now)
        failpoint("billing.refund_request.credited")
        parts = refundable.parts_of(sources, amount)
        request.by_transfer = _send(request, parts, by, now)
        failpoint("billing.refund_request.queued")
        request.amount_given, request.credit_note = amount, note
        _settle(request, RefundRequestState.APPROVED, by, now, reason=reason)
        refund_mail.approved(request=request, parts=parts, note=note, now=now)
        invoice.refresh_from_db(fields=["refunded", "paid"])
        paid.when_given_back(invoice, now)
        failpoint("billing.refund_request.before_commit")
        journal.record(by=by, action="billing.approve_refund", subject=request, data=_facts(request), now=now)
    return request


def reject(*, request: RefundRequest, reason: str, by: Person, now: datetime) -> RefundRequest:
    """Give nothing back; the customer reads `reason` word for word (U36). Raises CannotDecide."""
    said = _as_written(reason)
    if not said:
        raise CannotDecide("Say why: the customer reads it.")
    _refuse_linked(request, by, now)
    with transaction.atomic():
        request = _open_one(request.pk)
        _settle(request, RefundRequestState.REJECTED, by, now, reason=said)
        refund_mail.rejected(request=request, now=now)
        failpoint("billing.refund_request.rejected")
        journal.record(by=by, action="billing.reject_refund", subject=request, data=_facts(request), now=now)
    return request


def withdraw(*, request: RefundRequest, by: Person | None, now: datetime) -> RefundRequest:
    """Whoever asked does not want it any more; asked twice, once. Raises CannotWithdraw once it is decided."""
    with transaction.atomic():
        _lock(request.invoice_id)
        request = _of(request.pk)
        if request.state == RefundRequestState.WITHDRAWN:
            return request
        if request.state != RefundRequestState.OPEN:
            raise CannotWithdraw(f"{request.number} is {request.get_state_display().lower()} already.")
        _settle(request, RefundRequestState.WITHDRAWN, None, now)
        journal.record(by=by, action="billing.withdraw_refund", subject=request, data=_facts(request), now=now)
    return request


def note_words(request: RefundRequest) -> str:
    """The reason as it stands on the credit note and on each refund."""
    return f"{request.number}: {request.get_why_display()}"


def transfer_key(request: RefundRequest) -> str:
    """Under which the matter of money of its transfer stands."""
    return f"refund_request:{request.pk}"


def _checked(why: str, words: str, files: Files) -> str:
    if why not in RefundReason.values:
        raise CannotAsk("Choose why you want money back.", "why")
    said = words.replace("\x00", "").strip()
    if len(said) > LONGEST_WORDS:
        raise CannotAsk(f"Write at most {LONGEST_WORDS:,} characters.", "words")
    if why == RefundReason.OTHER and not said:
        raise CannotAsk("Say in a few words what happened.", "words")
    if len(files) > MOST_FILES:
        raise CannotAsk(f"Send at most {MOST_FILES} files.", "files")
    return said


def _checked_files(files: Files) -> list[tuple[str, bytes]]:
    """Looked at before the transaction; the same file twice is one."""
    different = {content: name for name, content in reversed(files)}
    kept = [(name, content) for content, name in reversed(different.items())]
    for name, content in kept:
        private_files.check(content, name)
    return kept


def _asked(invoice: Invoice, amount: int | None, lines: Mapping[int, int] | None) -> tuple[int, dict[str, int]]:
    """How much is asked for, and of which lines."""
    largest = most(invoice)
    if not largest:
        raise CannotAsk(refundable.why_nothing(invoice))
    if lines is not None:
        amount = _sum_of_lines(invoice, lines)
    asked = largest if amount is None else amount
    if asked <= 0:
        raise CannotAsk("Enter an amount of more than nothing.", "amount")
    if asked > largest:
        raise CannotAsk(_too_much(invoice, largest), "amount" if lines is None else "lines")
    return asked, {str(pk): part for pk, part in (lines or {}).items()}


def _sum_of_lines(invoice: Invoice, lines: Mapping[int, int]) -> int:
    if not lines:
        raise CannotAsk("Choose at least one line.", "lines")
    left = {part.line.pk if part.line else 0: part for part in credit_note.lines_left(invoice)}
    for pk, wanted in lines.items():
        if pk not in left:
            raise CannotAsk("One of these lines is not on this invoice. Open the form again.", "lines")
        if not 0 < wanted <= left[pk].gross:
            rest = money.shown(max(0, left[pk].gross), invoice.currency)
            raise CannotAsk(f"Of “{left[pk].name}” at most {rest} can go back.", "lines")
    return sum(lines.values())


def _too_much(invoice: Invoice, largest: int) -> str:
    most_words, paid_words = money.shown(largest, invoice.currency), money.shown(invoice.paid, invoice.currency)
    if invoice.refunded:
        gone = money.shown(invoice.refunded, invoice.currency)
        return f"At most {most_words} can go back: {paid_words} was paid for {invoice.number}, and {gone} went back."
    return f"At most {most_words} can go back: {paid_words} was paid for {invoice.number}."


def _refuse_linked(request: RefundRequest, by: Person, now: datetime) -> None:
    """Nobody decides for themselves or an account of theirs (E7, S33). Outside the transaction, so that it is kept."""
    found = RefundRequest.objects.select_related("invoice__customer").get(pk=request.pk)
    linked.refuse_deciding(by, found.invoice.customer, number=found.number, asked_by=found.by_id, now=now)


def _refuse_amount(invoice: Invoice, sources: Sequence[Source], amount: int) -> None:
    largest = sum(source.amount for source in sources)
    if not largest:
        raise CannotDecide(refundable.why_nothing(invoice))
    if amount <= 0:
        raise CannotDecide("Enter an amount of more than nothing.")
    if amount > largest:
        raise CannotDecide(_too_much(invoice, largest))


def _credit(request: RefundRequest, amount: int, by: Person, now: datetime) -> CreditNote | None:
    """The credit note of what goes back, less what was credited or paid too much before. By line, if asked so."""
    invoice = request.invoice
    rest = amount - credit_note.beyond_the_bill(invoice)
    if rest <= 0:
        return None
    by_line = {int(pk): part for pk, part in request.lines.items()} if rest == request.amount_asked else {}
    left = {part.line.pk if part.line else 0: part.gross for part in credit_note.lines_left(invoice)}
    if any(part > left.get(pk, 0) for pk, part in by_line.items()):
        by_line = {}  # something of these lines was credited since
    return credit_note.issue_credit_note(
        invoice=invoice, reason=note_words(request), key=f"request:{request.pk}", by=by, now=now, mails=False,
        amount=None if by_line else rest, lines=by_line or None,
    )  # fmt: skip


def _send(request: RefundRequest, parts: Sequence[tuple[Source, int]], by: Person, now: datetime) -> int:
    """Queue a refund for each card payment. Answers what staff have to send by transfer, which is written down."""
    by_transfer = 0
    for source, part in parts:
        if source.is_transfer:
            refund.book(refund.lock(source.payment.pk), part)
            by_transfer += part
            continue
        try:
            refund.queue(
                payment=source.payment, amount=part, reason=note_words(request),
                key=f"request:{request.pk}:{source.payment.pk}", by=by, not_before=now, now=now, request=request,
            )  # fmt: skip
        except refund.CannotRefund as refusal:
            raise CannotDecide(str(refusal)) from refusal
    if by_transfer:
        _transfer_task(request, parts, by_transfer, now)
    return by_transfer


def _transfer_task(
    request: RefundRequest, parts: Sequence[tuple[Source, int]], by_transfer: int, now: datetime
) -> None:
    payment: Payment = next(source.payment for source, _ in parts if source.is_transfer)
    invoice, amount = request.invoice, money.shown(by_transfer, request.currency)
    came = f" It came with the reference {payment.reference}." if payment.reference else ""
    words = f"Send {amount} to {invoice.customer.name} by bank transfer for {invoice.number} ({request.number}).{came}"
    open_task(kind=MoneyTaskKind.TRANSFER_BACK, key=transfer_key(request), payment=payment, words=words, now=now)


def _settle(
    request: RefundRequest, state: RefundRequestState, by: Person | None, now: datetime, *, reason: str = ""
) -> None:
    request.state, request.decided_by, request.decided_at = state, by, now
    request.reason = _as_written(reason)
    request.save()
    _announce("refund_request.decided", request, now)


def _lock(invoice_id: int) -> Invoice:
    rows = Invoice.objects.select_for_update(of=("self",)).select_related("customer__person", "order")
    return rows.get(pk=invoice_id)


def _of(request_id: int) -> RefundRequest:
    return RefundRequest.objects.select_for_update(of=("self",)).select_related("by").get(pk=request_id)


def _open_one(request_id: int) -> RefundRequest:
    """The request, locked after its invoice as everything about money is. Raises CannotDecide."""
    invoice = _lock(RefundRequest.objects.values_list("invoice_id", flat=True).get(pk=request_id))
    request = _of(request_id)
    if request.state != RefundRequestState.OPEN:
        raise CannotDecide(f"{request.number} is {request.get_state_display().lower()} already.")
    request.invoice = invoice
    return request


def _as_written(reason: str) -> str:
    return reason.replace("\x00", "").strip()[:LONGEST_REASON]


def _announce(type_: str, request: RefundRequest, now: datetime) -> None:
    told = webhook_payloads.refund_request(request)
    announce(type=type_, subject_key=f"refund_request:{request.pk}", data=told, now=now)


def _facts(request: RefundRequest) -> dict:
    return {"invoice": request.invoice_id, "asked": request.amount_asked, "given": request.amount_given}
