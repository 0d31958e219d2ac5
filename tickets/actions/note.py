"""Private notes: for staff, in a table of their own, never mailed."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.journal import record
from supportdesk.lib.live import announce
from tickets.actions import drafts, happenings, watching
from tickets.actions.attach import Upload, attach_to_note
from tickets.actions.drafts import NO_FORM, Form
from tickets.actions.intake import clean
from tickets.actions.mention import tell_mentioned
from tickets.choices import Happened
from tickets.models import Note, Ticket
from tickets.refusals import Refused


class CannotAddNote(Refused):
    """There were no words and no files."""


class SentBefore(CannotAddNote):
    """The same form came again with other words than those that it added."""

    def __init__(self) -> None:
        super().__init__("This form was sent before, with other words. Send again to add these as well.")


@transaction.atomic
def add_note(
    *,
    ticket: Ticket,
    by,
    text: str,
    now: datetime,
    attachments: Sequence[Upload] = (),
    form: Form = NO_FORM,
) -> Note:
    """Write something that only staff can read, and tell those whom it calls by name. Clocks and dates stay.

    The `form`'s draft ends with it; the same form again answers the first note. Raises CannotAddNote, FileGone.
    """
    drafts.hold_form(ticket, by, form)
    if same := _sent_before(form, text):
        return same
    note = write_note(ticket=ticket, by=by, text=text, now=now, attachments=attachments, form=form)
    record(by=by, action="tickets.note", subject=ticket, data={"note": note.pk}, now=now)
    return note


def write_note(
    *, ticket: Ticket, by, text: str, now: datetime, attachments: Sequence[Upload] = (), form: Form = NO_FORM
) -> Note:
    """The note of a larger deed, which journals what it did. Needs a transaction. Raises CannotAddNote, FileGone."""
    uploads = [*drafts.files_to_send(ticket=ticket, by=by, files=form.files), *attachments]
    text = clean(text)
    if not (text.strip() or uploads):
        raise CannotAddNote("Write a note first.")
    if merged_into := _held_still(ticket):
        raise CannotAddNote(f"This ticket was merged into ticket {merged_into}. Write there.")
    note = Note.objects.create(ticket=ticket, person=by, text=text, created_at=now, compose_key=form.key)
    attach_to_note(note, uploads)
    watching.notice_note(ticket, note, now=now)
    tell_mentioned(note=note, by=by, now=now)
    drafts.end_draft(ticket=ticket, by=by, form=form)
    happenings.tell(ticket, Happened.NOTED, now=now)
    announce(ticket.subject_key)
    return note


def _held_still(ticket: Ticket) -> int | None:
    """Where the ticket goes on. Until the transaction ends nobody merges it, and others go on working on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT merged_into_id FROM tickets_ticket WHERE id = %s FOR KEY SHARE", [ticket.pk])
        found = cursor.fetchone()
    return found[0] if found else None


def _sent_before(form: Form, text: str) -> Note | None:
    if not form.key:
        return None
    same = Note.objects.filter(compose_key=form.key).first()
    if same and same.text != clean(text):
        raise SentBefore
    return same
