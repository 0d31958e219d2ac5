"""Flows at the desk: whose turn it is, one case with its history, and which follow-ups work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import Role
from accounts.door import may
from accounts.requests import PersonRequest
from knowledgebase.access import articles_for
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from tickets.access import NotFound, ticket_for
from tickets.actions.flows import by_hand
from tickets.actions.flows.moving import CannotBegin
from tickets.actions.flows.owners import may_act
from tickets.flow_choices import WANTS_DATE, CountsFrom
from tickets.models import Case, CaseTask, Flow
from tickets.queries_desk import cases as shown
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, form_page, go, say

FORM = ["GET", "HEAD", "POST"]
LONGEST_TYPED = 2000
LARGEST = 2**31
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Trouble:
    """What was refused: the field's id, and the sentence beside it."""

    field: str
    words: str


@require_safe
@may("tickets.see")
def case_list(request: PersonRequest) -> HttpResponse:
    """Whose turn it is: what is overdue stands first."""
    given, now = request.GET, timezone.now()
    wanted = shown.Wanted(
        flow=_word(given.get("flow")), stage=_word(given.get("stage")), mine=given.get("whose") == "mine",
        ended=given.get("whose") == "ended",
    )  # fmt: skip
    rows = shown.cases(request.user, wanted, now)
    context = {
        "section": "flows",
        "rows": rows[: shown.MOST],
        "has_more": len(rows) > shown.MOST,
        "wanted": wanted,
        "whose": given.get("whose") if given.get("whose") in ("mine", "ended") else "all",
        "stages": [] if wanted.ended else shown.stages_of(wanted.flow),
        "flows": Flow.objects.order_by("name"),
        "tasks": [] if wanted.ended else shown.tasks_of(request.user),
        "now": now,
    }
    return render(request, "tickets/desk/flows/list.html", context)


@require_safe
@may("tickets.see")
def report(request: PersonRequest) -> HttpResponse:
    """Who followed up, when, and how many customers went on (D10)."""
    now, key = timezone.now(), _word(request.GET.get("flow"))
    flow = Flow.objects.filter(key=key).first() if key else None
    by_role, by_delay = shown.follow_ups(flow=flow, since=now - YEAR, until=now)
    reasons = shown.lost_reasons(flow=flow, since=now - YEAR, until=now)
    context = {"section": "flows", "by_role": by_role, "by_delay": by_delay, "reasons": reasons, "flow": flow}
    return render(request, "tickets/desk/flows/report.html", context | {"flows": Flow.objects.order_by("name")})


@require_safe
@may("tickets.see")
def case(request: PersonRequest, pk: int) -> HttpResponse:
    """One case: where it is, what there is to do, and what happened."""
    return _page(request, pk)


def _page(request: PersonRequest, pk: int, trouble: Trouble | None = None) -> HttpResponse:
    found = _case(pk)
    is_lead = not request.user.roles.isdisjoint({Role.LEAD, Role.ADMIN})
    context = {
        "section": "flows",
        "case": found,
        "acts": found.is_live and may_act(request.user, found),
        "decides": found.is_live and is_lead and found.scope_said_by_id is not None,
        "said_it": found.scope_said_by_id == request.user.pk,
        "wants_date": found.stage.exit_on in WANTS_DATE,
        "may_change_date": found.is_live and found.stage.due_from == CountsFrom.DATE,
        "stages": shown.visits_of(found),
        "tasks": shown.tasks_on(found),
        "events": shown.events_of(found),
        "how": articles_for(request.user).filter(pk=found.stage.how_id).first() if found.stage.how_id else None,
        "templates": _templates(request) if found.scope_said_by_id else [],
        "trouble": trouble,
        "typed": {name: value[:LONGEST_TYPED] for name, value in request.POST.items()},
        "now": timezone.now(),
    }
    return render(request, "tickets/desk/flows/case.html", context, status=422 if trouble else 200)


Verb = Callable[[Case, int, datetime], object]


def _acted(request: PersonRequest, pk: int, act: Verb, field: str, words: str) -> HttpResponse:
    """Do one thing to a case. A refusal shows the page again with what was typed; loaded anew, it is the case."""
    if request.method != "POST":
        return redirect("desk:case", pk)
    found = _case(pk)
    try:
        act(found, _number(request.POST.get("visit")), timezone.now())
    except Refused as refusal:
        return _page(request, pk, Trouble(field, str(refusal)))
    messages.success(request, words)
    return redirect("desk:case", pk)


@require_http_methods(FORM)
@may("tickets.work")
def take(request: PersonRequest, pk: int) -> HttpResponse:
    """I do it."""
    return _acted(
        request, pk, lambda found, visit, now: by_hand.take(case=found, visit=visit, by=request.user, now=now),
        "take", "It is yours.",
    )  # fmt: skip


@require_http_methods(FORM)
@may("tickets.work")
def go_on(request: PersonRequest, pk: int) -> HttpResponse:
    """The stage is done."""

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.go_on(
            case=found, visit=visit, date_on=_day(request.POST.get("date")), date_words=_text(request, "words"),
            by=request.user, now=now,
        )  # fmt: skip

    return _acted(request, pk, act, "go-date", "It goes on.")


@require_http_methods(FORM)
@may("tickets.work")
def change_date(request: PersonRequest, pk: int) -> HttpResponse:
    """There is another date."""

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.change_date(
            case=found, visit=visit, date_on=_day(request.POST.get("new_date")), by=request.user, now=now,
            date_words=_text(request, "new_words"),
        )  # fmt: skip

    return _acted(request, pk, act, "new-date", "The customer is told the new date.")


@require_http_methods(FORM)
@may("tickets.work")
def give_up(request: PersonRequest, pk: int) -> HttpResponse:
    """It is lost."""

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.give_up(case=found, visit=visit, reason=_text(request, "reason"), by=request.user, now=now)

    return _acted(request, pk, act, "lost-reason", "The case is lost. The report counts the reason.")


@require_http_methods(FORM)
@may("tickets.work")
def out_of_scope(request: PersonRequest, pk: int) -> HttpResponse:
    """We do not do this, I think."""

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.say_out_of_scope(case=found, visit=visit, why=_text(request, "why"), by=request.user, now=now)

    return _acted(request, pk, act, "scope-why", "Leads are asked. Until one agrees, nothing is declined.")


@require_http_methods(FORM)
@may("tickets.work")
def keep(request: PersonRequest, pk: int) -> HttpResponse:
    """We do it after all."""

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.keep_in_scope(case=found, visit=visit, by=request.user, now=now)

    return _acted(request, pk, act, "decline-template", "It goes on where it was.")


@require_http_methods(FORM)
@may("tickets.work")
def decline(request: PersonRequest, pk: int) -> HttpResponse:
    """A lead agrees that we do not do this."""
    key = _number(request.POST.get("template"))
    template = next((one for one in _templates(request) if one.pk == key), None)

    def act(found: Case, visit: int, now: datetime) -> None:
        by_hand.decline(
            case=found, visit=visit, template=template, alternatives=_text(request, "alternatives"), by=request.user,
            now=now,
        )  # fmt: skip

    field = "decline-alternatives" if template else "decline-template"
    return _acted(request, pk, act, field, "The customer is told, with what they can do instead.")


@require_http_methods(FORM)
@may("tickets.work")
def do_task(request: PersonRequest, pk: int) -> HttpResponse:
    """A task is done."""
    rows = CaseTask.objects.select_related("role", "case__role")
    task = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if task is None:
        raise NotFound
    if request.method != "POST":
        return redirect("desk:case", task.case_id)
    try:
        by_hand.do_task(task=task, outcome=_text(request, f"outcome-{pk}"), by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, task.case_id, Trouble(f"task-{pk}", str(refusal)))
    messages.success(request, "Done.")
    return redirect("desk:case", task.case_id)


@require_http_methods(FORM)
@may("tickets.work")
def begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Choose a flow and begin it on this ticket."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    refusal = ""
    if request.method == "POST":
        flow = shown.flows_to_begin().filter(key=_word(request.POST.get("flow"))).first()
        try:
            if flow is None:
                raise CannotBegin("Choose a flow from the list.")
            by_hand.begin_by_hand(flow=flow, ticket=ticket, by=request.user, now=timezone.now())
        except Refused as found:
            refusal = str(found)
        else:
            say(request, f"{flow.name} began on ticket {ticket.pk}.")
            return go(place.ticket_address(ticket.pk))
    context = {
        "ticket": ticket,
        "place": place,
        "flows": shown.flows_to_begin(),
        "section": "inbox",
        "refusal": refusal,
    }
    back = place.ticket_address(ticket.pk)
    response = form_page(request, "tickets/desk/flows/begin.html", context | {"back": back})
    response.status_code = 422 if refusal else 200
    return response


def _case(pk: int) -> Case:
    found = shown.case_of(pk)
    if found is None:
        raise NotFound
    return found


def _templates(request: PersonRequest) -> list[Article]:
    """Published templates that name alternatives, which this person reads."""
    rows = articles_for(request.user).published().filter(kind=ArticleKind.TEMPLATE).select_related("published")
    needs = "{%s}" % by_hand.ALTERNATIVES  # noqa: UP031 - braces
    return list(rows.filter(published__markdown__contains=needs).order_by("title", "pk")[:100])


def _text(request: PersonRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:LONGEST_TYPED]


def _word(text: str | None) -> str:
    return (text or "").replace("\x00", "")[:40]


def _number(text: str | None) -> int:
    """A plain whole number that the database holds, 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 and int(text) < LARGEST else 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None
