"""Acting on many tickets: choose them, say what, watch it happen, take it back."""

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tickets.access import bulk_job_for, tickets_for
from tickets.actions.bulk import choose as choosing
from tickets.actions.bulk import run
from tickets.actions.bulk.verbs import VERBS
from tickets.actions.snooze import CannotSnooze, check_until
from tickets.choices import BulkState
from tickets.forms.bulk import FORMS, Arguments, ChoiceForm
from tickets.forms.snooze import moments
from tickets.models import BulkJob
from tickets.queries_desk import bulk as reading
from tickets.queries_desk.inbox import View, in_order
from tickets.queries_desk.reasons import all_reasons
from tickets.refusals import Refused
from tickets.views.desk import words
from tickets.views.desk.pages import Place, complain, form_page, go, page, say, worker_only
from tickets.views.desk.shelf import everything_in, known_views

# All that a search finds, not only its first page; a search for words may take longer for that.
MOST_OF_A_SEARCH = choosing.MOST + 1
SEARCH_SECONDS = 2.0


@require_POST
@worker_only
def choose(request: HttpRequest) -> HttpResponse:
    """Fix the tickets. A verb that needs nothing more is done at once; the others have a page of their own."""
    form, place, now = ChoiceForm(request.POST), Place.of(request), timezone.now()
    if not form.is_valid():
        complain(request, next(iter(form.errors.values()))[0])
        return go(place.list_address())
    verb = form.cleaned_data["verb"]
    tickets, source, is_whole = _tickets(request, place, form.cleaned_data)
    try:
        job = choosing.choose(tickets=tickets, source=source, is_whole=is_whole, by=request.user, now=now)
        if verb in FORMS:
            return go(f"{reverse('desk:begin_bulk', args=[job.pk, verb])}?{place.as_parameters}")
        run.begin(job=job, verb=verb, arguments={}, by=request.user, now=now)
        if job.is_cut:
            say(
                request,
                f"More match than the {job.total:,} that were taken, as many as a job may or as were found in time.",
            )
    except Refused as refusal:
        complain(request, refusal)
    return go(place.list_address())


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def begin(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Say what the verb needs: who, until when, why."""
    job, place, now = bulk_job_for(request.user, pk), Place.of(request), timezone.now()
    if verb not in FORMS:
        raise Http404
    if job.state != BulkState.CHOSEN:
        return go(reverse("desk:bulk", args=[job.pk]))
    form = _form(verb, job, request)
    if request.method == "POST" and form.is_valid() and _began(form, job, verb, request):
        return go(place.list_address())
    context = {"form": form, "job": job, "verb": VERBS[verb], "place": place, "section": "inbox"}
    context |= {"back": place.list_address(), "action": reverse("desk:begin_bulk", args=[job.pk, verb])}
    if verb in ("close", "reason"):
        context |= {"reasons": all_reasons()}
    if verb == "snooze":
        times = moments(now, form.calendar)  # type: ignore[attr-defined]  # the form of this verb
        context["times"] = {name: words.when_exactly(at, now) for name, at in times.items()}
    return form_page(request, "tickets/desk/bulk/begin.html", context)


@require_safe
@worker_only
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, what was refused and why, and the undo."""
    found, now = bulk_job_for(request.user, pk), timezone.now()
    if found.state == BulkState.CHOSEN:
        return go(reverse("desk:inbox"))
    can_undo = found.state in (BulkState.RUNNING, BulkState.DONE) and (
        found.ended_at is None or found.ended_at + run.UNDO_FOR > now
    )
    context = {
        "job": found,
        "verb": VERBS[found.verb],
        "tally": reading.tally_of(found),
        "troubled": reading.troubled(found),
        "can_undo": can_undo,
        "undo_until": found.ended_at + run.UNDO_FOR if found.ended_at else None,
        "now": now,
        "section": "inbox",
    }
    return page(request, "tickets/desk/bulk/job.html", context)


@require_POST
@worker_only
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take everything back that nobody changed since."""
    found, place = bulk_job_for(request.user, pk), Place.of(request)
    try:
        run.undo_now(job=found, by=request.user, now=timezone.now())
    except run.CannotUndo as refusal:
        complain(request, refusal)
    return go(place.list_address())


def _tickets(request: HttpRequest, place: Place, typed: dict) -> tuple[QuerySet, str, bool]:
    """The tickets that were ticked, or all of the list in its order; the list's name; and whether that is all."""
    base, now = tickets_for(request.user), timezone.now()
    if not typed["all"]:
        return base.filter(pk__in=typed["tickets"]).order_by("pk"), "Selected tickets", True
    here = everything_in(
        place, known_views(request.user, now), base,
        person=request.user, now=now, wanted=MOST_OF_A_SEARCH, seconds=SEARCH_SECONDS,
    )  # fmt: skip
    if here is None:
        return base.none(), "", True
    view: View = here.view
    return in_order(here.tickets, view), f"{view.name}: {place.q}" if place.q else view.name, here.is_whole


def _form(verb: str, job: BulkJob, request: HttpRequest) -> Arguments:
    options: dict = {}
    if verb == "snooze":
        options = {"calendar": reading.calendar_of(job), "initial": {"stays": True}}
    elif verb == "macro":
        options = {"person": request.user}
    elif verb == "close":
        options = {"waiting": choosing.waiting_customers(job)}
    return FORMS[verb](request.POST or None, **options)


def _began(form: Arguments, job: BulkJob, verb: str, request: HttpRequest) -> bool:
    now = timezone.now()
    try:
        arguments = form.arguments(now)
        if verb == "snooze":
            check_until(form.moment(now), now)  # type: ignore[attr-defined]  # the form of this verb
        run.begin(job=job, verb=verb, arguments=arguments, by=request.user, now=now)
    except (Refused, CannotSnooze) as refusal:
        form.add_error(None, str(refusal))
        return False
    if job.total > run.AT_ONCE:
        say(request, f"{job.total:,} tickets are on their way. You can go on working.")
    return True
