"""Settings: the daily review."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import can
from accounts.door import may, saved
from accounts.requests import PersonRequest
from billing.models import Seller
from selfservice.actions import review_rules
from selfservice.actions.review_work import rules as rules_now
from selfservice.choices import Kind
from selfservice.forms.review_rules import ReasonsForm, ReviewRulesForm
from selfservice.models import ReviewReason
from selfservice.review_pages import typable


@require_http_methods(["GET", "HEAD", "POST"])
@may("desk.set_up")
def rules(request: PersonRequest) -> HttpResponseBase:
    """When the review is, above which amounts two people decide, who takes over."""
    form = _rules_form(request, request.POST if request.method == "POST" else None)

    def act(values: dict) -> object:
        return review_rules.save_rules(**values, by=request.user, now=timezone.now())

    refusals = (review_rules.CannotChangeRules,)
    if saved(request, form, act, refusals=refusals, words="Saved. It holds from now on.", field="deputy"):
        return redirect("selfservice:review_rules")
    return _page(request, form=form)


@require_POST
@may("desk.set_up")
def reasons(request: PersonRequest, kind: str) -> HttpResponseBase:
    """The reasons of one kind."""
    if kind not in Kind.values:
        raise Http404
    form = ReasonsForm(request.POST, kind=Kind(kind))

    def act(_: dict) -> object:
        rows = form.reasons()
        return review_rules.save_reasons(kind=Kind(kind), reasons=rows, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(review_rules.CannotChangeRules,), words="Saved. Reviewers see these now."):
        return redirect("selfservice:review_rules")
    return _page(request, refused=form)


def _page(
    request: PersonRequest, *, form: ReviewRulesForm | None = None, refused: ReasonsForm | None = None
) -> HttpResponse:
    shown = form or _rules_form(request, None)
    lists = [refused if refused and refused.kind == kind else _reasons_form(kind) for kind in Kind]
    wrong = refused if refused and refused.errors else shown
    context = {"section": "settings", "here": "review", "rules_form": shown, "lists": lists, "form": wrong}
    return render(request, "selfservice/review/rules.html", context, status=422 if wrong.errors else 200)


def _rules_form(request: PersonRequest, data: object) -> ReviewRulesForm:
    row, seller = rules_now(), Seller.objects.filter(pk=1).first()
    currency = seller.currency if seller else "USD"
    initial = {
        "starts_at": row.starts_at, "deputy": row.deputy_id, "deputy_from": row.deputy_from,
        "credit_policy": row.credit_policy_id, "tax_policy": row.tax_policy_id, "refund_policy": row.refund_policy_id,
        "second_credit_above": typable(row.second_credit_above, currency),
        "second_refund_above": typable(row.second_refund_above, currency),
    }  # fmt: skip
    lost = row.deputy.shown_name if row.deputy and not can(row.deputy, "reviews.decide") else ""
    return ReviewRulesForm(data, initial=initial, currency=currency, lost=lost)


def _reasons_form(kind: Kind) -> ReasonsForm:
    initial: dict[str, str] = {}
    rows = ReviewReason.objects.filter(kind=kind, is_active=True).order_by("position")
    for place, row in enumerate(rows, 1):
        initial |= {f"words{place}": row.words, f"verdict{place}": row.verdict}
    return ReasonsForm(kind=kind, initial=initial)
