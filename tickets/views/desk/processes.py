"""Processes on tickets: the panel beside a ticket, its steps, a newer version, and whose turn it is."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed, can, require
from accounts.door import may
from accounts.requests import PersonRequest
from knowledgebase.access import articles_for, may_write, spaces_for
from knowledgebase.models import Article
from knowledgebase.refusals import Refused as WikiRefused
from supportdesk.lib.audience import staff_only
from tickets.access import NotFound, run_for, run_step_for, ticket_for
from tickets.actions import processes
from tickets.actions.articles import begin_process
from tickets.actions.processes.stepping import NotYourStep, note_attempt
from tickets.models import RunStep, Ticket
from tickets.queries_desk import processes as shown
from tickets.queries_desk.accompanied import held_on
from tickets.queries_desk.case_panel import case_panel
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, complain, form_page, go, say, worker_only

FORM = ["GET", "HEAD", "POST"]
PANEL = "panel-process"
LONGEST_TYPED = 2000


@require_safe
@may("tickets.see")
def panel(request: PersonRequest, pk: int) -> HttpResponse:
    """What is done on a ticket and what comes next: for htmx alone, a page for everybody else."""
    return _panel(request, ticket_for(request.user, pk))


def _panel(
    request: PersonRequest, ticket: Ticket, *, status: int = 200, focus: int = 0, trouble: dict | None = None
) -> HttpResponse:
    now = timezone.now()
    cards = shown.cards_of(ticket, request.user, now)
    works = shown.works(request.user) and shown.is_open(ticket)
    context = {
        "ticket": ticket,
        "place": Place.of(request),
        "section": "inbox",
        "cards": cards,
        "held": held_on(ticket) if getattr(ticket, "held_mark", None) else [],
        "may_start": works,
        "may_write": can(request.user, "articles.write"),
        "suggested": shown.suggested(request.user, ticket) if works else [],
        "focus": focus,
        "focus_panel": bool(focus)
        and not trouble
        and not any(line.is_up and line.mine for card in cards if card.run.pk == focus for line in card.lines),
        "trouble": trouble or {},
        "now": now,
        **case_panel(ticket, request.user, now),
    }
    part = request.headers.get("HX-Request") == "true"
    response = render(request, f"tickets/desk/{'_process_panel' if part else 'process'}.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(FORM)
@may("processes.work")
def start(request: PersonRequest, pk: int) -> HttpResponse:
    """Choose a process and begin it on this ticket."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    if request.method == "POST":
        article = _article(request)
        try:
            processes.start_run(ticket=ticket, article=article, by=request.user, now=timezone.now())
        except Refused as refusal:
            complain(request, refusal)
        else:
            say(request, f"“{article.title}” runs on ticket {ticket.pk}.")
        return go(place.ticket_address(ticket.pk))
    fits = [one.pk for one in shown.suggested(request.user, ticket)]
    found = sorted(shown.processes_for(request.user, ticket), key=lambda one: one.pk not in fits)
    context = {"ticket": ticket, "place": place, "found": found, "fits": fits, "section": "inbox"}
    return form_page(request, "tickets/desk/process_start.html", context | {"back": place.ticket_address(ticket.pk)})


def _article(request: PersonRequest) -> Article:
    key = request.POST.get("process", "")
    known = articles_for(request.user)
    found = known.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
    if found is None:
        raise NotFound
    return found


@require_http_methods(FORM)
@may("articles.write")
def from_ticket(request: PersonRequest, pk: int) -> HttpResponse:
    """Begin a process of the wiki with what was done on this ticket (D11)."""
    ticket = ticket_for(request.user, pk)
    spaces = [one for one in spaces_for(request.user) if not one.is_public_side and may_write(request.user, one)]
    chosen = next((one for one in spaces if str(one.pk) == request.POST.get("space")), spaces[0] if spaces else None)
    if request.method == "POST":
        try:
            draft = begin_process(ticket=ticket, space=chosen, by=request.user, now=timezone.now())
        except (Refused, WikiRefused, NotAllowed) as refusal:
            complain(request, refusal)
            return go(Place.of(request).ticket_address(ticket.pk))
        return redirect("wiki:draft", draft.pk)
    place = Place.of(request)
    context = {"ticket": ticket, "place": place, "spaces": spaces, "section": "inbox"}
    return form_page(request, "tickets/desk/process_from.html", context | {"back": place.ticket_address(ticket.pk)})


Verb = Callable[[RunStep, datetime], object]


@require_POST
@may("tickets.see")
def claim(request: PersonRequest, pk: int) -> HttpResponse:
    """I do it."""
    return _act(request, pk, lambda step, now: processes.claim(step=step, by=request.user, now=now))


@require_POST
@may("tickets.see")
def finish(request: PersonRequest, pk: int) -> HttpResponse:
    """It is done."""
    evidence = request.POST.get("evidence", "")[:LONGEST_TYPED]
    return _act(request, pk, lambda step, now: processes.finish(step=step, by=request.user, evidence=evidence, now=now))


@require_POST
@may("tickets.see")
def skip(request: PersonRequest, pk: int) -> HttpResponse:
    """It is not needed here."""
    reason = request.POST.get("reason", "")[:LONGEST_TYPED]
    return _act(request, pk, lambda step, now: processes.skip(step=step, by=request.user, reason=reason, now=now))


@require_POST
@may("tickets.see")
def hand_back(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody else does it."""
    return _act(request, pk, lambda step, now: processes.hand_back(step=step, by=request.user, now=now))


@require_POST
@may("tickets.see")
def take_back(request: PersonRequest, pk: int) -> HttpResponse:
    """It was ticked by mistake."""
    return _act(request, pk, lambda step, now: processes.take_back(step=step, by=request.user, now=now))


def _act(request: PersonRequest, pk: int, verb: Verb) -> HttpResponse:
    """Do it and answer with the panel, or where the form stood. A refusal stands at the step, with what was typed."""
    now = timezone.now()
    require(request.user, "processes.work", now=now)
    step = run_step_for(request.user, pk)
    trouble: dict = {}
    try:
        verb(step, now)
    except NotYourStep:
        note_attempt(step, by=request.user, now=now)
        raise
    except Refused as refusal:
        typed = {name: request.POST.get(name, "")[:LONGEST_TYPED] for name in ("evidence", "reason")}
        at = "reason" if "reason" in request.POST else "evidence"
        trouble = {"step": step.pk, "words": str(refusal), "at": at, **typed}
    return _answer(request, step.run.ticket_id, trouble, focus=step.run_id)


def _answer(request: PersonRequest, ticket: int, trouble: dict, *, focus: int = 0) -> HttpResponse:
    if request.headers.get("HX-Target") == PANEL:
        here = ticket_for(request.user, ticket)
        return _panel(request, here, status=422 if trouble else 200, focus=focus, trouble=trouble)
    if trouble and "steps" not in request.POST.get("to", ""):
        return _panel(request, ticket_for(request.user, ticket), status=422, trouble=trouble)
    if trouble:
        complain(request, trouble["words"])
    return go("/steps/" if request.POST.get("to") == "steps" else Place.of(request).ticket_address(ticket))


@require_http_methods(FORM)
@may("processes.work")
def stop(request: PersonRequest, pk: int) -> HttpResponse:
    """The process is not needed on this ticket after all."""
    run, place = run_for(request.user, pk), Place.of(request)
    back = place.ticket_address(run.ticket_id)
    context = {"run": run, "place": place, "ticket": run.ticket, "back": back, "section": "inbox", "typed": ""}
    if request.method == "POST":
        typed = request.POST.get("reason", "")[:LONGEST_TYPED]
        try:
            processes.stop_run(run=run, reason=typed, by=request.user, now=timezone.now())
        except Refused as refusal:
            return _refused(request, "process_stop", context | {"typed": typed, "problem": str(refusal)})
        return go(back)
    return form_page(request, "tickets/desk/process_stop.html", context)


@require_http_methods(FORM)
@may("processes.work")
def follow(request: PersonRequest, pk: int) -> HttpResponse:
    """Look at what a newer version would change, and follow it (A11)."""
    run, place = run_for(request.user, pk), Place.of(request)
    back = place.ticket_address(run.ticket_id)
    context = {"run": run, "place": place, "ticket": run.ticket, "back": back, "section": "inbox"}
    problem = ""
    if request.method == "POST":
        given = {name: _number(request.POST.get(name, "")) for name in ("to", "visit")}
        again = {_number(key) for key in request.POST.getlist("again")}
        try:
            processes.sync(run=run, by=request.user, again=again, now=timezone.now(), **given)
        except Refused as refusal:
            problem = str(refusal)
            run = run_for(request.user, pk)
        else:
            say(request, f"“{run.article.title}” follows version {given['to']} on this ticket.")
            return go(back)
    preview = processes.sync_preview(run)
    context |= {"run": run, "preview": preview, "problem": problem}
    return (
        _refused(request, "process_follow", context)
        if problem
        else form_page(request, "tickets/desk/process_follow.html", context)
    )


def _refused(request: PersonRequest, name: str, context: dict) -> HttpResponse:
    """The form again, in the dialog where it stood in one."""
    response = form_page(request, f"tickets/desk/{name}.html", context)
    response.status_code = 422
    response["HX-Push-Url"] = "false"
    if request.POST.get("in_dialog") and request.headers.get("HX-Request"):
        response["HX-Retarget"], response["HX-Reselect"] = "#dialog-body", "#card"
        response["HX-Reswap"] = "innerHTML"
    return response


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_safe
@staff_only
@may("tickets.see")
def steps(request: PersonRequest) -> HttpResponse:
    """Whose turn it is: the reader's own steps first (R76)."""
    whose = "all" if request.GET.get("whose") == "all" else "mine"
    now = timezone.now()
    rows, has_more = shown.waiting_for(request.user, now, whose=whose)
    context = {"section": "inbox", "rows": rows, "has_more": has_more, "whose": whose, "now": now}
    return render(request, "tickets/desk/steps.html", context)


@require_safe
@may("tickets.see")
def use(request: PersonRequest, pk: int) -> HttpResponse:
    """On how many tickets a process was done this month, in a few words for its page."""
    if not articles_for(request.user).filter(pk=min(pk, 2**63 - 1)).exists():
        raise NotFound
    now = timezone.localtime()
    number = shown.used_since(pk, now.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
    return HttpResponse(f"Used on {number} ticket{'' if number == 1 else 's'} in {now:%B}" if number else "")


@require_http_methods(FORM)
@worker_only
def begin(request: PersonRequest, pk: int) -> HttpResponse:
    """From the page of a process: name the ticket to begin it on."""
    article = articles_for(request.user).filter(pk=min(pk, 2**63 - 1)).first()
    if article is None:
        raise NotFound
    typed = request.POST.get("ticket", "").strip().removeprefix("#")
    context = {"article": article, "typed": typed[:30], "section": "wiki"}
    if request.method != "POST":
        return render(request, "tickets/desk/process_begin.html", context)
    try:
        ticket = ticket_for(request.user, int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0)
        processes.start_run(ticket=ticket, article=article, by=request.user, now=timezone.now())
    except NotFound:
        problem = "Enter the number of a ticket, like 4127"
    except Refused as refusal:
        problem = str(refusal)
    else:
        return go(Place("all").ticket_address(ticket.pk))
    return render(request, "tickets/desk/process_begin.html", context | {"problem": problem}, status=422)
