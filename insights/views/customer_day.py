"""Customer Day: one's own day from the invitation to what it taught, and everybody's."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import done, saved
from accounts.requests import PersonRequest
from insights import queries_customer_day as reading
from insights.actions import customer_day as acting
from insights.actions import observations
from insights.forms_programmes import BookForm, BuddyForm, DebriefForm, ObservationForm
from insights.models import CustomerDay
from insights.programme_choices import LOOK_AFTER, DayState
from insights.queries_cards import cards_of
from insights.refusals import Refused
from supportdesk.lib.audience import staff_only
from tickets.refusals import Refused as TicketsRefused

REFUSALS = (Refused, TicketsRefused)
QUICK = 5


@require_safe
@staff_only
def overview(request: PersonRequest) -> HttpResponse:
    """My day of this quarter, what is mine to follow up, and how the quarters go."""
    now = timezone.now()
    context = {
        "section": "insights", "here": "customer_day", "now": now, "mine": reading.my_day(request.user, now=now),
        "rules": reading.rules(), "quarters": reading.last_quarters(now=now),
        "owned": reading.open_observations(request.user), "observations": reading.open_observations(),
        "left_over": reading.left_over(now), "states": DayState,
        "may_set_up": can(request.user, "desk.set_up"),
    }  # fmt: skip
    return render(request, "insights/customer_days.html", context)


@require_safe
@staff_only
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One person's day."""
    return _page(request, _day(pk))


@require_POST
@staff_only
def book(request: PersonRequest, pk: int) -> HttpResponse:
    """Hold it on a day."""
    day, form = _day(pk), BookForm(request.POST)

    def act(entered: dict) -> None:
        acting.book(day=day, on=entered["date"], by=request.user, now=timezone.now())

    return _answer(request, day, form, act, "Booked. Read the briefing before the day.", field="date")


@require_POST
@staff_only
def buddy(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody else accompanies the day."""
    day = _day(pk)
    form = BuddyForm(request.POST, people=reading.buddies(day.person))

    def act(entered: dict) -> None:
        acting.choose_buddy(day=day, buddy=entered["buddy"], by=request.user, now=timezone.now())

    return _answer(request, day, form, act, "Your buddy was told.", field="buddy")


@require_POST
@staff_only
def tick(request: PersonRequest, pk: int) -> HttpResponse:
    """The briefing was read; these lines are ticked."""
    lines = {int(one) for one in request.POST.getlist("line") if one.isascii() and one.isdigit() and len(one) < 4}
    return _pressed(request, _day(pk), lambda **who: acting.tick(lines=lines, **who), "Kept.")


@require_POST
@staff_only
def begin(request: PersonRequest, pk: int) -> HttpResponse:
    """It is the day."""
    return _pressed(request, _day(pk), acting.begin, "Your day has begun. Take one card at a time.")


@require_POST
@staff_only
def find_cards(request: PersonRequest, pk: int) -> HttpResponse:
    """More cards."""
    return _pressed(request, _day(pk), acting.find_cards, "Looked for cards that suit you.")


@require_POST
@staff_only
def observe(request: PersonRequest, pk: int) -> HttpResponse:
    """Write an observation down."""
    day, form = _day(pk), ObservationForm(request.POST)

    def act(entered: dict) -> None:
        observations.observe(day=day, **entered, by=request.user, now=timezone.now())

    return _answer(request, day, form, act, "Written down, and its owner was told.", field="words")


@require_POST
@staff_only
def debrief(request: PersonRequest, pk: int) -> HttpResponse:
    """It is over."""
    day, form = _day(pk), DebriefForm(request.POST)

    def act(entered: dict) -> None:
        acting.debrief(day=day, learned=entered["learned"], by=request.user, now=timezone.now())

    return _answer(request, day, form, act, "Thank you. Your observations are followed up.", field="learned")


def _day(pk: int) -> CustomerDay:
    rows = CustomerDay.objects.select_related("person", "buddy")
    day = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if day is None:
        raise Http404
    return day


def _pressed(request: PersonRequest, day: CustomerDay, act: Callable[..., Any], words: str) -> HttpResponse:
    done(request, lambda: act(day=day, by=request.user, now=timezone.now()), refusals=REFUSALS, words=words)
    return redirect("insights:customer_day_of", day.pk)


def _answer(
    request: PersonRequest, day: CustomerDay, form: forms.Form, act: Callable[[dict], None], words: str, *, field: str
) -> HttpResponse:
    is_valid = form.is_valid()
    if saved(request, form, act, refusals=REFUSALS, words=words, field=field):
        return redirect("insights:customer_day_of", day.pk)
    return _page(request, _day(day.pk), typed=form, status=409 if is_valid else 422)


def _page(
    request: PersonRequest, day: CustomerDay, *, typed: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    now, may_change = timezone.now(), acting.may_change(request.user, day)
    is_to_come = day.state in reading.STILL_TO_COME
    free = reading.free_days(day, now=now) if may_change and is_to_come else []
    people = reading.buddies(day.person) if may_change and is_to_come and day.date else []
    context = {
        "section": "insights", "here": "customer_day", "now": now, "day": day, "form": typed,
        "rules": reading.rules(), "may_change": may_change, "is_own": day.person_id == request.user.pk,
        "is_to_come": is_to_come, "free": free[:QUICK],
        "cards": cards_of(day) if can(request.user, "tickets.see") else [],
        "observations": list(day.observations.select_related("owner").order_by("n")),
        "is_their_turn": day.date is not None and day.date == reading.today(now), "states": DayState,
        "is_reviewed": is_to_come and acting.needs_review(day.person), "may_look_after": can(request.user, LOOK_AFTER),
        "book_form": _or(typed, BookForm, lambda: BookForm(initial={"date": day.date or day.proposed_for})),
        "buddy_form": _or(typed, BuddyForm, lambda: BuddyForm(people=people, initial={"buddy": day.buddy_id})),
        "people": people,
        "observation_form": _or(typed, ObservationForm, ObservationForm),
        "debrief_form": _or(typed, DebriefForm, DebriefForm),
        "checklist": [(number, line, number in day.ticked) for number, line in enumerate(day.checklist)],
        "title": f"Customer Day of {day.person.shown_name}", "quarter": day.quarter_words,
        "date_words": date_format(day.date, "l, j F Y") if day.date else "",
    }  # fmt: skip
    return render(request, "insights/customer_day.html", context, status=status)


def _or(typed: forms.Form | None, kind: type[forms.Form], fresh: Callable[[], forms.Form]) -> forms.Form:
    """The form that was sent and refused, else a fresh one."""
    return typed if isinstance(typed, kind) else fresh()
