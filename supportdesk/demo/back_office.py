"""Callers who showed who they are: a change of address that waits for a second person, one that waits for its day, and
an account that was cancelled and can still be taken back. Some people have a telephone on file.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts import identity
from accounts.actions import change_address, close_account
from accounts.actions import identity as checks
from accounts.actions.handles import find_or_create_handle, link_handle
from accounts.choices import HandleSort, RequestKind
from accounts.models import Person
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer
from supportdesk.demo.trade import DOMAIN
from tickets.models import Ticket

STORIES = 3  # a smaller demo has nobody for each of them
TELEPHONES = ("+14165550171", "+12035550122", "+18085550190", "+19075550113", "+16475550186")


def lay_back_office(*, company: Company, schools: Sequence[Customer], now: datetime) -> None:
    """Let Tom, who leads, propose and Ruth agree. Those who sign in to look around stay as they are."""
    tom, ruth = company.staff[f"tom@{DOMAIN}"], company.staff[f"ruth@{DOMAIN}"]
    for number, school in zip(TELEPHONES, schools, strict=False):
        handle = find_or_create_handle(sort=HandleSort.PHONE, value=number, name=school.person.name, now=now)
        link_handle(handle=handle, person=school.person, by=tom, now=now)
    callers = [(each.person, ticket) for each in schools[3:] if (ticket := _ticket_of(each.person))]
    if len(callers) < STORIES:
        return
    (waiting, first), (agreed, second), (leaving, third) = callers[:3]
    _propose(waiting, first, tom, now - timedelta(hours=2))
    request = _propose(agreed, second, tom, now - timedelta(hours=30))
    change_address.approve(request=request, by=ruth, now=now - timedelta(hours=26))
    at = now - timedelta(days=5)
    _show(leaving, third, tom, at)
    close_account.cancel_for(
        person=leaving, reason="The school closes in summer", ticket_id=third.pk, by=tom, now=at
    )  # fmt: skip


def _propose(person: Person, ticket: Ticket, by: Person, at: datetime):
    _show(person, ticket, by, at)
    local, _, domain = person.email.partition("@")
    return change_address.propose(
        person=person, kind=RequestKind.CHANGE_EMAIL, new_value=f"{local}@mail.{domain}",
        reason="The district moved its mail to another server", ticket_id=ticket.pk, by=by, now=at,
    )  # fmt: skip


def _show(person: Person, ticket: Ticket, by: Person, at: datetime) -> None:
    check = checks.read_number(person=person, ticket_id=ticket.pk, purpose="Your account", by=by, now=at)
    checks.type_number(person=person, text=identity.number_of(check), now=at)


def _ticket_of(person: Person) -> Ticket | None:
    return Ticket.objects.filter(requester=person).order_by("-pk").first()
