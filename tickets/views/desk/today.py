"""The start of the day: sources, one's tickets, what to hand over. In this order, each morning, for everybody."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import key_of, may
from accounts.models import Person
from accounts.requests import PersonRequest
from tickets.access import NotFound, ticket_for
from tickets.actions.start_of_day import runs
from tickets.models import Breach, DayRun, DeskDay
from tickets.open_days import DeskClock, desk_clock
from tickets.queries_desk import sources as checks
from tickets.queries_desk import start_of_day as shown
from tickets.refusals import Refused
from tickets.source_choices import RunState
from tickets.views.desk.pages import complain, say

LONGEST_TYPED = 10_000


@require_safe
@may("tickets.see")
def today(request: PersonRequest) -> HttpResponse:
    """Where one's own start of the day stands, and everybody's."""
    return _page(request)


def _page(
    request: PersonRequest, *, problems: list[str] | None = None, typed: str = "", trouble: dict[str, Any] | None = None
) -> HttpResponse:
    now = timezone.now()
    clock = desk_clock()
    day = shown.day_on(clock.day_of(now))
    context: dict[str, Any] = {"section": "today", "now": now, "day": day, "on": clock.day_of(now), "zone": clock.zone}
    context |= {"problems": problems or [], "trouble": trouble or {}, "is_open": clock.opens_on(clock.day_of(now))}
    if day is not None:
        context |= _of(request, day, now)
        context["typed"] = typed or (context["run"].handover if context["run"] else "")
    else:
        context |= _before(request, clock, now)
    wrong = bool(problems or trouble)
    response = render(request, "tickets/desk/today.html", context, status=422 if wrong else 200)
    response["Cache-Control"] = "no-store"
    return response


def _before(request: PersonRequest, clock: DeskClock, now: datetime) -> dict[str, Any]:
    """While there is no day: how the last one was, and what the next one begins with."""
    next_on = clock.open_day_after(clock.day_of(now))
    coming = DeskDay(on=next_on, begins_at=clock.at(next_on), ends_at=clock.ends(next_on))
    seen = checks.standings(coming, now)
    return {
        "next_on": next_on,
        "last": DeskDay.objects.filter(on__lt=clock.day_of(now)).order_by("-on").first(),
        "due": shown.shown_count(shown.capped_count(shown.due_for(coming, request.user))),
        "sources": seen,
        "clear": sum(one.is_clear for one in seen),
    }


def _of(request: PersonRequest, day: DeskDay, now: datetime) -> dict[str, Any]:
    everybody = shown.runs_of(day)
    run = next((one for one in everybody if one.person_id == request.user.pk), None)
    seen = checks.standings(day, now)
    items = shown.items_of(day, run, now) if run else None
    clear = sum(one.is_clear for one in seen)
    return {
        "runs": everybody,
        "run": run,
        "standing": shown.standing_of(everybody),
        "sources": seen,
        "clear": clear,
        "items": items,
        "handed_over": shown.handed_over(day),
        "is_done": run is not None and run.done_at is not None,
        "may_work": can(request.user, "tickets.work"),
        "there": [one for one in everybody if one.state != RunState.EXCUSED],
        "is_captain": day.captain_id == request.user.pk,
    }


@require_POST
@may("tickets.work")
def begin(request: PersonRequest) -> HttpResponse:
    """One's start of the day begins."""
    try:
        runs.begin(by=request.user, now=timezone.now())
    except Refused as refusal:
        complain(request, refusal)
    return redirect("desk:today")


@require_POST
@may("tickets.work")
def finish(request: PersonRequest) -> HttpResponse:
    """One's start of the day is done, or it says what stands in the way."""
    typed = request.POST.get("handover", "")[:LONGEST_TYPED]
    try:
        run = runs.finish(by=request.user, handover=typed, now=timezone.now())
    except runs.CannotFinish as refusal:
        return _page(request, problems=refusal.problems, typed=typed)
    except Refused as refusal:
        complain(request, refusal)
    else:
        say(request, "Your start of the day is done." if run.state == RunState.DONE else "Done, later than planned.")
    return redirect("desk:today")


@require_POST
@may("tickets.work")
def captain(request: PersonRequest) -> HttpResponse:
    """Who leads today."""
    found = Person.objects.filter(pk=key_of(request.POST.get("captain")) or 0).first()
    try:
        if found is None:
            raise runs.CannotLead("Choose somebody who is there today.")
        runs.choose_captain(captain=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, trouble={"at": "captain", "words": str(refusal)})
    say(request, f"{found.shown_name} is the captain of today.")
    return redirect("desk:today")


@require_POST
@may("tickets.work")
def later(request: PersonRequest, pk: int) -> HttpResponse:
    """What one does today about a ticket that is left from before."""
    ticket, typed = ticket_for(request.user, pk), request.POST.get("words", "")[:LONGEST_TYPED]
    try:
        runs.put_off(ticket=ticket, words=typed, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, trouble={"at": ticket.pk, "words": str(refusal), "typed": typed[:300]})
    return redirect("desk:today")


@require_safe
@may("tickets.see")
def report(request: HttpRequest, on: str) -> HttpResponse:
    """One day as it was: who did it when, what they saw of each source, what was left lying."""
    day = shown.day_on(_date(on))
    if day is None:
        raise NotFound
    everybody = shown.runs_of(day)
    left = Breach.objects.filter(breached_at__gte=day.begins_at, breached_at__lt=day.ends_at)
    context = {
        "section": "today",
        "now": timezone.now(),
        "day": day,
        "runs": [(one, _minutes(one)) for one in everybody],
        "standing": shown.standing_of(everybody),
        "checks": shown.checks_of(day),
        "later": shown.put_off_on(day),
        "breaches": left.select_related("ticket", "person").order_by("breached_at", "pk")[:200],
        "before": DeskDay.objects.filter(on__lt=day.on).order_by("-on").first(),
        "after": DeskDay.objects.filter(on__gt=day.on).order_by("on").first(),
    }
    return render(request, "tickets/desk/today_report.html", context)


def _minutes(run: DayRun) -> int | None:
    if run.began_at is None or run.done_at is None:
        return None
    return round((run.done_at - run.began_at).total_seconds() / 60)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error
