"""Mails to staff about a ticket. They name the ticket and say what is due; the customer's words stay in the desk."""

from datetime import datetime

from django.conf import settings

from accounts.choices import NotificationKind, Role
from accounts.models import Person
from accounts.notifications import wanting
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox, OutgoingMail
from tickets.choices import Clock
from tickets.models import Ticket
from webhooks.models import Endpoint


def promise_at_risk(ticket: Ticket, *, clock: str, due_at: datetime, now: datetime) -> None:
    """Warn whoever can still keep the promise: the assignee, else everybody on the team."""
    people = [ticket.assignee] if ticket.assignee else team_of(ticket)
    tell(wanting(people, NotificationKind.DUE), ticket, f"{Clock(clock).label} is due at {due_at:%H:%M} UTC", now)


def broken_promise(ticket: Ticket, *, clock: str, due_at: datetime, now: datetime) -> None:
    """Escalate: to the person whom the service level names, else the team's lead, else the team."""
    people = _who_wants(escalation_of(ticket))
    tell(people, ticket, f"{Clock(clock).label} is overdue since {due_at:%d %B %Y, %H:%M} UTC", now)


def left_for_a_day(ticket: Ticket, *, captain: Person | None, since: datetime, now: datetime) -> None:
    """Nobody acted for 24 hours of open days after the ticket's date: the lead hears of it, and the day's captain."""
    people = _who_wants(escalation_of(ticket))
    if captain and captain not in people:
        people = [*people, captain]
    tell(people, ticket, f"Nobody acted since {since:%d %B %Y, %H:%M} UTC", now)


def nearly_left_for_a_day(
    ticket: Ticket, *, captain: Person | None, since: datetime, left_at: datetime, now: datetime
) -> None:
    """Four hours are left before a date is breached: the day's captain can still see to it, else the lead."""
    people = [captain] if captain else _who_wants(escalation_of(ticket))
    words = f"Nobody acted since {since:%d %B %Y, %H:%M} UTC, and at {left_at:%d %B %Y, %H:%M} UTC it is a day"
    tell(people, ticket, words, now)


def webhook_given_up(*, endpoint_id: int, now: datetime) -> None:
    """Tell every admin that other programs learn nothing any more at an address, and why."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id, is_enabled=False).first()
    if endpoint is None:
        return
    mailbox = Mailbox.objects.default()
    for person in Person.objects.with_role(Role.ADMIN).order_by("pk"):
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=mailbox,
            to=Address(person.email, person.name),
            subject="A webhook endpoint was switched off",
            text=f"Events are no longer sent to {endpoint.url}.\n\n{endpoint.disabled_reason}\n\n"
            "Switch it on again and replay what was missed here:\n"
            f"{settings.SITE_URL}/settings/webhooks/{endpoint.pk}/\n",
            now=now,
        )


def answers_are_not_read(notification: OutgoingMail, *, now: datetime) -> None:
    """Somebody answered a mail that was only meant to tell them something (email.md 72)."""
    queue_mail(
        kind=Kind.NOTIFICATION,
        mailbox=notification.mailbox,
        to=Address(notification.to_address, notification.to_name),
        subject="Your answer was not added to a ticket",
        text=f"You answered “{notification.subject}” by mail. Such mails cannot be answered:\n"
        f"write in the desk, at {settings.SITE_URL}/inbox/.\n",
        now=now,
    )


def escalation_of(ticket: Ticket) -> list:
    """Whom the service level names, else the team's lead, else everybody on the team."""
    level = ticket.service_level
    lead = (level and level.escalate_to) or ticket.team.lead
    return [lead] if lead else team_of(ticket)


def _who_wants(people: list) -> list:
    """Without those who want no such mail, unless nobody would be left: a broken promise is never told to nobody."""
    return wanting(people, NotificationKind.DUE) or people


def team_of(ticket: Ticket) -> list:
    """Everybody on the ticket's team."""
    return [member.person for member in ticket.team.members.select_related("person").order_by("pk")]


def tell(people: list, ticket: Ticket, what: str, now: datetime) -> None:
    """Mail each of `people` that `what` concerns a ticket. A rule's name is for staff, as every word of it."""
    address = f"{settings.SITE_URL}/inbox/all/{ticket.pk}/"
    for person in people:
        if person.is_staff_member:  # a lead or member whose role was taken away reads nothing of the desk any more
            queue_mail(
                kind=Kind.NOTIFICATION,
                mailbox=ticket.mailbox,
                to=Address(person.email, person.name),
                subject=f"Ticket {ticket.pk}: {what}",
                text=f"{what}.\n\nTicket {ticket.pk} is here:\n{address}\n",
                now=now,
            )
