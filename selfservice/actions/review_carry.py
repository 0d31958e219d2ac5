"""What a decision does once it can no longer be undone: one verb of billing for each."""

from datetime import datetime
from typing import Any

from billing import credit, linked
from billing.actions import certificates, credit_requests, refund_requests
from billing.refusals import Refused as BillingRefused
from selfservice.choices import Kind, Verdict
from selfservice.models import Decision
from selfservice.refusals import Refused
from selfservice.review_kinds import SORTS
from supportdesk.lib import money


class Overtaken(Refused):
    """Billing could not do it: somebody withdrew, paid or refunded meanwhile. The message says what.

    Its cause is billing's refusal; the caller rolls back, and calls `remember`.
    """


def carry(decision: Decision, *, now: datetime) -> str:
    """Do it, inside the caller's transaction, and say in a sentence what came of it. Raises Overtaken."""
    sort = SORTS[Kind(decision.kind)]
    row: Any = sort.model._default_manager.get(pk=decision.subject)
    doer = {Kind.CREDIT: _credit, Kind.TAX: _tax, Kind.REFUND: _refund}[Kind(decision.kind)]
    try:
        if decision.second:  # billing looks at whoever decided; the second person may be linked since, too
            number, customer = decision.number, sort.customer_of(row)
            linked.refuse_deciding(decision.second, customer, number=number, asked_by=row.by_id, now=now)
        return doer(decision, row, now)
    except BillingRefused as refusal:
        raise Overtaken(str(refusal)) from refusal


def remember(overtaken: Overtaken, *, now: datetime) -> None:
    """What has to stay of a decision that was rolled back: that somebody decided about an account of their own."""
    if isinstance(overtaken.__cause__, linked.DecidesOwn):
        linked.keep_flag(overtaken.__cause__, now)


def most(kind: Kind, row: Any) -> int:
    """The largest amount that can be given, in minor units."""
    return refund_requests.most(row.invoice) if kind == Kind.REFUND else money.MOST


def has(kind: Kind, row: Any) -> int:
    """What an approval has to be more than, in minor units: giving less than they have is no approval."""
    return credit.limit_of(row.customer) if kind == Kind.CREDIT else 0


def _credit(decision: Decision, row: Any, now: datetime) -> str:
    # An order that came after the reviewer had looked is not decided unseen.
    by, seen = decision.by, decision.decided_at
    if decision.verdict == Verdict.APPROVE:
        credit_requests.raise_limit(request=row, limit=decision.amount or 0, by=by, now=now, seen_at=seen)
        return f"The limit is {_shown(decision)}."
    if decision.verdict == Verdict.KEEP:
        credit_requests.keep(request=row, reason=decision.reason, by=by, now=now, seen_at=seen)
        return "The limit stays as it was."
    if decision.verdict == Verdict.CLOSE:
        credit_requests.close(request=row, reason=decision.reason, by=by, now=now)
        return "The account is closed for credit."
    credit_requests.reject(request=row, reason=decision.reason, by=by, now=now, seen_at=seen)
    return "The held order is cancelled."


def _tax(decision: Decision, row: Any, now: datetime) -> str:
    by = decision.by
    if decision.verdict == Verdict.APPROVE:
        certificates.approve(certificate=row, valid_until=decision.valid_until, by=by, now=now)
        until = f"{decision.valid_until:%-d %B %Y}" if decision.valid_until else ""
        return f"It counts until {until}." if until else "It counts, and does not end."
    certificates.reject(certificate=row, reason=decision.reason, by=by, now=now)
    return "What they buy from now on is taxed."


def _refund(decision: Decision, row: Any, now: datetime) -> str:
    by = decision.by
    if decision.verdict == Verdict.APPROVE:
        refund_requests.approve(request=row, amount=decision.amount or 0, by=by, now=now)
        return f"{_shown(decision)} is on its way."
    refund_requests.reject(request=row, reason=decision.reason, by=by, now=now)
    return "Nothing was refunded."


def _shown(decision: Decision) -> str:
    return money.shown(decision.amount or 0, decision.currency)
