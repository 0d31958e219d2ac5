"""Credit on account: asked for, a low limit at once, and what a reviewer decides (R25 to R27).

An answer locks the invoices of what waits, then the customer, the boxes, the request; asking locks the customer and
then the request. Nothing here reaches the network.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from django.db import transaction

from accounts import journal
from accounts.models import Organisation, Person
from billing import announce, applications, credit, linked, webhook_payloads
from billing.actions import credit_holds, credit_mail, customers, private_files
from billing.actions.credit_holds import locked_customer, locked_with_what_waits
from billing.choices import CreditOrigin, CreditRequestState, CreditState
from billing.credit import HeldOrder
from billing.models import CreditRequest, Customer, Order, Seller
from billing.refusals import CannotDecide, Refused
from mail.addresses import one_line
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

LONGEST_REASON = 500
MOST_FILES = 5
DECIDED = {
    CreditRequestState.RAISED: "approved",
    CreditRequestState.KEPT: "answered: the limit stays",
    CreditRequestState.CLOSED: "closed",
    CreditRequestState.REJECTED: "rejected",
    CreditRequestState.WITHDRAWN: "withdrawn",
}


class CannotApply(Refused):
    """Nothing was asked for; the sentence says why."""


class Incomplete(CannotApply):
    """Something that is needed was left out (R25): no limit is given. `missing` says each in a sentence."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(missing[0])
        self.missing = list(missing)


def apply_for(*, organisation: Organisation | None, by: Person, now: datetime, **application) -> CreditRequest:
    """As `apply`, for the organisation, or for the person alone; they become a customer if they are none yet."""
    with transaction.atomic():
        customer = customers.customer_of(person=by, organisation=organisation, now=now)
        return apply(customer=customer, by=by, now=now, **application)


def apply(
    *,
    customer: Customer,
    answers: Mapping[str, object],
    by: Person,
    address_from: str,
    files: Sequence[tuple[str, bytes]] = (),
    key: str,
    now: datetime,
) -> CreditRequest:
    """Ask by the signed form. A customer without credit gets the starter limit at once; all others keep what they have.

    `answers` are those of `applications.questions`, `limit` and `monthly` in minor units; `address_from` is where it
    was signed; `files` are pairs of a name and its bytes. The same `key` is the same request. It takes the place of a
    request that an order made. Raises Incomplete, CannotApply, CannotKeepFile; then there is no limit.
    """
    _check_application(answers, files)
    with transaction.atomic():
        customer = locked_customer(customer.pk)
        known = CreditRequest.objects.filter(key=key).first()
        if known:
            return known if known.customer_id == customer.pk else _refuse("This page belongs to somebody else.")
        _make_room(customer, now)
        before, limit = customer.credit_limit, _whole(answers["limit"])
        is_new = customer.credit_state == CreditState.NONE
        request = CreditRequest.objects.create(
            customer=customer, origin=CreditOrigin.FORM, key=key, by=by, asked_for=limit, currency=customer.currency,
            answers=dict(answers), signer_name=one_line(str(answers["signer_name"]), 120),
            signer_title=one_line(str(answers["signer_title"]), 120), signed_from=address_from, limit_before=before,
            order=next((one.order for one in credit.held_orders(customer)), None), opened_at=now,
        )  # fmt: skip
        failpoint("billing.credit.asked")
        _keep_files(request, files, by, now)
        if is_new:
            customer.credit_state, customer.credit_limit = CreditState.PROVISIONAL, _starter_limit(customer)
        customer.is_po_required = customer.is_po_required or answers.get("purchase_orders") == "yes"
        customer.save(update_fields=["credit_state", "credit_limit", "is_po_required"])
        credit_mail.tell_asked(request=request, given=customer.credit_limit if is_new else None, now=now)
        _announce("credit_request.opened", request, now)
        failpoint("billing.credit.before_commit")
        data = {"asked_for": limit, "limit": customer.credit_limit}
        journal.record(by=by, action="billing.apply_for_credit", subject=request, data=data, now=now)
    return request


def order_over_limit(*, order: Order, now: datetime) -> CreditRequest:
    """An order went past the limit: have somebody look, unless a request is open already.

    Belongs in the transaction of the order, which holds the customer's row and has its invoice.
    """
    customer = order.customer
    request, is_new = CreditRequest.objects.get_or_create(
        customer=customer,
        state=CreditRequestState.OPEN,
        defaults={
            "origin": CreditOrigin.ORDER, "key": f"order:{order.pk}:{order.credit_requests.count()}", "order": order,
            "by": order.placed_by,
            "asked_for": credit.exposure(customer), "currency": customer.currency,
            "limit_before": customer.credit_limit, "opened_at": now,
        },
    )  # fmt: skip
    if is_new:
        _announce("credit_request.opened", request, now)
    elif request.order_id is None:
        request.order = order
        request.save(update_fields=["order"])
    credit_mail.tell_waits(request=request, held=HeldOrder(order, order.invoice.due), now=now)
    return request


def withdraw(*, request: CreditRequest, by: Person, now: datetime) -> CreditRequest:
    """Take a request back before it is decided. A limit that came with it goes, too. Raises CannotDecide."""
    with transaction.atomic():
        request, customer = _open(request)
        is_starter = request.origin == CreditOrigin.FORM and request.limit_before == 0
        if is_starter and customer.credit_state == CreditState.PROVISIONAL:
            customer.credit_state, customer.credit_limit = CreditState.NONE, 0
            customer.save(update_fields=["credit_state", "credit_limit"])
        request.state, request.decided_at = CreditRequestState.WITHDRAWN, now
        request.save(update_fields=["state", "decided_at"])
        _announce("credit_request.decided", request, now)
        journal.record(by=by, action="billing.withdraw_credit", subject=request, now=now)
    return request


def raise_limit(
    *, request: CreditRequest, limit: int, by: Person, now: datetime, seen_at: datetime | None = None
) -> CreditRequest:
    """Give this limit, in minor units. Every held order that now fits goes on, oldest first (R26, R27).

    `seen_at` is when the reviewer decided: an order that came later and does not fit is looked at by itself.
    Raises CannotDecide.
    """
    _refuse_linked(request, by, now)
    if not 0 < limit <= money.MOST:
        raise CannotDecide(f"A limit is more than nothing and at most {money.shown(money.MOST, request.currency)}.")
    with transaction.atomic():
        request, customer = _open(request)
        customer.credit_state, customer.credit_limit = CreditState.APPROVED, limit
        customer.save(update_fields=["credit_state", "credit_limit"])
        request.limit_given = limit
        released = credit_holds.release_fitting(customer=customer, by=by, now=now)
        failpoint("billing.credit.released")
        waiting = credit_holds.still_held(customer, released)
        _decide(request, CreditRequestState.RAISED, "", by, now)
        credit_mail.tell_decided(request=request, released=released, waiting=waiting, now=now)
        _look_at_later_ones(waiting, seen_at, now)
        _finish(request, by, {"limit": limit, "released": credit_holds.numbers_of(released)}, now)
    return request


def keep(
    *, request: CreditRequest, reason: str, by: Person, now: datetime, seen_at: datetime | None = None
) -> CreditRequest:
    """The limit stays. What is held stays held, and the mail leads to paying it. Raises CannotDecide."""
    _refuse_linked(request, by, now)
    with transaction.atomic():
        request, customer = _open(request)
        waiting = credit.held_orders(customer)
        _decide(request, CreditRequestState.KEPT, _reason(reason), by, now)
        credit_mail.tell_decided(request=request, waiting=waiting, now=now)
        _look_at_later_ones(waiting, seen_at, now)
        _finish(request, by, {"limit": customer.credit_limit, "waiting": credit_holds.numbers_of(waiting)}, now)
    return request


def close(*, request: CreditRequest, reason: str, by: Person, now: datetime) -> CreditRequest:
    """No more on account. What is owed stays owed, and what is held can be paid (R26). Raises CannotDecide."""
    _refuse_linked(request, by, now)
    with transaction.atomic():
        request, customer = _open(request)
        before, waiting = customer.credit_limit, credit.held_orders(customer)
        customer.credit_state, customer.credit_limit = CreditState.CLOSED, 0
        customer.save(update_fields=["credit_state", "credit_limit"])
        _decide(request, CreditRequestState.CLOSED, _reason(reason), by, now)
        credit_mail.tell_decided(request=request, waiting=waiting, now=now)
        _finish(request, by, {"limit_before": before, "waiting": credit_holds.numbers_of(waiting)}, now)
    return request


def reject(
    *, request: CreditRequest, reason: str, by: Person, now: datetime, seen_at: datetime | None = None
) -> CreditRequest:
    """No. Held orders are cancelled and their invoices withdrawn (R27); the limit stays as it is. Raises CannotDecide.

    An order that was paid meanwhile stands. One that came after `seen_at` is looked at by itself.
    """
    _refuse_linked(request, by, now)
    words = _reason(reason)
    with transaction.atomic():
        request, customer = _open(request)
        held = credit.held_orders(customer)
        seen = [one for one in held if seen_at is None or one.order.placed_at <= seen_at]
        cancelled = [one for one in seen if _take_back(one, request, words, by, now)]
        failpoint("billing.credit.taken_back")
        _decide(request, CreditRequestState.REJECTED, words, by, now)
        credit_mail.tell_decided(request=request, cancelled=cancelled, now=now)
        _look_at_later_ones(held, seen_at, now)
        _finish(request, by, {"cancelled": credit_holds.numbers_of(cancelled)}, now)
    return request


def _take_back(one: HeldOrder, request: CreditRequest, words: str, by: Person, now: datetime) -> bool:
    key = f"credit_request:{request.pk}:{one.order.pk}"
    try:
        return credit_holds.take_back(order=one.order, reason=words[:255], key=key, by=by, now=now)
    except credit_holds.CannotTakeBack:
        return False


def _check_application(answers: Mapping[str, object], files: Sequence[tuple[str, bytes]]) -> None:
    missing = applications.missing(answers)
    if missing:
        raise Incomplete(missing)
    if not 0 < _whole(answers["limit"]) <= money.MOST:
        raise CannotApply("Enter a limit of more than nothing.")
    if len(files) > MOST_FILES:
        raise CannotApply(f"Send {MOST_FILES} files at most.")
    for name, content in files:
        private_files.check(content, name)


def _make_room(customer: Customer, now: datetime) -> None:
    """One request at a time; the form says more than an order does, so it takes that one's place."""
    rows = CreditRequest.objects.filter(customer=customer, state=CreditRequestState.OPEN)
    if rows.filter(origin=CreditOrigin.FORM).exists():
        raise CannotApply("You have asked already, and it is waiting for its review. Withdraw it to ask anew.")
    credit_holds.end_orders_request(customer=customer, why="The application takes its place.", now=now)


def _starter_limit(customer: Customer) -> int:
    """What the seller gives at once, in the seller's currency: nothing to those who buy in another one."""
    seller = Seller.objects.filter(pk=1).first()
    return seller.starter_credit_limit if seller and seller.currency == customer.currency else 0


def _keep_files(request: CreditRequest, files: Sequence[tuple[str, bytes]], by: Person, now: datetime) -> None:
    for name, content in files:
        private_files.keep_file(content, name, by, now, credit_request=request)


def _open(request: CreditRequest) -> tuple[CreditRequest, Customer]:
    """The request and its customer, both locked, after what waits. Raises CannotDecide when it is not open any more."""
    customer = locked_with_what_waits(request.customer_id)
    found = CreditRequest.objects.select_for_update(of=("self",)).select_related("decided_by", "by").get(pk=request.pk)
    if found.state != CreditRequestState.OPEN:
        by = f" by {found.decided_by.shown_name}" if found.decided_by else ""
        raise CannotDecide(f"{found.number} was {DECIDED[CreditRequestState(found.state)]}{by} already.")
    found.customer = customer
    return found, customer


def _refuse_linked(request: CreditRequest, by: Person, now: datetime) -> None:
    """Nobody decides for an account of their own; who tries is written down (E7, S33)."""
    linked.refuse_deciding(by, request.customer, number=request.number, asked_by=request.by_id, now=now)


def _reason(text: str) -> str:
    words = " ".join(text.replace("\x00", "").split())
    if not words:
        raise CannotDecide("Say why: the customer reads it.")
    if len(words) > LONGEST_REASON:
        raise CannotDecide(f"Say it in {LONGEST_REASON} characters.")
    return words


def _decide(request: CreditRequest, state: CreditRequestState, reason: str, by: Person, now: datetime) -> None:
    request.state, request.reason, request.decided_by, request.decided_at = state, reason, by, now
    request.save(update_fields=["state", "reason", "decided_by", "decided_at", "limit_given"])


def _look_at_later_ones(waiting: Sequence[HeldOrder], seen_at: datetime | None, now: datetime) -> None:
    """Orders that came after the reviewer looked were not decided about: they make a request of their own."""
    for one in waiting:
        if seen_at is not None and one.order.placed_at > seen_at:
            order_over_limit(order=one.order, now=now)


def _finish(request: CreditRequest, by: Person, data: dict, now: datetime) -> None:
    _announce("credit_request.decided", request, now)
    failpoint("billing.credit.decided")
    journal.record(by=by, action=f"billing.credit_{request.state}", subject=request, data=data, now=now)


def _announce(type: str, request: CreditRequest, now: datetime) -> None:
    data = webhook_payloads.credit_request(request)
    announce.announce(type=type, subject_key=f"credit_request:{request.pk}", data=data, now=now)


def _whole(answer: object) -> int:
    return answer if type(answer) is int else 0


def _refuse(words: str) -> NoReturn:
    raise CannotApply(words)
