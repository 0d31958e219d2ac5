"""Bring pages of another wiki here: choose a folder, see how far it is, and what was not taken."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed
from accounts.door import may
from accounts.requests import PersonRequest
from knowledgebase.access import spaces_for
from knowledgebase.actions import importing
from knowledgebase.choices import ImportOutcome, ImportState
from knowledgebase.forms.imports import ImportForm
from knowledgebase.models import ImportLine, ImportRun
from supportdesk.lib import csv_files

SHOWN = 20
FOLDERS = 200


@require_http_methods(["GET", "HEAD", "POST"])
@may("desk.set_up")
def index(request: PersonRequest) -> HttpResponseBase:
    """What was imported, and another one."""
    data = request.POST if request.method == "POST" else None
    form = ImportForm(data, folders=folders(), spaces=spaces_for(request.user))
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            run = importing.begin(
                kind=typed["kind"], folder=Path(settings.IMPORT_DIR, typed["folder"]), space=typed["space"],
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except (importing.CannotImport, NotAllowed) as refusal:
            form.add_error("folder", str(refusal))
        else:
            return redirect("wiki:import", run.pk)
    runs = ImportRun.objects.select_related("space", "by").order_by("-pk")[:SHOWN]
    found = {"runs": list(runs), "folder": settings.IMPORT_DIR, "has_folders": bool(folders())}
    return _page(request, "imports", form=form, **found)


@require_safe
@may("desk.set_up")
def progress(request: PersonRequest, pk: int) -> HttpResponse:
    """How far one is. The page may be left: it goes on."""
    run = _run(pk)
    now = timezone.now()
    counts = {outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in ImportOutcome}
    found = run.lines.aggregate(done=Count("pk"), told=Count("pk", filter=~Q(says="")), **counts)
    bad = run.lines.filter(outcome=ImportOutcome.BAD).order_by("source")[:SHOWN]
    told = run.lines.exclude(outcome=ImportOutcome.BAD).exclude(says="").select_related("article").order_by("source")
    return _page(
        request, "import", run=run, counts=found, left=seconds_left(run, found["done"], now), bad=list(bad),
        told=list(told[:SHOWN]), is_running=run.state == ImportState.RUNNING,
    )  # fmt: skip


@require_safe
@may("desk.set_up")
def pages(request: PersonRequest, pk: int) -> HttpResponseBase:
    """What became of each page, as CSV."""
    run = _run(pk)
    lines = ImportLine.objects.filter(run=run).select_related("article").order_by("source")
    if request.GET.get("show") == "bad":
        lines = lines.filter(outcome=ImportOutcome.BAD)
    rows = (
        (line.source, line.get_outcome_display(), line.says, line.article.slug if line.article else "")
        for line in lines.iterator()
    )
    return csv_files.stream(f"import-{run.pk}", ("page", "outcome", "what is to be said", "article"), rows)


@require_POST
@may("desk.set_up")
def stop(request: PersonRequest, pk: int) -> HttpResponse:
    """Take no more."""
    importing.stop(run=_run(pk), by=request.user, now=timezone.now())
    messages.success(request, "Stopped. What was taken stays.")
    return redirect("wiki:import", pk)


def folders() -> list[str]:
    """The names of the folders that may be imported: those directly below IMPORT_DIR, links not followed."""
    top = Path(settings.IMPORT_DIR)
    if not top.is_dir():
        return []
    found = (one.name for one in top.iterdir() if one.is_dir() and not one.is_symlink() and one.name.isprintable())
    return sorted(name for name in found if not name.startswith("."))[:FOLDERS]


def seconds_left(run: ImportRun, done: int, now: datetime) -> int | None:
    """About how long the rest takes at the pace so far; None before that can be said."""
    if run.state != ImportState.RUNNING or done < 3:
        return None
    return round((now - run.started_at).total_seconds() / done * max(run.total - done, 0))


def _run(pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.select_related("space", "by"), pk=min(pk, 2**63 - 1))


def _page(request: PersonRequest, name: str, **context: Any) -> HttpResponse:
    form = context.get("form")
    found = {"section": "settings", "here": "imports", **context}
    status = 422 if form is not None and form.errors else 200
    return render(request, f"knowledgebase/settings/{name}.html", found, status=status)
