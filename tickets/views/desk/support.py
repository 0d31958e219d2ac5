"""Support beside a ticket: who is entitled and how that is shown, what we support, and the minutes beyond it."""

import secrets
from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import key_of, may
from accounts.requests import PersonRequest
from tickets.access import ticket_for
from tickets.actions.entitling import by_agent, claims
from tickets.actions.scope import judging, timing
from tickets.entitlements import shown
from tickets.forms.support import FactsForm
from tickets.models import Entitlement, Ticket, TicketScope
from tickets.placeholders import pieces
from tickets.queries_desk import support
from tickets.queries_desk.articles import address_of, sendable_to
from tickets.refusals import Refused
from tickets.support_choices import Support
from tickets.views.desk.pages import Place, complain, go, say, worker_only
from tickets.views.desk.saved_replies import keep_with

PANEL = "panel-support"
LONGEST = 400


@require_safe
@may("tickets.see")
def panel(request: PersonRequest, pk: int) -> HttpResponse:
    """The panel: for htmx alone, a page for everybody else."""
    return _panel(request, ticket_for(request.user, pk))


@require_POST
@worker_only
def ask(request: PersonRequest, pk: int) -> HttpResponse:
    """Mail a claim link to the contacts of an entitlement (N2)."""
    ticket, entitlement = ticket_for(request.user, pk), _entitlement(request)

    def act(now: datetime) -> str:
        claim = claims.ask_contacts(ticket=ticket, entitlement=entitlement, by=request.user, now=now)
        asked = claim.links.count()
        return f"{asked} contact{'' if asked == 1 else 's'} of {claims.whose(entitlement)} asked. The link works a day."

    return _act(request, pk, act)


@require_POST
@worker_only
def vouch(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody on the desk knows who writes, or an incident is used."""
    ticket, entitlement = ticket_for(request.user, pk), _entitlement(request)
    words = request.POST.get("words", "")[:LONGEST]

    def act(now: datetime) -> str:
        by_agent.vouch(ticket=ticket, entitlement=entitlement, words=words, by=request.user, now=now)
        return f"Priority by {entitlement.name}."

    return _act(request, pk, act, at="vouch")


@require_POST
@worker_only
def offer(request: PersonRequest, pk: int) -> HttpResponse:
    """Put into the reply what priority costs, or how to renew it, with articles (N7)."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    words = by_agent.offer_words(ticket=ticket, by=request.user, now=timezone.now())
    return _written(request, ticket, place, words)


@require_POST
@worker_only
def decline(request: PersonRequest, pk: int) -> HttpResponse:
    """Put the words and the article of the rule into the reply (N4)."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    row = TicketScope.objects.select_related("rule__template", "rule__article").filter(ticket=ticket).first()
    if row is None or row.rule is None or row.rule.template is None:
        complain(request, "No rule with words has decided here.")
        return go(place.ticket_address(ticket.pk))
    said = "".join(piece.text for piece in pieces(row.rule.template.body, by_agent.values_of(ticket, request.user)))
    article = row.rule.article
    if article is not None and sendable_to(ticket).filter(pk=article.pk).exists():
        said = f"{said.rstrip()}\n\n{article.title}\n{address_of(article)}"
    return _written(request, ticket, place, said)


@require_POST
@worker_only
def judge(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what the ticket is about: the rules of its day decide."""
    ticket = ticket_for(request.user, pk)
    form = FactsForm(request.POST)
    if not form.is_valid():
        return _panel(request, ticket, form=form, status=422)
    facts = form.facts(has_priority=ticket.support == Support.PRIORITY)

    def act(now: datetime) -> str:
        judging.judge_ticket(ticket=ticket, facts=facts, by=request.user, now=now)
        return ""

    return _act(request, pk, act)


@require_POST
@worker_only
def override(request: PersonRequest, pk: int) -> HttpResponse:
    """A lead helps in full all the same."""
    ticket, reason = ticket_for(request.user, pk), request.POST.get("reason", "")[:LONGEST]

    def act(now: datetime) -> str:
        judging.override(ticket=ticket, reason=reason, by=request.user, now=now)
        return "This ticket is helped in full."

    return _act(request, pk, act, at="override")


@require_POST
@worker_only
def clock(request: PersonRequest, pk: int) -> HttpResponse:
    """Let the clock of best effort run, or stop it."""
    ticket = ticket_for(request.user, pk)
    verb = timing.stop if request.POST.get("do") == "stop" else timing.start

    def act(now: datetime) -> str:
        verb(ticket=ticket, by=request.user, now=now)
        return ""

    return _act(request, pk, act, at="clock")


@require_POST
@worker_only
def minutes(request: PersonRequest, pk: int) -> HttpResponse:
    """Note minutes that nobody's clock counted."""
    ticket, typed = ticket_for(request.user, pk), request.POST.get("minutes", "").strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    key = request.POST.get("key", "").replace("\x00", "")[:43]

    def act(now: datetime) -> str:
        timing.note_minutes(ticket=ticket, minutes=number, key=key, by=request.user, now=now)
        return ""

    return _act(request, pk, act, at="minutes")


def _panel(
    request: PersonRequest,
    ticket: Ticket,
    *,
    status: int = 200,
    form: FactsForm | None = None,
    trouble: dict | None = None,
    said: str = "",
) -> HttpResponse:
    now = timezone.now()
    find = request.GET.get("find", "").replace("\x00", "")[:LONGEST]
    scope = support.scope_beside(ticket, now)
    works = can(request.user, "tickets.work") and ticket.merged_into_id is None
    context = {
        "ticket": ticket,
        "place": Place.of(request),
        "section": "inbox",
        "beside": support.beside(ticket, now, find),
        "find": find,
        "scope": scope,
        "form": form or FactsForm(initial=_begun(ticket, scope)),
        "may_work": works,
        "may_override": works and judging.may_override(request.user),
        "key": secrets.token_urlsafe(24),
        "trouble": trouble or {},
        "said": said,
        "now": now,
    }
    part = request.headers.get("HX-Request") == "true"
    name = f"tickets/desk/{'_support_panel' if part else 'support'}.html"
    response = render(request, name, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _begun(ticket: Ticket, scope: support.ScopeBeside) -> dict:
    """What was said of this ticket, else of the newest other one of the same person."""
    row = scope.row or support.last_facts_of(ticket.requester, ticket.pk)
    if row is None:
        return {}
    return {
        "product": row.product, "hardware": row.hardware, "made_in": row.made_in, "version": row.product_version,
    }  # fmt: skip


def _act(request: PersonRequest, pk: int, verb: Callable[[datetime], str], *, at: str = "") -> HttpResponse:
    """Do it and answer with the panel, or the ticket. A refusal stands where it was typed, and what was typed stays."""
    said, trouble = "", {}
    try:
        said = verb(timezone.now())
    except Refused as refusal:
        typed = {name: request.POST.get(name, "")[:LONGEST] for name in ("words", "reason", "minutes")}
        trouble = {"at": at, "text": str(refusal), **typed}
    if request.headers.get("HX-Target") == PANEL or trouble:
        here = ticket_for(request.user, pk)
        return _panel(request, here, status=422 if trouble else 200, trouble=trouble, said=said)
    if said:
        say(request, said)
    return go(Place.of(request).ticket_address(pk))


def _written(request: PersonRequest, ticket: Ticket, place: Place, words: str) -> HttpResponse:
    trouble = keep_with(request, ticket, words)
    if trouble:
        complain(request, trouble)
    return go(f"{place.ticket_address(ticket.pk)}?write=reply")


def _entitlement(request: PersonRequest) -> Entitlement:
    key = key_of(request.POST.get("entitlement"))
    found = shown(Entitlement.objects.all()).filter(pk=key).first() if key else None
    if found is None:
        raise Http404
    return found
