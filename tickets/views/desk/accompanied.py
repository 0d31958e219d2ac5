"""New people are accompanied: their replies are read before they leave, their runs are passed (R93)."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import done, may, saved
from accounts.models import Person
from accounts.requests import PersonRequest
from tickets.access import run_for
from tickets.actions import accompanied, held_replies
from tickets.actions.reply import StaleReply
from tickets.choices import HeldState
from tickets.forms.accompanied import AccompanyForm
from tickets.models import Apprentice
from tickets.queries_desk import accompanied as reading
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, go, say, worker_only

LONGEST = 20_000


@require_safe
@worker_only
def overview(request: PersonRequest) -> HttpResponse:
    """What waits for a reviewer, and who is accompanied."""
    return _overview(request, AccompanyForm())


@require_POST
@may("desk.automate")
def accompany(request: PersonRequest) -> HttpResponse:
    """Begin."""
    form = AccompanyForm(request.POST)

    def begin(entered: dict) -> None:
        accompanied.accompany(**entered, by=request.user, now=timezone.now())

    if saved(request, form, begin, refusals=(Refused,), words="Their replies are read first from now on."):
        return redirect("desk:apprentices")
    return _overview(request, form)


def _overview(request: PersonRequest, form: AccompanyForm) -> HttpResponse:
    context = {
        "section": "inbox", "here": "apprentices", "form": form, "to_read": reading.to_read(request.user),
        "to_judge": reading.to_judge(request.user), "apprentices": reading.apprentices(),
        "may_change": can(request.user, "desk.automate"), "now": timezone.now(),
    }  # fmt: skip
    return render(request, "tickets/desk/apprentices.html", context, status=422 if form.errors else 200)


@require_POST
@may("desk.automate")
def release(request: PersonRequest, pk: int) -> HttpResponse:
    """They work alone."""
    row = get_object_or_404(Apprentice.objects.select_related("person"), pk=min(pk, 2**63 - 1))
    done(
        request,
        lambda: accompanied.release(apprentice=row, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=f"{row.person.shown_name} answers alone.",
    )
    return redirect("desk:apprentices")


@require_POST
@worker_only
def judge(request: PersonRequest, pk: int, person: int) -> HttpResponse:
    """Whether they did a run well."""
    run = run_for(request.user, pk)
    who = get_object_or_404(Person, pk=min(person, 2**63 - 1))
    is_passed = request.POST.get("passed") == "yes"
    words = request.POST.get("words", "")[:LONGEST]
    done(
        request,
        lambda: accompanied.judge(
            run=run, person=who, is_passed=is_passed, words=words, by=request.user, now=timezone.now()
        ),
        refusals=(Refused,),
        words=f"Noted: {who.shown_name} {'passed' if is_passed else 'did not pass'} this run.",
    )
    return redirect("desk:apprentices")


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def held_reply(request: PersonRequest, pk: int) -> HttpResponse:
    """Read a reply before it leaves: let it go, change it, or give it back."""
    held = reading.held_for(request.user, pk)
    if held is None:
        raise Http404
    typed = {name: request.POST.get(name, "")[:LONGEST] for name in ("text", "words")}
    problem = ""
    if request.method == "POST":
        now, verb = timezone.now(), request.POST.get("do")
        try:
            if verb == "send":
                held_replies.send(held=held, text=typed["text"], by=request.user, now=now)
                say(request, f"The reply of {held.person.shown_name} leaves.")
            elif verb == "withdraw":
                held_replies.withdraw(held=held, by=request.user, now=now)
            else:
                held_replies.give_back(held=held, words=typed["words"], by=request.user, now=now)
                say(request, f"{held.person.shown_name} has it back, with your words.")
        except StaleReply:
            problem = "Somebody wrote on the ticket since. Read it, and give the reply back."
        except Refused as refusal:
            problem = str(refusal)
        else:
            return go(Place("all").ticket_address(held.ticket_id))
    context = {
        "section": "inbox", "held": held, "problem": problem, "text": typed["text"] or held.text,
        "words": typed["words"], "waits": held.state == HeldState.WAITING, "now": timezone.now(),
        "may_decide": held_replies.may_decide(request.user, held),
    }  # fmt: skip
    return render(request, "tickets/desk/held_reply.html", context, status=422 if problem else 200)
