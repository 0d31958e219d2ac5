"""Contact drivers: what one takes, which figures there are of all, and what hides in “other”."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import can
from accounts.door import may, saved
from accounts.requests import PersonRequest
from insights import costs, queries_problem_page, queries_problems
from insights.actions import drivers as acting
from insights.actions.problems import LOOK_AFTER
from insights.desk import desk_zone
from insights.forms_problems import DriverForm
from insights.models import Driver, Problem
from insights.months import back, month_of
from insights.refusals import Refused
from supportdesk.lib import csv_files

MONTHS = 12


@may("insights.see")
@require_http_methods(["GET", "HEAD", "POST"])
def driver(request: PersonRequest, pk: int) -> HttpResponse:
    """One driver: its months and friction, its problems, and what the desk says of it."""
    reason, now = queries_problem_page.reason_of(pk), timezone.now()
    if reason is None:
        raise Http404
    counts = queries_problems.read_counts(now)
    known = counts.tree.drivers.get(reason.pk) or Driver(reason=reason, is_other=counts.tree.is_other(reason.pk))
    form = DriverForm(request.POST or None, driver=known)

    def act(entered: dict) -> None:
        acting.describe_driver(reason=reason, **entered, by=request.user, now=now)

    if saved(request, form, act, refusals=(Refused,), words="Costs of this reason count with it."):
        return redirect("insights:driver", reason.pk)
    months = back(month_of(now, desk_zone()), MONTHS)
    context = {
        "section": "insights", "here": "problems", "driver": reason, "form": form, "rules": costs.rules(),
        "name": counts.tree.names[reason.pk], "minutes": counts.minutes_of(reason.pk),
        "measured": counts.minutes.get(reason.pk), "cost": round(counts.cost([reason.pk])),
        "lately": counts.lately([reason.pk]).contacts, "months": queries_problem_page.months_of(reason, months),
        "problems": Problem.objects.filter(driver=reason).select_related("owner").order_by("-pk"),
        "may_change": can(request.user, LOOK_AFTER),
    }  # fmt: skip
    return render(request, "insights/driver.html", context, status=422 if form.errors else 200)


@may("insights.see")
@require_safe
def other(request: PersonRequest) -> HttpResponse:
    """Which words contacts of “other” share: what may be a reason of its own."""
    now = timezone.now()
    context = {
        "section": "insights", "here": "problems", "share": queries_problems.share_of_other(now),
        "alert": queries_problems.OTHER_ALERT, "groups": queries_problem_page.groups_of_other(now=now),
        "may_set_up": can(request.user, "desk.set_up"),
    }  # fmt: skip
    return render(request, "insights/other_contacts.html", context)


@may("insights.see")
@require_safe
def reasons_csv(request: PersonRequest) -> HttpResponse:
    """The table of drivers as it stands on the page, friction included."""
    now = timezone.now()
    months = back(month_of(now, desk_zone()), MONTHS)
    last, tree = queries_problem_page.last_whole_month(now), queries_problems.read_tree()
    hard = {one.driver: one for one in queries_problem_page.friction(last, tree)}
    head = [
        "reason", *(f"{month:%Y-%m}" for month in months), "minutes a contact", "cost of 28 days in cents",
        "share of cost", "together", "contacts in 28 days before", "contacts in 28 days now", "problem", "owner",
        "state", "fix", "fixed on", "median replies", "90% replies", "hand-offs a contact",
    ]  # fmt: skip
    lines = []
    for row in queries_problems.driver_rows(months, now):
        one = hard.get(row.driver)
        took = [one.replies_p50, one.replies_p90, round(one.hand_offs, 2)] if one else [None] * 3
        lines.append([
            row.name, *row.contacts, row.minutes, row.cost, round(row.share, 4), round(row.cumulative, 4), row.before,
            row.now, row.problem or "", row.owner, row.state, row.fix,
            row.fixed_on.isoformat() if row.fixed_on else "", *took,
        ])  # fmt: skip
    return csv_files.answer(f"reasons-{months[0]:%Y-%m}-{months[-1]:%Y-%m}", head, lines)
