"""Whether two people decide (S33), however an amount is split."""

from datetime import timedelta

from django.db.models import Sum

from billing.models import Customer, RefundRequest
from selfservice.choices import DecisionState, Kind, Verdict
from selfservice.models import Decision, ReviewRules, ReviewSession

TOGETHER = timedelta(hours=24)


def is_needed(decision: Decision, customer: Customer, rules: ReviewRules) -> bool:
    """Whether a second person has to agree to this approval of something of `customer`; False for every no.

    A limit counts as it stands, since raising it in steps ends at the same sum. Refunds to one customer count with what
    the same reviewer gave them alone within a day. Belongs in the transaction that writes the decision.
    """
    if decision.amount is None:
        return False
    if decision.kind == Kind.CREDIT:
        return decision.amount > rules.second_credit_above
    if decision.kind == Kind.REFUND:
        return decision.amount + _given_alone(decision, customer) > rules.second_refund_above
    return False


def _given_alone(decision: Decision, customer: Customer) -> int:
    """What the reviewer of `decision` gave `customer` back in the day before it, nobody else agreeing. Minor units.

    Their session is locked, so that two windows of theirs decide one after the other.
    """
    list(ReviewSession.objects.select_for_update(no_key=True).filter(pk=decision.session_id).values_list("pk"))
    given = Decision.objects.filter(
        by=decision.by_id, decided_at__gt=decision.decided_at - TOGETHER, kind=Kind.REFUND, verdict=Verdict.APPROVE,
        state__in=(DecisionState.WAITING, DecisionState.DONE), second__isnull=True,
        subject__in=RefundRequest.objects.filter(invoice__customer=customer).values("pk"),
    ).exclude(pk=decision.pk)  # fmt: skip
    return given.aggregate(all=Sum("amount"))["all"] or 0
