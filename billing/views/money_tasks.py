"""Staff: matters of money that a person has to look after, and disputes that a bank wants an answer to."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import may
from accounts.requests import PersonRequest
from billing.actions import disputes, money_tasks
from billing.models import Dispute, MoneyTask
from billing.refusals import Refused

SHOWN = 100


@dataclass(frozen=True)
class Refusal:
    """What was not done, at which field, and what was typed there."""

    field: str
    words: str
    typed: str


@require_safe
@may("money.see")
def money_task_list(request: PersonRequest) -> HttpResponse:
    """What is open, newest first, and what was closed last."""
    return _page(request)


@require_POST
@may("money.look_after", on=MoneyTask)
def close_money_task(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Somebody has looked after it."""
    task, outcome = get_object_or_404(MoneyTask, pk=pk), request.POST.get("outcome", "")
    try:
        money_tasks.close_task(task=task, outcome=outcome, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, refusal=Refusal(f"outcome-{pk}", str(refusal), outcome))
    messages.success(request, "Closed.")
    return redirect("billing:money_tasks")


@require_POST
@may("money.look_after", on=Dispute)
def answer_dispute(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Send the bank our side, or give the money up."""
    dispute, now = get_object_or_404(Dispute.objects.select_related("payment"), pk=pk), timezone.now()
    words = request.POST.get("words", "")
    try:
        if request.POST.get("give_up"):
            disputes.accept(dispute=dispute, by=request.user, now=now)
            messages.success(request, "The money was given up. The invoice is open again.")
        else:
            disputes.answer(dispute=dispute, words=words, by=request.user, now=now)
            messages.success(request, "Sent to the bank. It decides within weeks; nothing is refunded until then.")
    except Refused as refusal:
        return _page(request, refusal=Refusal(f"words-{pk}", str(refusal), words))
    return redirect("billing:money_tasks")


def _page(request: PersonRequest, *, refusal: Refusal | None = None) -> HttpResponse:
    rows = MoneyTask.objects.select_related("payment__invoice__customer", "refund", "dispute", "closed_by")
    context = {
        "section": "money",
        "open_tasks": list(rows.filter(closed_at__isnull=True).order_by("-opened_at", "-pk")[:SHOWN]),
        "closed_tasks": list(rows.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")[:20]),
        "may_close": can(request.user, "money.look_after"),
        "disputes_over": disputes.OVER,
        "refusal": refusal,
    }
    return render(request, "billing/money_tasks.html", context, status=409 if refusal else 200)
