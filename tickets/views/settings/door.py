"""The desk's own settings pages. Who may open one, and what saving has in common, stands in `accounts.door`."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from accounts.door import done, key_of, may, saved
from accounts.requests import PersonRequest

__all__ = ["done", "key_of", "may", "page", "saved"]


def page(
    request: PersonRequest, name: str, here: str, /, *, form: forms.BaseForm | None = None, **context
) -> HttpResponse:
    """Render a settings page. `here` names its place in the navigation; a form with errors answers 422."""
    status = 422 if form is not None and form.errors else 200
    found = {"section": "settings", "here": here, "form": form, **context}
    return render(request, f"tickets/settings/{name}.html", found, status=status)
