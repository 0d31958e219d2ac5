"""The desk's own fields, and its tags."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets.actions.setup import fields, tags
from tickets.choices import FieldKind
from tickets.custom_fields import all_fields
from tickets.forms.settings.fields import FieldForm, NewFieldForm, TagForm
from tickets.models import CustomField, Tag
from tickets.queries_desk.tags import used_page
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (fields.CannotChangeField,)


@staff_only
@require_safe
def field_list(request: PersonRequest) -> HttpResponse:
    """What is asked about tickets."""
    rows = all_fields(archived=True)
    used = [row for row in rows if row.archived_at is None]
    return page(request, "field_list", "fields", fields=used, archived=[row for row in rows if row.archived_at])


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_field(request: PersonRequest) -> HttpResponse:
    """Ask something new."""
    form = NewFieldForm(request.POST if request.method == "POST" else None)

    def create(entered: dict) -> None:
        fields.create_field(kind=entered["kind"], definition=form.definition(), by=request.user, now=timezone.now())

    if saved(request, form, create, refusals=REFUSALS, words="The field is on every ticket that has it now."):
        return redirect("settings:fields")
    return page(request, "field_form", "fields", form=form, field_row=None, kind="")


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def field(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask it in another way."""
    row = get_object_or_404(CustomField, pk=pk)
    form = FieldForm(request.POST if request.method == "POST" else None, initial=FieldForm.initial_for(row))

    def change(entered: dict) -> None:
        fields.change_field(row=row, definition=form.definition(), by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words=f"{row.name} is changed."):
        return redirect("settings:fields")
    return page(request, "field_form", "fields", form=form, field_row=row, kind=FieldKind(row.kind).label)


@may("desk.set_up")
@require_POST
def archive_field(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask it no longer."""
    row = get_object_or_404(CustomField, pk=pk)
    done(
        request,
        lambda: fields.archive_field(row=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is archived. Tickets keep what they have.",
    )
    return redirect("settings:fields")


@may("desk.set_up")
@require_POST
def bring_back_field(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask it again."""
    row = get_object_or_404(CustomField, pk=pk)
    done(
        request,
        lambda: fields.bring_back_field(row=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is asked again.",
    )
    return redirect("settings:fields")


@may("desk.set_up")
@require_POST
def move_field(request: PersonRequest, pk: int) -> HttpResponse:
    """Up or down."""
    row = get_object_or_404(CustomField, pk=pk)
    fields.move_field(row=row, up=request.POST.get("to") == "up", by=request.user, now=timezone.now())
    return redirect("settings:fields")


@staff_only
@require_safe
def tag_list(request: PersonRequest) -> HttpResponse:
    """The words that tickets carry."""
    words = request.GET.get("q", "")[:60]
    used, following = used_page(request.GET.get("after", "")[:60], words)
    return page(request, "tag_list", "tags", used=used, following=following, words=words)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def rename_tag(request: PersonRequest, pk: int) -> HttpResponse:
    """Call it something else, or make one of two."""
    row = get_object_or_404(Tag, pk=pk)
    form = TagForm(request.POST if request.method == "POST" else None, initial={"name": row.name})

    def rename(entered: dict) -> None:
        tags.rename_tag(tag=row, to=entered["name"], by=request.user, now=timezone.now())

    words = f"“{row.name}” is on its way to its new name. Tickets follow within minutes."
    if saved(request, form, rename, refusals=(tags.CannotRename,), field="name", words=words):
        return redirect("settings:tags")
    return page(request, "tag_form", "tags", form=form, tag=row)
