"""Problems: what they cost, who sees to them, what was fixed, and whom to tell."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from insights import costs, queries_problem_page, queries_problems
from insights.actions import announcing
from insights.actions import problems as acting
from insights.desk import desk_zone
from insights.forms_problems import AgainForm, AnnounceForm, EffortForm, FixedForm, PlanForm, ProblemForm
from insights.models import Problem
from insights.months import back, month_of
from insights.problem_choices import FIXED, ProblemState
from insights.refusals import Refused
from knowledgebase.access import named_to

REFUSALS = (Refused,)
FORM = ["GET", "HEAD", "POST"]
CHART_MONTHS = 12
SHOWN_DRIVERS = 20


@may("insights.see")
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Every problem, and every driver by what it costs."""
    now = timezone.now()
    month = queries_problem_page.last_whole_month(now)
    counts = queries_problems.read_counts(now)
    tree, rows = counts.tree, queries_problems.table(now, counts=counts)
    covering = queries_problem_page.covering_articles()
    months = back(month_of(now, desk_zone()), CHART_MONTHS)
    asked = [row for row in queries_problems.driver_rows(months, now, counts=counts) if row.now]
    shown = asked if "all" in request.GET else asked[:SHOWN_DRIVERS]
    context = {
        "section": "insights", "here": "problems", "rows": rows, "rules": costs.rules(), "month": month,
        "overlooked": [row for row in rows if row.is_overlooked],
        "drivers": shown, "more": len(asked) - len(shown),
        "top": next((row.driver for row in shown if row.is_unowned), 0),
        "friction": {one.driver: one for one in queries_problem_page.friction(month, tree)},
        "covering": {key: one for key, one in covering.items() if named_to(request.user, one)},
        "coverage": queries_problem_page.coverage(month, tree, covering),
        "other": queries_problems.share_of_other(now, counts=counts), "other_alert": queries_problems.OTHER_ALERT,
        "guess": queries_problem_page.trained_guess(), "may_change": can(request.user, acting.LOOK_AFTER),
    }  # fmt: skip
    return render(request, "insights/problems.html", context)


@may("insights.see")
@require_safe
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One problem."""
    return _page(request, _problem(pk))


@may(acting.LOOK_AFTER)
@require_http_methods(FORM)
def plan(request: PersonRequest, pk: int) -> HttpResponse:
    """Plan a fix for a driver: opens its problem where there is none."""
    driver = queries_problem_page.reason_of(pk)
    if driver is None:
        raise Http404
    known = Problem.objects.filter(driver=driver).exclude(state__in=FIXED).first()
    start = (
        {"title": known.title, "owner": known.owner_id, "fix": known.fix, "planned_for": known.planned_for}
        if known
        else {}
    )
    form = PlanForm(request.POST or None, initial={"title": f"People ask about {driver.name}", **start})
    made: list[Problem] = []

    def act(entered: dict) -> None:
        made.append(acting.plan_fix(driver=driver, **entered, by=request.user, now=timezone.now()))

    if saved(request, form, act, refusals=REFUSALS, words="The fix is planned."):
        return redirect("insights:problem", made[0].pk)
    counts = queries_problems.read_counts(timezone.now())
    reasons = counts.tree.below.get(driver.pk, {driver.pk})
    context = {
        "section": "insights", "here": "problems", "driver": driver, "name": counts.tree.names.get(driver.pk, ""),
        "form": form, "lately": counts.lately(reasons).contacts, "cost": round(counts.cost(reasons)),
        "rules": costs.rules(),
    }  # fmt: skip
    return render(request, "insights/plan_fix.html", context, status=422 if form.errors else 200)


@may(acting.LOOK_AFTER)
@require_POST
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Owner, cause, workaround, state."""
    problem = _problem(pk)
    form = ProblemForm(request.POST, problem=problem, person=request.user)
    return _answer(request, problem, "form", form, lambda entered: acting.change(
        problem=problem, **entered, by=request.user, now=timezone.now()
    ), "Kept.")  # fmt: skip


@may(acting.LOOK_AFTER)
@require_POST
def fixed(request: PersonRequest, pk: int) -> HttpResponse:
    """It was changed."""
    problem, form, now = _problem(pk), FixedForm(request.POST), timezone.now()
    today = now.astimezone(desk_zone()).date()
    return _answer(request, problem, "fixed_form", form, lambda entered: acting.fixed(
        problem=problem, **entered, today=today, by=request.user, now=now
    ), "Written down. Contacts are counted from that day on.")  # fmt: skip


@may(acting.LOOK_AFTER)
@require_POST
def again(request: PersonRequest, pk: int) -> HttpResponse:
    """The fix was none."""
    problem, form = _problem(pk), AgainForm(request.POST)
    return _answer(request, problem, "again_form", form, lambda entered: acting.open_again(
        problem=problem, **entered, by=request.user, now=timezone.now()
    ), "Open again.")  # fmt: skip


@may(acting.LOOK_AFTER)
@require_POST
def effort(request: PersonRequest, pk: int) -> HttpResponse:
    """Engineering spent time on it."""
    problem, form = _problem(pk), EffortForm(request.POST)
    return _answer(request, problem, "effort_form", form, lambda entered: acting.note_effort(
        problem=problem, on=entered["on"], minutes=form.minutes, words=entered["words"], by=request.user,
        now=timezone.now(),
    ), "Noted.")  # fmt: skip


@may(acting.LOOK_AFTER)
@require_POST
def link_many(request: PersonRequest, pk: int) -> HttpResponse:
    """Link the tickets of its driver."""
    problem, now = _problem(pk), timezone.now()
    tickets = list(queries_problem_page.not_linked(problem, now=now)[: acting.MOST_LINKED])
    done(
        request, lambda: acting.link_many(problem=problem, tickets=tickets, by=request.user, now=now),
        refusals=REFUSALS, words="Linked. Their customers hear of the fix.",
    )  # fmt: skip
    return redirect("insights:problem", pk)


@may(acting.LOOK_AFTER)
@require_http_methods(FORM)
def announce(request: PersonRequest, pk: int) -> HttpResponse:
    """Write to everybody who is linked, after seeing whom it reaches."""
    problem = _problem(pk)
    start = {"text": f"Good news: {problem.fix}\n\nYou asked us about this, so we wanted you to know.", "closes": True,
             "key": uuid.uuid4().hex}  # fmt: skip
    form = AnnounceForm(request.POST or None, initial=start)

    def act(entered: dict) -> None:
        announcing.announce(
            problem=problem, text=entered["text"], closes=entered["closes"], form_key=entered["key"],
            by=request.user, now=timezone.now(),
        )  # fmt: skip

    if saved(request, form, act, refusals=REFUSALS, words="On its way: one message on each ticket.", field="text"):
        return redirect("insights:problem", pk)
    context = {
        "section": "insights", "here": "problems", "problem": problem, "form": form,
        "hearing": queries_problem_page.who_would_hear(problem),
    }  # fmt: skip
    return render(request, "insights/announce_fix.html", context, status=422 if form.errors else 200)


def _problem(pk: int) -> Problem:
    problem = queries_problem_page.problem_of(pk)
    if problem is None:
        raise Http404
    return problem


def _answer(
    request: PersonRequest, problem: Problem, name: str, form: Any, act: Callable[[dict], object], words: str
) -> HttpResponse:
    if saved(request, form, act, refusals=REFUSALS, words=words):
        return redirect("insights:problem", problem.pk)
    return _page(request, _problem(problem.pk), **{name: form})


def _page(request: PersonRequest, problem: Problem, **forms: Any) -> HttpResponse:
    now = timezone.now()
    today = now.astimezone(desk_zone()).date()
    counts = queries_problems.read_counts(now)
    before, after = queries_problems.sides(problem, counts)
    offered = {
        "form": ProblemForm(problem=problem, person=request.user),
        "fixed_form": FixedForm(initial={"fix": problem.fix, "fixed_on": today}),
        "again_form": AgainForm(),
        "effort_form": EffortForm(initial={"on": today}),
    }
    months = back(month_of(now, desk_zone()), CHART_MONTHS)
    context = {
        "section": "insights", "here": "problems", "problem": problem, "rules": costs.rules(),
        "row": queries_problems.row_of(problem, counts), "name": counts.tree.names.get(problem.driver_id, ""),
        "before": before, "after": after, "minutes": counts.minutes_of(problem.driver_id),
        "is_fixed": problem.state in FIXED, "states": ProblemState, "today": today,
        "bars": queries_problem_page.bars(problem, months, counts.tree),
        "linked": queries_problem_page.linked(problem),
        "moves": problem.moves.select_related("by").order_by("-pk")[:50],
        "efforts": problem.efforts.select_related("by").order_by("-on", "-pk")[:50],
        "announcements": queries_problem_page.announcements(problem),
        "unlinked": len(queries_problem_page.not_linked(problem, now=now)[: acting.MOST_LINKED]),
        "may_change": can(request.user, acting.LOOK_AFTER), **offered, **forms,
    }  # fmt: skip
    return render(request, "insights/problem.html", context, status=422 if forms else 200)
