"""Settings: the spaces of the wiki."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.door import done, may
from accounts.requests import PersonRequest
from knowledgebase.actions import shelves
from knowledgebase.forms.spaces import SpaceForm
from knowledgebase.models import Space


def _page(request: PersonRequest, name: str, /, *, form=None, **context) -> HttpResponse:
    found = {"section": "settings", "here": "spaces", "form": form, **context}
    status = 422 if form is not None and form.errors else 200
    return render(request, f"knowledgebase/settings/{name}.html", found, status=status)


@require_safe
@may("desk.set_up")
def every(request: PersonRequest) -> HttpResponse:
    """All spaces."""
    rows = Space.objects.order_by("archived_at", "position", "name")
    return _page(request, "spaces", spaces=rows)


@require_http_methods(["GET", "HEAD", "POST"])
@may("desk.set_up")
def new(request: PersonRequest) -> HttpResponse:
    """One more."""
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@may("desk.set_up")
def one(request: PersonRequest, pk: int) -> HttpResponse:
    """One space."""
    return _form(request, get_object_or_404(Space, pk=pk))


@require_POST
@may("desk.set_up")
def archive(request: PersonRequest, pk: int) -> HttpResponse:
    """Put it away."""
    space = get_object_or_404(Space, pk=pk)
    done(
        request,
        lambda: shelves.archive_space(space=space, by=request.user, now=timezone.now()),
        refusals=(shelves.CannotSetSpace,),
        words=f"{space.name} is archived.",
    )
    return redirect("wiki:spaces")


@require_POST
@may("desk.set_up")
def unarchive(request: PersonRequest, pk: int) -> HttpResponse:
    """Bring it back."""
    space = get_object_or_404(Space, pk=pk)
    done(
        request,
        lambda: shelves.unarchive_space(space=space, by=request.user, now=timezone.now()),
        refusals=(shelves.CannotSetSpace,),
        words=f"{space.name} is back.",
    )
    return redirect("wiki:spaces")


def _form(request: PersonRequest, space: Space | None) -> HttpResponse:
    form = SpaceForm(request.POST if request.method == "POST" else None, space=space)
    if request.method == "POST" and form.is_valid():
        try:
            saved = shelves.save_space(space=space, wanted=form.cleaned_data, by=request.user, now=timezone.now())
        except shelves.CannotSetSpace as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("wiki:spaces")
    return _page(request, "space_form", form=form, space=space)
