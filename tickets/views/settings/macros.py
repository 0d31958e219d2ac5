"""Macros: everybody's, a team's, one's own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import placeholders, steps
from tickets.actions.setup import macros
from tickets.forms.settings.automation import MacroForm
from tickets.models import Macro
from tickets.queries_desk import automation
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (macros.CannotChangeMacro,)


@staff_only
@require_safe
def macro_list(request: PersonRequest) -> HttpResponse:
    """What everybody shares, and one's own."""
    shared = [(row, steps.all_in_words(row.steps)) for row in automation.shared_macros()]
    own = [(row, steps.all_in_words(row.steps)) for row in automation.own_macros(request.user)]
    return page(request, "macro_list", "macros", shared=shared, own=own)


@may("tickets.work")
@require_http_methods(["GET", "HEAD", "POST"])
def new_macro(request: PersonRequest) -> HttpResponse:
    """Keep words and steps for later."""
    form = _form(request, None)

    def create(entered: dict) -> None:
        macros.save_macro(macro=None, **form.entered(), by=request.user, now=timezone.now())

    if _is_saving(request) and saved(
        request, form, create, refusals=REFUSALS, field="name", words="The macro is ready. Press B on a ticket."
    ):
        return redirect("settings:macros")
    return _page(request, form, None)


@may("tickets.work")
@require_http_methods(["GET", "HEAD", "POST"])
def macro(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a macro."""
    row = _own_or_shared(request, pk)
    form = _form(request, row)

    def change(entered: dict) -> None:
        macros.save_macro(macro=row, **form.entered(), by=request.user, now=timezone.now())

    words = f"{row.name} is changed."
    if _is_saving(request) and saved(request, form, change, refusals=REFUSALS, field="name", words=words):
        return redirect("settings:macros")
    return _page(request, form, row)


@may("tickets.work")
@require_POST
def remove_macro(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a macro."""
    row = _own_or_shared(request, pk)
    done(
        request,
        lambda: macros.remove_macro(macro=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed. What it did stays done.",
    )
    return redirect("settings:macros")


def _own_or_shared(request: PersonRequest, pk: int) -> Macro:
    """One's own, or anybody's for whoever may change those. Somebody else's own is not there."""
    row = Macro.objects.filter(pk=pk).first()
    if row is None or row.owner_id not in (None, request.user.pk):
        raise Http404
    if row.owner_id is None and not can(request.user, "desk.automate"):
        raise Http404
    return row


def _is_saving(request: HttpRequest) -> bool:
    return request.method == "POST" and not request.POST.get("do", "").startswith("more_")


def _form(request: PersonRequest, row: Macro | None) -> MacroForm:
    shared = can(request.user, "desk.automate")
    if request.method == "POST" and request.POST.get("do", "") == "more_step":
        return MacroForm(kept=row, shared=shared, initial=request.POST.dict(), more="step")
    return MacroForm(request.POST if request.method == "POST" else None, kept=row, shared=shared)


def _page(request: PersonRequest, form: MacroForm, row: Macro | None) -> HttpResponse:
    context = {
        "macro": row,
        "placeholders": placeholders.PLACEHOLDERS.items(),
        "offers": [(f"do-{key}", words) for key, step in steps.STEPS.items() if (words := step.offers())],
        "hints": [(step.label, step.hint) for step in steps.STEPS.values() if step.hint and step.in_macros],
    }
    return page(request, "macro_form", "macros", form=form, **context)
