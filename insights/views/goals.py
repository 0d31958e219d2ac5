"""What support is for: the page that everybody reads once, and where an admin writes it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from insights import costs
from insights import queries_goals as reading
from insights.actions import goals as acting
from insights.forms_programmes import GoalsForm
from insights.models import Goal
from insights.refusals import Refused
from knowledgebase.access import named_to
from supportdesk.lib.audience import staff_only


@require_safe
@staff_only
def page(request: PersonRequest) -> HttpResponse:
    """The words, the figures of last month, and the budget beside what was spent."""
    now, row = timezone.now(), reading.goals()
    sees_costs = can(request.user, "insights.see")
    context = {
        "section": "insights", "here": "goals", "goals": row, "html": reading.html_of(row, request.user), "now": now,
        "reached": reading.reached(now), "last": reading.last_month(now),
        "article": named_to(request.user, row.article),
        "has_read": not row.version or reading.has_read(request.user, row),
        "budget": reading.budget_lines(now) if sees_costs else [], "costs": costs.rules(),
        "may_set_up": can(request.user, "desk.set_up"), "sees_costs": sees_costs,
    }  # fmt: skip
    return render(request, "insights/goals.html", context)


@require_POST
@staff_only
def confirm(request: PersonRequest) -> HttpResponse:
    """I read this."""
    typed = request.POST.get("version", "")
    version = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
    done(
        request, lambda: acting.confirm(version=version, by=request.user, now=timezone.now()),
        refusals=(Refused,), words="Thank you. You will find this page under Insights.",
    )  # fmt: skip
    return redirect("insights:goals")


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: PersonRequest) -> HttpResponse:
    """Write the words and set the figures."""
    row, now = reading.goals(), timezone.now()
    initial = {"article": row.article_id, "text": row.text, **dict(Goal.objects.values_list("figure", "target"))}
    form = GoalsForm(request.POST if request.method == "POST" else None, initial=initial, by=request.user)

    def change(entered: dict) -> None:
        words = {name: entered[name] for name in ("text", "article", "asks_again")}
        acting.write(**words, targets=form.targets(), by=request.user, now=now)

    if saved(request, form, change, refusals=(Refused,), words="This is what everybody reads.", field="text"):
        return redirect("insights:goals")
    context = {"section": "settings", "here": "goals", "form": form, "goals": row}
    return render(request, "insights/goals_form.html", context, status=422 if form.errors else 200)
