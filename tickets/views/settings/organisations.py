"""Customers' companies and who belongs to them."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.actions import organisations
from accounts.models import Organisation, Person
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import setup_queries
from tickets.forms.settings.people import MemberForm, OrganisationForm
from tickets.views.settings.door import done, key_of, may, page, saved


class Unknown(Exception):
    """Nobody wrote from this address yet."""


@staff_only
@require_safe
def organisation_list(request: PersonRequest) -> HttpResponse:
    """Organisations, searched by name or domain."""
    words = request.GET.get("q", "")
    found, following = setup_queries.organisations_page(words=words, before=key_of(request.GET.get("before")))
    context: dict[str, Any] = {
        "organisations": found,
        "following": following,
        "words": words[: setup_queries.LONGEST_QUERY],
        "may_change": can(request.user, "organisations.change"),
    }
    return page(request, "organisation_list", "organisations", **context)


@may("organisations.change")
@require_http_methods(["GET", "HEAD", "POST"])
def new_organisation(request: PersonRequest) -> HttpResponse:
    """Keep a new company."""
    form = OrganisationForm(request.POST if request.method == "POST" else None)

    def create(entered: dict) -> None:
        organisations.create_organisation(**entered, by=request.user, now=timezone.now())

    refusals = (organisations.DomainTaken,)
    if saved(request, form, create, refusals=refusals, field="domain", words="The organisation is ready."):
        return redirect("settings:organisations")
    return page(request, "organisation_form", "organisations", form=form)


@staff_only
@require_safe
def organisation(request: PersonRequest, pk: int) -> HttpResponse:
    """One company and its people."""
    return _organisation(request, get_object_or_404(Organisation, pk=pk), MemberForm())


@may("organisations.change")
@require_POST
def add_member(request: PersonRequest, pk: int) -> HttpResponse:
    """Put somebody into the company, or change what they see there."""
    row = get_object_or_404(Organisation, pk=pk)
    form = MemberForm(request.POST)

    def add(entered: dict) -> None:
        person = Person.objects.by_address(entered["address"]).first()
        if person is None:
            raise Unknown("Nobody has written to us from this address yet")
        organisations.add_member(
            organisation=row,
            person=person,
            sees_colleagues_tickets=entered["sees_colleagues_tickets"],
            by=request.user,
            now=timezone.now(),
        )

    if saved(request, form, add, refusals=(Unknown,), field="address", words="They belong to the organisation."):
        return redirect("settings:organisation", pk)
    return _organisation(request, row, form)


@may("organisations.change")
@require_POST
def remove_member(request: PersonRequest, pk: int, person_pk: int) -> HttpResponse:
    """Take somebody out. They keep their own tickets."""
    row, person = get_object_or_404(Organisation, pk=pk), get_object_or_404(Person, pk=person_pk)
    done(
        request,
        lambda: organisations.remove_member(organisation=row, person=person, by=request.user, now=timezone.now()),
        refusals=(),
        words=f"{person.shown_name} no longer belongs to {row.name}.",
    )
    return redirect("settings:organisation", pk)


def _organisation(request: PersonRequest, row: Organisation, form: MemberForm) -> HttpResponse:
    members = row.memberships.select_related("person").order_by("person__name", "person__email")
    context = {"organisation": row, "members": members, "may_change": can(request.user, "organisations.change")}
    return page(request, "organisation", "organisations", form=form, **context)
