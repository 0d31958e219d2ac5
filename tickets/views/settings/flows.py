"""How flows are set up: their stages, what they would do, and publishing. And the welcome."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.requests import PersonRequest
from knowledgebase.access import articles_for
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from supportdesk.lib.audience import staff_only
from tickets import flow_lint, flow_plan, flow_words, open_hours
from tickets.actions.flows import welcome, writing
from tickets.forms.settings.flows import FlowForm, StageForm, VersionForm, WelcomeForm
from tickets.models import Flow, FlowVersion, Stage
from tickets.queries_desk import flows as shown
from tickets.views.settings.door import done, may, page, saved

FORM = ["GET", "HEAD", "POST"]
REFUSALS = (writing.CannotChangeFlow,)


@staff_only
@require_safe
def flow_list(request: PersonRequest) -> HttpResponse:
    """Every flow, what begins it, and which version new cases follow."""
    return page(request, "flow_list", "flows", flows=shown.flows(), welcome=welcome.lay())


@may("desk.automate")
@require_http_methods(FORM)
def new_flow(request: PersonRequest) -> HttpResponse:
    """Begin a flow."""
    form = FlowForm(request.POST if request.method == "POST" else None)
    made: list[Flow] = []

    def create(entered: dict) -> None:
        entered.pop("is_enabled")
        made.append(writing.create_flow(**entered, by=request.user, now=timezone.now()))

    if saved(request, form, create, refusals=REFUSALS, field="name", words="Now add its stages."):
        return redirect("settings:flow", made[0].pk)
    return page(request, "flow_form", "flows", form=form)


@staff_only
@require_safe
def flow(request: PersonRequest, pk: int) -> HttpResponse:
    """A flow: its draft where there is one, else what is published, stage by stage."""
    row = get_object_or_404(Flow.objects.select_related("published"), pk=pk)
    return _flow_page(request, row, [])


def _flow_page(request: PersonRequest, row: Flow, problems: list[str]) -> HttpResponse:
    draft = row.versions.filter(published_at__isnull=True).first()
    version = draft or row.published
    stages = shown.stages_of(version) if version else []
    context: dict[str, Any] = {
        "flow": row,
        "draft": draft,
        "version": version,
        "stages": stages,
        "named": shown.named_for(request.user, version, stages) if version else set(),
        "hidden_mail": "A mail of the wiki that you do not read",
        "versions": row.versions.select_related("published_by").order_by("-number")[:20],
        "problems": problems or (flow_lint.problems(draft) if draft else []),
        "is_refused": bool(problems),
        "may_change": can(request.user, "desk.automate"),
    }
    response = page(request, "flow", "flows", **context)
    response.status_code = 422 if problems else 200
    return response


@may("desk.automate")
@require_http_methods(FORM)
def change_flow(request: PersonRequest, pk: int) -> HttpResponse:
    """Its name, and what begins it."""
    row = get_object_or_404(Flow, pk=pk)
    kept = {"name": row.name, "about": row.about, "begins_on": row.begins_on, "is_enabled": row.is_enabled}
    form = FlowForm(request.POST if request.method == "POST" else None, initial=kept)

    def change(entered: dict) -> None:
        writing.change_flow(flow=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="name", words=f"{row.name} is changed."):
        return redirect("settings:flow", pk)
    return page(request, "flow_form", "flows", form=form, flow=row)


@may("desk.automate")
@require_POST
def begin_draft(request: PersonRequest, pk: int) -> HttpResponse:
    """Change what is published: in a draft."""
    row = get_object_or_404(Flow, pk=pk)
    writing.begin_draft(flow=row, by=request.user, now=timezone.now())
    return redirect("settings:flow", pk)


@may("desk.automate")
@require_POST
def drop_draft(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget the draft."""
    row = get_object_or_404(Flow, pk=pk)
    done(
        request, lambda: writing.drop_draft(flow=row, by=request.user, now=timezone.now()), refusals=REFUSALS,
        words="The draft is gone. What is published stays.",
    )  # fmt: skip
    return redirect("settings:flow", pk)


@may("desk.automate")
@require_http_methods(FORM)
def version(request: PersonRequest, pk: int) -> HttpResponse:
    """The subject of its tickets, and the mail at the end."""
    row, draft = _draft_of(pk)
    form = VersionForm(request.POST if request.method == "POST" else None, version=draft, templates=_templates(request))

    def change(entered: dict) -> None:
        writing.change_version(flow=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="subject", words="Kept in the draft."):
        return redirect("settings:flow", pk)
    return page(request, "flow_version", "flows", form=form, flow=row, placeholders=flow_words.KNOWN.items())


@may("desk.automate")
@require_http_methods(FORM)
def new_stage(request: PersonRequest, pk: int) -> HttpResponse:
    """One more stage at the end."""
    row, _ = _draft_of(pk)
    return _stage(request, row, None)


@may("desk.automate")
@require_http_methods(FORM)
def stage(request: PersonRequest, pk: int, stage_pk: int) -> HttpResponse:
    """Change a stage of the draft."""
    row, draft = _draft_of(pk)
    return _stage(request, row, get_object_or_404(draft.stages, pk=stage_pk))


def _stage(request: PersonRequest, row: Flow, found: Stage | None) -> HttpResponse:
    more = request.POST.get("do") == "more"
    form = StageForm(
        request.POST if request.method == "POST" else None, stage=found, flow=row, templates=_templates(request),
        pages=_pages(request), more=more,
    )  # fmt: skip

    def keep(entered: dict) -> None:
        writing.save_stage(
            flow=row, stage=found, entered=form.entered(), reminders=form.reminders(), by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    context = {"flow": row, "stage": found, "placeholders": flow_words.KNOWN.items()}
    if not more and saved(request, form, keep, refusals=REFUSALS, field="name", words="Kept in the draft."):
        return redirect("settings:flow", row.pk)
    response = page(request, "flow_stage", "flows", form=form, **context)
    if more and response.status_code == 422:
        response.status_code = 200
    return response


@may("desk.automate")
@require_POST
def remove_stage(request: PersonRequest, pk: int, stage_pk: int) -> HttpResponse:
    """Take a stage out of the draft."""
    row, draft = _draft_of(pk)
    found = get_object_or_404(draft.stages, pk=stage_pk)
    done(
        request,
        lambda: writing.remove_stage(flow=row, stage=found, by=request.user, now=timezone.now()),
        refusals=REFUSALS, words=f"{found.name} is taken out of the draft.",
    )  # fmt: skip
    return redirect("settings:flow", pk)


@may("desk.automate")
@require_POST
def move_stage(request: PersonRequest, pk: int, stage_pk: int) -> HttpResponse:
    """One place earlier or later."""
    row, draft = _draft_of(pk)
    found = get_object_or_404(draft.stages, pk=stage_pk)
    up = request.POST.get("to") == "up"
    done(
        request,
        lambda: writing.move_stage(flow=row, stage=found, up=up, by=request.user, now=timezone.now()),
        refusals=REFUSALS, words=f"{found.name} is moved.",
    )  # fmt: skip
    return redirect("settings:flow", pk)


@may("desk.automate")
@require_http_methods(FORM)
def publish(request: PersonRequest, pk: int) -> HttpResponse:
    """The draft is what new cases follow."""
    row = get_object_or_404(Flow.objects.select_related("published"), pk=pk)
    if request.method != "POST":  # the page of a refusal, loaded anew
        return redirect("settings:flow", pk)
    try:
        made = writing.publish(flow=row, by=request.user, now=timezone.now())
    except writing.CannotPublish as refusal:
        return _flow_page(request, row, refusal.problems)
    except writing.CannotChangeFlow as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Version {made.number} is published. Cases that run keep theirs.")
    return redirect("settings:flow", pk)


@staff_only
@require_safe
def dry_run(request: PersonRequest, pk: int) -> HttpResponse:
    """The dated plan of what would happen, for a case that begins at a given moment."""
    row = get_object_or_404(Flow.objects.select_related("published"), pk=pk)
    found = row.versions.filter(published_at__isnull=True).first() or row.published
    hours = open_hours.read()
    calendar = hours.calendars.get(hours.of_level.get(hours.default_level or 0, 0))
    typed = request.GET.get("at", "")
    zone = calendar.zone if calendar else UTC
    start, is_wrong = _moment(typed, zone), False
    if start is None:
        is_wrong, start = bool(typed), timezone.now().astimezone(zone).replace(second=0, microsecond=0)
    planned = flow_plan.plan(found, start=start, hours=calendar) if found else []
    context: dict[str, Any] = {
        "flow": row,
        "version": found,
        "plan": [(one.at.astimezone(zone), one) for one in planned],
        "at": start.astimezone(zone),
        "typed": typed,
        "is_wrong": is_wrong,
        "zone": zone,
    }
    return page(request, "flow_dry_run", "flows", **context)


@may("desk.automate")
@require_http_methods(FORM)
def welcome_form(request: PersonRequest) -> HttpResponse:
    """How people are welcomed whose account was made."""
    row = welcome.lay()
    kept = {"is_enabled": row.is_enabled, "subject": row.subject, "words": row.words, "template": row.template_id}
    form = WelcomeForm(request.POST if request.method == "POST" else None, initial=kept, templates=_templates(request))

    def change(entered: dict) -> None:
        welcome.change(**entered, by=request.user, now=timezone.now())

    refusals = (welcome.CannotChangeWelcome,)
    if saved(request, form, change, refusals=refusals, field="words", words="The welcome is changed."):
        return redirect("settings:flows")
    known = [(name, flow_words.KNOWN[name]) for name in welcome.WELCOMES]
    return page(request, "flow_welcome", "flows", form=form, placeholders=known)


def _draft_of(pk: int) -> tuple[Flow, FlowVersion]:
    """A flow and its draft; 404 where there is none."""
    row = get_object_or_404(Flow, pk=pk)
    draft = row.versions.filter(published_at__isnull=True).first()
    if draft is None:
        raise Http404
    return row, draft


def _templates(request: PersonRequest) -> QuerySet[Article]:
    return articles_for(request.user).published().filter(kind=ArticleKind.TEMPLATE).order_by("title", "pk")


def _pages(request: PersonRequest) -> QuerySet[Article]:
    return articles_for(request.user).published().exclude(kind=ArticleKind.TEMPLATE).order_by("title", "pk")


def _moment(text: str, zone) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip()[:16])
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if 2000 <= found.year <= 2100 else None
