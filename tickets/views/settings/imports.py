"""Settings: bring people and tickets of another desk here, see how far it is, and what was not taken."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed
from accounts.requests import PersonRequest
from supportdesk.lib import csv_files
from tickets.actions.imports import begin as imports
from tickets.actions.imports.files import folders
from tickets.forms.imports import BeginForm, ImportForm, MappingForm
from tickets.import_choices import ExportKind, ImportState
from tickets.models import TicketImport
from tickets.views.settings.door import may, page

SHOWN = 20
SAMPLES = 3


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: PersonRequest) -> HttpResponse:
    """What was imported, and another one."""
    is_post = request.method == "POST"
    form = ImportForm(request.POST if is_post else None, request.FILES if is_post else None, folders=folders())
    if is_post and form.is_valid():
        given = form.cleaned_data
        sent = [imports.Sent(file.name or "file", file.size or 0, file) for file in given["sent"]]
        try:
            run = imports.prepare(
                kind=given["kind"], source=given["source"], team=given["team"], by=request.user, now=timezone.now(),
                sent=sent, folder=given.get("folder", ""),
            )  # fmt: skip
            return redirect("settings:one_import", run.pk)
        except imports.CannotImport as refusal:
            form.add_error("sent", str(refusal))
    runs = TicketImport.objects.select_related("by").order_by("-pk")[:SHOWN]
    return page(request, "import_list", "ticket_imports", form=form, runs=list(runs))


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def one_import(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Before it begins: what is in the files. Then how far it is; the page may be left, it goes on."""
    run = _run(pk)
    if run.state == ImportState.READY:
        return _prepared(request, run)
    if request.method == "POST":
        return redirect("settings:one_import", pk)
    now, (done, whole) = timezone.now(), imports.size_of(run)
    refused = list(run.refusals.order_by("pk")[:SHOWN])
    return page(
        request, "import", "ticket_imports", run=run, percent=min(100, done * 100 // max(whole, 1)), refused=refused,
        left=seconds_left(run, done, whole, now), rate=rate(run, now), is_running=run.state == ImportState.RUNNING,
        files=list(run.files.order_by("pk")[:SHOWN]), rows=run.made + run.changed + run.same + run.bad,
    )  # fmt: skip


def _prepared(request: PersonRequest, run: TicketImport) -> HttpResponseBase:
    found = imports.preview(run)
    data = request.POST if request.method == "POST" else None
    if run.kind == ExportKind.TABLE and found.head:
        form: BeginForm = MappingForm(data, head=found.head, states=found.states, mapping=run.mapping)
    else:
        form = BeginForm(data)
    if data is not None and form.is_valid():
        try:
            if isinstance(form, MappingForm):
                run = imports.map_columns(run=run, mapping=form.found(), by=request.user, now=timezone.now())
            if request.POST.get("do") != "look":
                wanted = form.cleaned_data["reasons_from_tags"]
                imports.begin(run=run, by=request.user, now=timezone.now(), reasons_from_tags=wanted)
            return redirect("settings:one_import", run.pk)
        except (imports.CannotImport, NotAllowed) as refusal:
            form.add_error(None, str(refusal))
    columns = []
    if isinstance(form, MappingForm):
        samples = [[row[no][:120] for row in found.rows[:SAMPLES] if row[no].strip()] for no in range(len(found.head))]
        columns = [
            (name, form[f"column_{no}"], sample)
            for no, (name, sample) in enumerate(zip(found.head, samples, strict=True))
        ]
    states = [form[f"state_{no}"] for no in range(len(getattr(form, "states", ())))]
    return page(
        request, "import_preview", "ticket_imports", form=form, run=run, found=found, columns=columns, states=states,
        first=found.found[:SHOWN], files=list(run.files.order_by("pk")[:SHOWN]), is_table=isinstance(form, MappingForm),
    )  # fmt: skip


@may("desk.set_up")
@require_POST
def stop_import(request: PersonRequest, pk: int) -> HttpResponse:
    """Take no more."""
    imports.stop(run=_run(pk), by=request.user, now=timezone.now())
    messages.success(request, "Stopped. What was taken stays.")
    return redirect("settings:one_import", pk)


@may("desk.set_up")
@require_safe
def refused_rows(request: PersonRequest, pk: int) -> HttpResponseBase:
    """What was not taken, with the reason, as CSV."""
    run = _run(pk)
    rows = run.refusals.order_by("pk").values_list("file", "row", "external_id", "why", "content")
    head = ("file", "row", "number there", "why it was not taken", "what stood there")
    return csv_files.stream(f"import-{run.pk}-not-taken", head, rows.iterator(chunk_size=2_000))


def seconds_left(run: TicketImport, done: int, whole: int, now: datetime) -> int | None:
    """About how long the rest takes at the pace so far; None before that can be said."""
    if run.state != ImportState.RUNNING or run.started_at is None or not done:
        return None
    return round((now - run.started_at).total_seconds() / done * max(whole - done, 0))


def rate(run: TicketImport, now: datetime) -> int:
    """Rows a second so far."""
    seconds = ((run.ended_at or now) - run.started_at).total_seconds() if run.started_at else 0
    return round((run.made + run.changed + run.same + run.bad) / max(seconds, 1))


def _run(pk: int) -> TicketImport:
    return get_object_or_404(TicketImport.objects.select_related("by", "team"), pk=min(pk, 2**63 - 1))
