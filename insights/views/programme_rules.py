"""How Customer Day is held: its rules, and which article answers which contact reason."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.door import may, saved
from accounts.requests import PersonRequest
from insights.actions.programme_rules import change_customer_day
from insights.actions.programme_rules import cover as cover_reason
from insights.forms_programmes import CoverForm, CustomerDayRulesForm
from insights.models import ReasonCover
from insights.queries_cards import covered_reasons
from insights.queries_customer_day import rules as read_rules
from tickets.models import ContactReason
from tickets.queries_desk.reasons import all_reasons


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def customer_day(request: PersonRequest) -> HttpResponse:
    """Whether, with which briefing, and for whom."""
    form = CustomerDayRulesForm(request.POST if request.method == "POST" else None, of=read_rules(), by=request.user)

    def change(entered: dict) -> None:
        change_customer_day(**entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(), words="Customer Day is held this way from now on."):
        return redirect("insights:customer_day_rules")
    context = {"section": "settings", "here": "customer_day", "form": form}
    return render(request, "insights/customer_day_rules.html", context, status=422 if form.errors else 200)


@may("desk.set_up")
@require_safe
def covers(request: PersonRequest) -> HttpResponse:
    """Every contact reason, the article that answers it, and whether it is about money."""
    known = {row.reason_id: row for row in ReasonCover.objects.select_related("article")}
    covered = covered_reasons().articles
    lines = [{"reason": one, "cover": known.get(one.pk), "suits": one.pk in covered} for one in all_reasons()]
    context = {"section": "settings", "here": "customer_day", "lines": lines, "suits": len(covered)}
    return render(request, "insights/covers.html", context)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def cover(request: PersonRequest, pk: int) -> HttpResponse:
    """One of them."""
    reason = ContactReason.objects.select_related("parent").filter(pk=pk).first() if 0 < pk < 2**63 else None
    if reason is None:
        raise Http404
    known = ReasonCover.objects.filter(reason=reason).first()
    initial = {"article": known.article_id, "is_money": known.is_money} if known else None
    form = CoverForm(request.POST if request.method == "POST" else None, initial=initial, by=request.user)

    def change(entered: dict) -> None:
        cover_reason(reason=reason, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(), words=f"Saved for “{reason.name}”."):
        return redirect("insights:covers")
    context = {"section": "settings", "here": "customer_day", "form": form, "reason": reason}
    return render(request, "insights/cover.html", context, status=422 if form.errors else 200)
