"""People and their roles."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.actions import invites, people, roles
from accounts.choices import Role
from accounts.models import Invite, Person
from accounts.proof import proven_recently
from accounts.requests import PersonRequest
from accounts.second_factor import has_second_factor
from supportdesk.lib.audience import staff_only
from tickets import setup_queries
from tickets.forms.settings.people import ROLE_WORDS, InviteForm, NameForm
from tickets.views.desk.customers import note_reading
from tickets.views.settings.door import done, key_of, may, page, saved

REFUSALS = (roles.CannotChangeRole, invites.CannotInvite)


@staff_only
@require_safe
def person_list(request: PersonRequest) -> HttpResponse:
    """Staff, or everybody; searched by name or address."""
    words, everybody = request.GET.get("q", ""), request.GET.get("of") == "everybody"
    found, following = setup_queries.people_page(
        words=words, staff_only=not everybody, before=key_of(request.GET.get("before"))
    )
    may_invite = can(request.user, "staff.invite")
    context: dict[str, Any] = {
        "people": found,
        "following": following,
        "words": words[: setup_queries.LONGEST_QUERY],
        "everybody": everybody,
        "may_invite": may_invite,
        "invites": setup_queries.open_invites(timezone.now()) if may_invite and not everybody else [],
    }
    return page(request, "person_list", "people", **context)


@staff_only
@require_safe
def person(request: PersonRequest, pk: int) -> HttpResponse:
    """One person: what they may do, where they belong."""
    return _person(request, pk, None)


@may("people.change")
@require_POST
def rename(request: PersonRequest, pk: int) -> HttpResponse:
    """Give somebody another name."""
    found = get_object_or_404(Person, pk=pk)
    form = NameForm(request.POST)

    def change(entered: dict) -> None:
        people.rename_person(person=found, name=entered["name"], by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words="The name is changed."):
        return redirect("settings:person", pk)
    return _person(request, pk, form)


@may("roles.change", on=Person)
@proven_recently
@require_POST
def grant(request: PersonRequest, pk: int) -> HttpResponse:
    """Give a role. Nobody changes their own; the attempt is journalled (S27)."""
    found, role = get_object_or_404(Person, pk=pk), _role(request)
    done(
        request,
        lambda: roles.grant_role(person=found, role=role, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{found.shown_name} has the role {role.label}.",
    )
    return redirect("settings:person", pk)


@may("roles.change", on=Person)
@proven_recently
@require_POST
def revoke(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a role away. It counts from the next request on (S28)."""
    found, role = get_object_or_404(Person, pk=pk), _role(request)
    done(
        request,
        lambda: roles.revoke_role(person=found, role=role, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{found.shown_name} no longer has the role {role.label}.",
    )
    return redirect("settings:person", pk)


@may("people.deactivate", on=Person)
@proven_recently
@require_POST
def deactivate(request: PersonRequest, pk: int) -> HttpResponse:
    """Shut somebody out at once: sessions, invitations, links and mail replies (S28)."""
    found = get_object_or_404(Person, pk=pk)
    people.deactivate_person(person=found, by=request.user, now=timezone.now())
    messages.success(request, f"{found.shown_name} is shut out. Every session of theirs has ended.")
    return redirect("settings:person", pk)


@may("staff.deactivate", on=Person)
@proven_recently
@require_POST
def reactivate(request: PersonRequest, pk: int) -> HttpResponse:
    """Let somebody in again."""
    found = get_object_or_404(Person, pk=pk)
    people.reactivate_person(person=found, by=request.user, now=timezone.now())
    messages.success(request, f"{found.shown_name} may sign in again.")
    return redirect("settings:person", pk)


@may("second_factor.reset", on=Person)
@proven_recently
@require_POST
def reset_second_factor(request: PersonRequest, pk: int) -> HttpResponse:
    """Let somebody in who lost their second factor, once the admin knows that it is them."""
    found = get_object_or_404(Person, pk=pk)
    people.reset_second_factor(person=found, by=request.user, now=timezone.now())
    messages.success(request, f"{found.shown_name} signs in without a second factor until they set up a new one.")
    return redirect("settings:person", pk)


@may("staff.invite")
@proven_recently
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PersonRequest) -> HttpResponse:
    """Invite somebody to the staff."""
    form = InviteForm(request.POST if request.method == "POST" else None)

    def send(entered: dict) -> None:
        chosen = [Role(role) for role in entered["roles"]]
        invites.invite(email=entered["email"], name=entered["name"], roles=chosen, by=request.user, now=timezone.now())

    if saved(request, form, send, refusals=REFUSALS, field="email", words="The invitation is on its way."):
        return redirect("settings:people")
    return page(request, "invite", "people", form=form)


@may("staff.invite")
@require_POST
def withdraw_invite(request: PersonRequest, pk: int) -> HttpResponse:
    """Make an invitation worthless."""
    found = get_object_or_404(Invite, pk=pk)
    done(
        request,
        lambda: invites.withdraw_invite(invite=found, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"The invitation of {found.email} is withdrawn.",
    )
    return redirect("settings:people")


def _role(request: PersonRequest) -> Role:
    """The role that the button names. Anything else is no page of ours."""
    try:
        return Role(request.POST.get("role", ""))
    except ValueError as error:
        raise Http404 from error


def _person(request: PersonRequest, pk: int, form: NameForm | None) -> HttpResponse:
    found = get_object_or_404(Person.objects.with_roles(), pk=pk)
    if not found.granted_roles:
        note_reading(request, found, None, timezone.now())
    shut_out = "staff.deactivate" if found.granted_roles else "people.deactivate"
    context: dict[str, Any] = {
        "person": found,
        "roles": [(role, ROLE_WORDS[role], role in found.granted_roles) for role in Role],
        "memberships": found.memberships.select_related("organisation").order_by("pk"),
        "has_second_factor": has_second_factor(found),
        "may_change_roles": can(request.user, "roles.change", found),
        "may_reset": can(request.user, "second_factor.reset", found),
        "may_rename": can(request.user, "people.change", found),
        "may_deactivate": can(request.user, shut_out, found),
        "may_reactivate": can(request.user, "staff.deactivate", found),
    }
    return page(request, "person", "people", form=form or NameForm(initial={"name": found.name}), **context)
