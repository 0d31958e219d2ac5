"""Refunds by the people of the desk: at once within the right and the limit, else as a request for the review (R97).

"Agents without permission get the queue, not an error": `ask` is open to everybody who works at the desk.
"""

from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.access import NotAllowed, require
from accounts.choices import Role
from accounts.models import Person
from billing import allowances
from billing.actions import on_ticket, refund, refund_requests, send_back
from billing.actions.money_rights import NO_RIGHT, lock_right, require_right
from billing.actions.send_back import NotByCard
from billing.choices import MoneyRightKind, RefundOrigin, RefundReason
from billing.linked import refuse_linked, refuse_own
from billing.models import Customer, Invoice, Payment, Refund, RefundRequest
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

KEY_LENGTH = 80


class AboveLimit(Refused):
    """More than this person may send back without a review. The message says how much they may, and who decides."""


def give_or_ask(
    *,
    invoice: Invoice,
    amount: int,
    why: RefundReason,
    words: str,
    ticket: int | None,
    by: Person,
    key: str,
    now: datetime,
) -> list[Refund] | RefundRequest:
    """Refund at once what `by` may refund at once; everything else goes to the review. What the desk's button does."""
    if allowances.has_right(by, MoneyRightKind.REFUND):
        # It is tried first, since only `give` knows under its locks whether this very form was done already.
        try:
            return give(invoice=invoice, amount=amount, why=why, words=words, ticket=ticket, by=by, key=key, now=now)
        except (AboveLimit, NotByCard):
            pass
    return ask(invoice=invoice, amount=amount, why=why, words=words, ticket=ticket, by=by, key=key, now=now)


def give(
    *,
    invoice: Invoice,
    amount: int,
    why: RefundReason,
    words: str,
    ticket: int | None,
    by: Person,
    key: str,
    now: datetime,
) -> list[Refund]:
    """Send `amount` back to the cards that paid, at once; the customer is mailed. Sent twice with one `key`, done once.

    Raises NotAllowed without the right (and the journal keeps it, E3), LinkedAccount, AboveLimit, CannotRefund.
    """
    refuse_who_may_not(customer=invoice.customer, by=by, now=now)
    whole = _key(by, key)
    with transaction.atomic():
        told = on_ticket.hold(ticket)
        if not lock_right(by, MoneyRightKind.REFUND):
            raise NotAllowed(NO_RIGHT)
        invoice = send_back.lock(invoice.pk)
        done = list(Refund.objects.filter(key__startswith=f"{whole}:", payment__invoice=invoice).order_by("pk"))
        if done:
            return done
        _refuse_above(invoice, amount, by, now)
        said = " ".join(words.replace("\x00", "").split())[:255]
        shown, label = money.shown(amount, invoice.currency), RefundReason(why).label
        line = f"{by.shown_name} sent {shown} of {invoice} back: {label}. {said}".strip()
        on_ticket.tell(told, line, by=by, now=now)
        sent = send_back.to_cards(invoice=invoice, amount=amount, reason=label, key=whole, by=by, now=now)
        failpoint("billing.agent_refund.queued")
        data = {"amount": amount, "why": why, "ticket": ticket, "words": said}
        subject = f"billing.invoice:{invoice.pk}"
        journal.record(by=by, action="billing.agent_refund", subject=subject, data=data, now=now)
    return sent.refunds


def give_of_payment(*, payment: Payment, amount: int, reason: str, by: Person, key: str, now: datetime) -> Refund:
    """As `give`, of one payment and without a credit note: for programs, which write those by themselves.

    Raises NotAllowed, LinkedAccount, AboveLimit, CannotRefund.
    """
    refuse_who_may_not(customer=payment.invoice.customer, by=by, now=now)
    with transaction.atomic():
        if not lock_right(by, MoneyRightKind.REFUND):
            raise NotAllowed(NO_RIGHT)
        if not Refund.objects.filter(key=key).exists():
            _refuse_above(payment.invoice, amount, by, now)
        return refund.queue(payment=payment, amount=amount, reason=reason, key=key, by=by, not_before=now, now=now)


def ask(
    *,
    invoice: Invoice,
    amount: int,
    why: RefundReason,
    words: str,
    ticket: int | None,
    by: Person,
    key: str,
    now: datetime,
) -> RefundRequest:
    """Put the refund before the review, as `by`'s request, whom the database lets decide nothing about it (E7).

    Raises NotAllowed for whoever does not work at the desk, LinkedAccount, CannotAsk.
    """
    require(by, "money.give", invoice, now=now)
    refuse_own(by, invoice.customer, what="a refund", now=now)
    return refund_requests.ask(
        invoice=invoice, amount=amount, why=why, words=words, by=by, key=_key(by, key), now=now,
        origin=RefundOrigin.AGENT, ticket=ticket,
    )  # fmt: skip


def refuse_who_may_not(*, customer: Customer, by: Person, now: datetime) -> None:
    """Raise NotAllowed without the right (E3), LinkedAccount for an account that is linked to the staff (E8).

    Both are written down: call it outside a transaction. A program's request is one, so its view calls this before.
    """
    require_right(by, MoneyRightKind.REFUND, customer, now=now)
    refuse_linked(by, customer, what="a refund", now=now)


def _key(by: Person, key: str) -> str:
    """Nobody meets another's key."""
    return f"{allowances.DESK_KEY}{by.pk}:{key[:KEY_LENGTH]}"


def _fits(invoice: Invoice, amount: int, by: Person, now: datetime) -> bool:
    left = allowances.refund_left(by, invoice.customer, now)
    return amount <= left and invoice.currency == allowances.currency()


def _refuse_above(invoice: Invoice, amount: int, by: Person, now: datetime) -> None:
    if _fits(invoice, amount, by, now):
        return
    left = allowances.refund_left(by, invoice.customer, now)
    decides = f"Ask for this refund: {allowances.who_may(Role.REVIEWER, but=by)} decides in the review."
    if invoice.currency != allowances.currency():
        raise AboveLimit(f"Limits are kept in {allowances.currency()}. {decides}")
    most, rest = allowances.shown(allowances.limits_of(by).refund_most), money.shown(left, invoice.currency)
    raise AboveLimit(
        f"You may send {rest} more back to {invoice.customer.name} by yourself, of {most} in 30 days. {decides}"
    )
