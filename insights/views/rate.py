"""A customer says how it went: without a login, once. Opening the page records nothing (S37, S38)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from insights import access
from insights.actions import rate as rating
from insights.forms import RatingForm
from insights.models import Survey, SurveyRules
from insights.refusals import Refused
from supportdesk.lib.audience import public
from supportdesk.lib.private_pages import private


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """The questions, with the choice of the mail's link ticked; what is sent counts, what is looked at does not."""
    survey, rules, now = access.survey_by_token(token), SurveyRules.objects.get(pk=1), timezone.now()
    if rating.closes_at(survey) <= now:
        return _page(request, token, survey, None, status=410)
    if request.method != "POST":
        is_change = "change" in request.GET or "csat" in request.GET
        if survey.answered_at and not is_change:
            return _page(request, token, survey, None)
        return _page(request, token, survey, RatingForm(initial=_shown(request, survey), asks_effort=rules.asks_effort))
    form = RatingForm(request.POST, asks_effort=rules.asks_effort)
    if not form.is_valid():
        return _page(request, token, survey, form, status=422)
    try:
        rating.rate(survey=survey, **form.entered(), now=now)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, token, survey, form, status=409)
    return redirect("insights:rate", token)


def _shown(request: HttpRequest, survey: Survey) -> dict:
    """What was said before, else what the link of the mail stands for. A strange number ticks nothing."""
    wanted = request.GET.get("csat", "")
    csat = int(wanted) if wanted in ("1", "2", "3", "4", "5") else survey.csat
    solved = {True: "yes", False: "no", None: ""}[survey.is_solved]
    return {"csat": csat, "ces": survey.ces, "is_solved": solved, "comment": survey.comment}


def _page(
    request: HttpRequest, token: str, survey: Survey, form: RatingForm | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "survey": survey,
        "ticket": survey.ticket,
        "form": form,
        "token": token,
        "is_over": status == 410,
        "closes_at": rating.closes_at(survey),
    }
    return render(request, "insights/rate.html", context, status=status)
