"""What somebody is told: staff by kind and way, customers by sort of mail."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import notifications
from accounts.actions.notifications import choose_notifications
from accounts.forms import NotificationsForm
from accounts.requests import PersonRequest
from mail.actions import choices
from mail.forms import ChoicesForm
from supportdesk.lib.audience import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def chosen(request: PersonRequest) -> HttpResponse:
    """The choices of whoever is signed in."""
    return _of_staff(request) if request.user.is_staff_member else _of_customer(request)


def _of_staff(request: PersonRequest) -> HttpResponse:
    person, typed = request.user, request.POST if request.method == "POST" else None
    form = NotificationsForm(typed, chosen=notifications.choices_of(person))
    if typed is None or not form.is_valid():
        return _page(request, form)
    choose_notifications(person=person, wanted=form.pairs(), by=person, now=timezone.now())
    return _saved(request)


def _of_customer(request: PersonRequest) -> HttpResponse:
    address, typed = request.user.email, request.POST if request.method == "POST" else None
    form = ChoicesForm(typed, initial={"wanted": sorted(choices.wanted_by(address))})
    if typed is None or not form.is_valid():
        return _page(request, form)
    choices.choose(address=address, wanted=form.cleaned_data["wanted"], now=timezone.now())
    return _saved(request)


def _saved(request: PersonRequest) -> HttpResponse:
    messages.success(request, "Saved. It holds from now on.")
    return redirect("accounts:notifications")


def _page(request: PersonRequest, form: NotificationsForm | ChoicesForm) -> HttpResponse:
    return render(request, "accounts/notifications.html", {"form": form}, status=422 if form.errors else 200)
