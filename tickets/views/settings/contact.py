"""Contact forms: the list, one of them, and the snippet that puts it into another site."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets.actions.setup import contact_forms
from tickets.forms.settings.contact import ContactFormForm
from tickets.models import ContactForm, CustomField
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (contact_forms.CannotChangeForm,)
COLUMNS = (
    "name", "slug", "heading", "intro", "thanks", "language", "topic_label", "takes_files", "team", "reason",
    "priority", "is_active",
)  # fmt: skip


@staff_only
@require_safe
def form_list(request: PersonRequest) -> HttpResponse:
    """Every form, by name."""
    rows = ContactForm.objects.select_related("team").order_by("name", "pk")
    return page(request, "contact_list", "contact_forms", rows=rows)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_form(request: PersonRequest) -> HttpResponse:
    """Make a form."""
    form = ContactFormForm(
        request.POST if request.method == "POST" else None, initial={"takes_files": True, "is_active": True}
    )

    def create(entered: dict) -> None:
        contact_forms.create_form(**entered, by=request.user, now=timezone.now())

    if saved(request, form, create, refusals=REFUSALS, field="slug", words="The form is ready."):
        return redirect("settings:contact_forms")
    return page(request, "contact_form", "contact_forms", form=form, row=None)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def one_form(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a form, and copy what puts it into another site."""
    row = get_object_or_404(ContactForm.objects.select_related("team", "reason"), pk=pk)
    shown = {name: getattr(row, name) for name in COLUMNS}
    form = ContactFormForm(
        request.POST if request.method == "POST" else None,
        initial={**shown, **_fields(row), "origins": "\n".join(row.origins), "topics": _topics(row)},
    )

    def change(entered: dict) -> None:
        contact_forms.change_form(form=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="slug", words=f"{row.name} is changed."):
        return redirect("settings:contact_form", row.pk)
    snippet = (
        f'<script src="{settings.SITE_URL}{reverse("customer:embed_script")}" data-form="{row.slug}" async></script>'
    )
    own = f"{settings.SITE_URL}{reverse('customer:contact', args=[row.slug])}"
    return page(
        request, "contact_form", "contact_forms", form=form, row=row, snippet=snippet, own=own, desk=settings.SITE_URL
    )


@may("desk.set_up")
@require_POST
def remove_form(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a form."""
    row = get_object_or_404(ContactForm, pk=pk)
    done(
        request,
        lambda: contact_forms.remove_form(form=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed.",
    )
    return redirect("settings:contact_forms")


def _fields(row: ContactForm) -> dict[str, str]:
    """As they are typed: name, or name > label. A field that is gone is left out."""
    known = {one.key: one for one in CustomField.objects.filter(archived_at=None, is_for_customers=True)}
    lines = []
    for one in row.fields or ():
        if field := known.get(one["key"]):
            lines.append(f"{field.name} > {one['label']}".rstrip(" >"))
            named, called = {each["key"]: each["label"] for each in field.options}, one.get("options") or {}
            lines += [f"- {named[key]} > {label}" for key, label in called.items() if key in named]
    return {
        "asks": "all" if row.fields is None else "chosen" if row.fields else "none",
        "fields_asked": "\n".join(lines),
    }


def _topics(row: ContactForm) -> str:
    """As they are typed: name > team > reason."""
    lines = []
    for topic in row.topics.select_related("team", "reason").order_by("position", "pk"):
        parts = [topic.name, topic.team.name if topic.team else "", topic.reason.name if topic.reason else ""]
        lines.append(" > ".join(parts).rstrip(" >"))
    return "\n".join(lines)
