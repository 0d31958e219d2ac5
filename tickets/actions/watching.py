"""Staff who follow a ticket, and the mails that tell them what happened. Never customers.

What happened sets a timer in the same transaction; the timer writes the mails. So each is told once, a reply that is
taken back tells nobody, and a killed worker repeats nothing. The mails hold nothing that anybody wrote.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction

import timers
from accounts import notifications
from accounts.choices import NotificationKind
from accounts.journal import record
from accounts.models import Person
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from supportdesk.lib.live import announce
from tickets.choices import Author, Category, Delivery, Role
from tickets.models import Message, Note, Participant, Ticket
from tickets.refusals import Refused

WATCHED_MESSAGE = "tickets.watched_message"
WATCHED_NOTE = "tickets.watched_note"
WATCHED_CLOSE = "tickets.watched_close"


class CannotFollow(Refused):
    """The person does not work here."""


@transaction.atomic
def follow(*, ticket: Ticket, person: Person, by: Person, now: datetime) -> bool:
    """Let a colleague hear what happens on a ticket; False when they take part already. Raises CannotFollow."""
    if not person.is_staff_member:
        raise CannotFollow(f"{person.shown_name} is not on the staff. Add them in copy instead.")
    Ticket.objects.select_for_update().only("pk").get(pk=ticket.pk)
    _, is_new = Participant.objects.get_or_create(
        ticket=ticket, person=person, defaults={"role": Role.WATCHER, "added_at": now}
    )
    if is_new:
        note_watchers(ticket)
        record(by=by, action="tickets.follow", subject=ticket, data={"person": person.pk}, now=now)
    return is_new


@transaction.atomic
def unfollow(*, ticket: Ticket, person: Person, by: Person, now: datetime) -> bool:
    """Tell them no longer; False when they did not follow. Whoever gets copies still does."""
    Ticket.objects.select_for_update().only("pk").get(pk=ticket.pk)
    ended, _ = Participant.objects.filter(ticket=ticket, person=person, role=Role.WATCHER).delete()
    if ended:
        note_watchers(ticket)
        record(by=by, action="tickets.unfollow", subject=ticket, data={"person": person.pk}, now=now)
    return bool(ended)


def note_watchers(ticket: Ticket) -> None:
    """Write on a locked ticket whether anybody follows it, so that nobody has to ask each time something happens."""
    ticket.is_watched = Participant.objects.filter(ticket=ticket, role=Role.WATCHER).exists()
    Ticket.objects.filter(pk=ticket.pk).update(is_watched=ticket.is_watched)
    announce(ticket.subject_key)


def notice(ticket: Ticket, *, before: dict | None, now: datetime) -> None:
    """Called where every verb ends. New words and a closing are told; without watchers this costs nothing."""
    if not ticket.is_watched or before is None:
        return
    if ticket.last_message_id > before["last_message_id"]:
        timers.schedule(kind=WATCHED_MESSAGE, subject=ticket.last_message_id, due_at=now)
    if ticket.category == Category.CLOSED != before["category"] and ticket.merged_into_id is None:
        timers.schedule(kind=WATCHED_CLOSE, subject=ticket.pk, visit=ticket.visit, due_at=now)


def notice_note(ticket: Ticket, note: Note, *, now: datetime) -> None:
    """A colleague wrote a note."""
    if ticket.is_watched:
        timers.schedule(kind=WATCHED_NOTE, subject=note.pk, due_at=now)


@transaction.atomic
def tell_of_message(*, message_id: int, now: datetime) -> datetime | None:
    """Public words stand on a watched ticket; answers when to ask again while their writer can take them back."""
    message = Message.objects.select_related("ticket__mailbox", "person").filter(pk=message_id).first()
    if message is None or message.is_held or message.delivery == Delivery.CANCELLED:
        return None
    if message.sends_at is not None and message.sends_at > now:
        return message.sends_at
    is_ours = message.author == Author.AGENT
    who = (message.person.shown_name if message.person else message.from_name) or "Somebody"
    _tell(message.ticket, f"{who} {'answered' if is_ours else 'wrote'}", by=message.person_id, now=now)
    return None


@transaction.atomic
def tell_of_note(*, note_id: int, now: datetime) -> None:
    """A note stands on a watched ticket."""
    note = Note.objects.select_related("ticket__mailbox", "person").filter(pk=note_id).first()
    if note is not None:
        who = note.person.shown_name if note.person else "Somebody"
        _tell(note.ticket, f"{who} wrote a note", by=note.person_id, now=now)


@transaction.atomic
def tell_of_close(*, ticket_id: int, visit: int, now: datetime) -> None:
    """A watched ticket was closed. Opened again at once: nobody is told."""
    ticket = Ticket.objects.select_related("mailbox", "closed_by").filter(pk=ticket_id).first()
    if ticket is not None and ticket.category == Category.CLOSED:
        who = f" by {ticket.closed_by.shown_name}" if ticket.closed_by else ""
        _tell(ticket, f"Closed{who}", by=ticket.closed_by_id, now=now)


def _tell(ticket: Ticket, what: str, *, by: int | None, now: datetime) -> None:
    watching = ticket.participants.filter(role=Role.WATCHER).exclude(person=by).select_related("person")
    people = [one.person for one in watching.order_by("pk")]
    for person in notifications.wanting(people, NotificationKind.WATCHED):
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=ticket.mailbox,
            to=Address(person.email, person.name),
            subject=f"Ticket {ticket.pk}: {what}",
            text=f"{what}.\n\nYou follow ticket {ticket.pk}:\n{settings.SITE_URL}/inbox/all/{ticket.pk}/\n",
            now=now,
        )
