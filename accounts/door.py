"""What settings pages of every app share: who may open one, and what saving a form or pressing a button is."""

from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.access import can, require
from accounts.requests import PersonRequest
from supportdesk.lib.audience import READING, staff_only

View = Callable[..., HttpResponseBase]


def may(action: str, *, on: type[Model] | None = None) -> Callable[[View], View]:
    """Staff who may do `action`, on the row that `pk` names where `on` is given.

    Others get 403, and the journal keeps what they tried to change (S27). Looking is not journalled: a GET changes
    nothing. The right comes first, so that nobody without it learns which rows exist.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: PersonRequest, *args, **kwargs) -> HttpResponseBase:
            _check(request, action, None)
            if on is not None:
                _check(request, action, get_object_or_404(on, pk=kwargs["pk"]))
            return view(request, *args, **kwargs)

        guarded = staff_only(checked)
        guarded.audience = f"role that may {action}"  # type: ignore[attr-defined]  # a function may carry it
        return guarded

    return decorate


def _check(request: PersonRequest, action: str, row: Model | None) -> None:
    if request.method not in READING:
        require(request.user, action, row, now=timezone.now())
    elif not can(request.user, action, row):
        raise PermissionDenied


def saved(
    request: PersonRequest,
    form: forms.BaseForm,
    act: Callable[[dict], object],
    *,
    refusals: tuple[type[Exception], ...],
    words: str,
    field: str | None = None,
) -> bool:
    """Run `act` on what was entered; True when it is done and said. A refusal becomes an error of `field`."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except refusals as refusal:
        form.add_error(field, str(refusal))
        return False
    messages.success(request, words)
    return True


def done(
    request: PersonRequest, act: Callable[[], object], *, refusals: tuple[type[Exception], ...], words: str
) -> None:
    """Run a button's action and say what came of it on the next page."""
    try:
        act()
    except refusals as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)


def key_of(text: str | None) -> int | None:
    """A positive key from an address, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
