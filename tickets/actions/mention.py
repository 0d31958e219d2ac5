"""Tell colleagues whom a note calls by name. The note itself stays in the desk (S29)."""

from datetime import datetime

from django.conf import settings

from accounts.choices import NotificationKind
from accounts.models import Person
from accounts.notifications import wanting
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from tickets.mentions import called_in
from tickets.models import Mention, Note
from tickets.queries_desk.people import staff


def tell_mentioned(*, note: Note, by: Person | None, now: datetime) -> list[Mention]:
    """One row for each colleague whom the note calls, and one mail to those who want it. In the note's transaction.

    Nobody is told of what they wrote themselves; `by` None: a rule wrote it. The mail says who and where, never what.
    """
    if "@" not in note.text:
        return []
    people = [person for person in called_in(note.text, staff()) if by is None or person.pk != by.pk]
    who = by.shown_name if by else "A rule"
    rows = Mention.objects.bulk_create(
        Mention(note=note, ticket_id=note.ticket_id, person=person, created_at=now) for person in people
    )
    for person in wanting(people, NotificationKind.MENTIONED):
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=note.ticket.mailbox,
            to=Address(person.email, person.name),
            subject=f"{who} mentioned you on ticket {note.ticket_id}",
            text=f"{who} mentioned you in a note on ticket {note.ticket_id}.\n\n"
            f"Read it in the desk:\n{settings.SITE_URL}/inbox/mentions/{note.ticket_id}/#note-{note.pk}\n",
            now=now,
        )
    return rows


def mark_mentions_seen(*, ticket_id: int, by: Person, now: datetime) -> int:
    """The person looked at the ticket; answers how many calls that settles."""
    return Mention.objects.filter(ticket=ticket_id, person=by, seen_at__isnull=True).update(seen_at=now)
