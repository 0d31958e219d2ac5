"""Contact reasons and reply templates."""

from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import placeholders, setup_queries
from tickets.actions.setup import reasons, templates
from tickets.forms.settings.desk import NewReasonForm, ReasonNameForm, ReasonProcessesForm, TemplateForm
from tickets.models import ContactReason, ReasonProcess, ReplyTemplate
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (reasons.CannotChangeReason, templates.CannotChangeTemplate)


@staff_only
@require_safe
def reason_list(request: PersonRequest) -> HttpResponse:
    """Why people write."""
    tree = setup_queries.reason_tree()
    return _reasons(request, tree, NewReasonForm(parents=_parents(tree)))


@may("desk.set_up")
@require_POST
def add_reason(request: PersonRequest) -> HttpResponse:
    """Add a reason."""
    tree = setup_queries.reason_tree()
    form = NewReasonForm(request.POST, parents=_parents(tree))

    def add(entered: dict) -> None:
        reasons.add_reason(**entered, by=request.user, now=timezone.now())

    if saved(request, form, add, refusals=REFUSALS, field="name", words="The reason is ready."):
        return redirect("settings:reasons")
    return _reasons(request, tree, form)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: PersonRequest, pk: int) -> HttpResponse:
    """Say a reason in other words."""
    row = get_object_or_404(ContactReason, pk=pk)
    form = ReasonNameForm(request.POST if request.method == "POST" else None, initial={"name": row.name})

    def rename(entered: dict) -> None:
        reasons.rename_reason(reason=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, rename, refusals=REFUSALS, field="name", words="The reason has its new name."):
        return redirect("settings:reasons")
    return page(request, "reason_form", "reasons", form=form, reason=row)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def reason_processes(request: PersonRequest, pk: int) -> HttpResponse:
    """Which processes are offered first on tickets with that reason."""
    row = get_object_or_404(ContactReason, pk=pk)
    tied = ReasonProcess.objects.filter(reason=row).values_list("article", flat=True)
    form = ReasonProcessesForm(
        request.POST if request.method == "POST" else None, initial={"processes": list(tied)}, by=request.user
    )

    def tie(entered: dict) -> None:
        reasons.tie_processes(reason=row, **entered, by=request.user, now=timezone.now())

    words = f"Kept for “{row.name}”."
    if saved(request, form, tie, refusals=REFUSALS, field="processes", words=words):
        return redirect("settings:reasons")
    return page(request, "reason_processes", "reasons", form=form, reason=row)


@may("desk.set_up")
@require_POST
def retire_reason(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer it no longer."""
    row = get_object_or_404(ContactReason, pk=pk)
    done(
        request,
        lambda: reasons.retire_reason(reason=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is no longer offered. Tickets closed with it keep it.",
    )
    return redirect("settings:reasons")


@may("desk.set_up")
@require_POST
def bring_back_reason(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer it again."""
    row = get_object_or_404(ContactReason, pk=pk)
    done(
        request,
        lambda: reasons.bring_back_reason(reason=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is offered again.",
    )
    return redirect("settings:reasons")


@staff_only
@require_safe
def template_list(request: PersonRequest) -> HttpResponse:
    """Words that agents insert: what is shared, and one's own."""
    shared, own = setup_queries.templates(), setup_queries.own_templates(request.user)
    return page(request, "template_list", "templates", shared=shared, own=own)


@may("tickets.work")
@require_http_methods(["GET", "HEAD", "POST"])
def new_template(request: PersonRequest) -> HttpResponse:
    """Keep words for later, for oneself or as an admin for others. The button "Preview" shows them filled and saves
    nothing.
    """
    form = _template_form(request, None)

    def create(entered: dict) -> None:
        templates.create_template(**form.entered(), by=request.user, now=timezone.now())

    if not _is_preview(request) and saved(
        request, form, create, refusals=REFUSALS, field="name", words="The template is ready."
    ):
        return redirect("settings:templates")
    return _template(request, form, None)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def template(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Change one's own template, or as an admin one of the desk."""
    return _change_own(request, pk) if _is_own(request, pk) else _change_shared(request, pk)


@staff_only
@require_POST
def remove_template(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Forget one's own template, or as an admin one of the desk."""
    return _remove_own(request, pk) if _is_own(request, pk) else _remove_shared(request, pk)


def _is_own(request: PersonRequest, pk: int) -> bool:
    return ReplyTemplate.objects.filter(pk=pk, owner=request.user).exists()


def _change(request: PersonRequest, pk: int) -> HttpResponse:
    row = _seen(request, pk)
    form = _template_form(request, row)

    def change(entered: dict) -> None:
        templates.change_template(template=row, **form.entered(), by=request.user, now=timezone.now())

    if not _is_preview(request) and saved(
        request, form, change, refusals=REFUSALS, field="name", words=f"{row.name} is changed."
    ):
        return redirect("settings:templates")
    return _template(request, form, row)


def _remove(request: PersonRequest, pk: int) -> HttpResponse:
    row = _seen(request, pk)
    done(
        request,
        lambda: templates.remove_template(template=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed.",
    )
    return redirect("settings:templates")


_change_own, _change_shared = may("tickets.work")(_change), may("desk.set_up")(_change)
_remove_own, _remove_shared = may("tickets.work")(_remove), may("desk.set_up")(_remove)


def _seen(request: PersonRequest, pk: int) -> ReplyTemplate:
    """One's own, or one of the desk. Somebody else's own is not there."""
    return get_object_or_404(ReplyTemplate.objects.filter(Q(owner=None) | Q(owner=request.user)), pk=pk)


def _template_form(request: PersonRequest, row: ReplyTemplate | None) -> TemplateForm:
    initial = {}
    if row is not None:
        audience = "own" if row.owner_id else f"team:{row.team_id}" if row.team_id else "all"
        initial = {"name": row.name, "body": row.body, "folder": row.folder, "audience": audience}
    shared = can(request.user, "desk.set_up")
    return TemplateForm(request.POST if request.method == "POST" else None, initial=initial, shared=shared)


def _is_preview(request: PersonRequest) -> bool:
    return request.POST.get("do") == "preview"


def _template(request: PersonRequest, form: TemplateForm, row: ReplyTemplate | None) -> HttpResponse:
    body = form["body"].value() or ""
    unnamed = dict.fromkeys(("customer_name", "customer_first_name", "organisation"), "")
    context = {
        "template": row,
        "folders": setup_queries.template_folders(request.user),
        "placeholders": placeholders.PLACEHOLDERS.items(),
        "filled": placeholders.pieces(body, placeholders.EXAMPLE),
        "gaps": placeholders.pieces(body, placeholders.EXAMPLE | unnamed),
        "unknown": placeholders.unknown(body),
    }
    return page(request, "template_form", "templates", form=form, **context)


def _reasons(request: PersonRequest, tree: list[setup_queries.Branch], form: NewReasonForm) -> HttpResponse:
    return page(request, "reason_list", "reasons", form=form, branches=setup_queries.flat(tree))


def _parents(tree: list[setup_queries.Branch]) -> list[tuple[int, str]]:
    return [
        (branch.reason.pk, branch.path)
        for branch in setup_queries.flat(tree)
        if branch.level < reasons.LEVELS and branch.reason.is_active
    ]
