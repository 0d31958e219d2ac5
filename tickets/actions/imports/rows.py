"""Rows of a slice on their way into the database by COPY."""

import mimetypes
from collections.abc import Iterable
from datetime import datetime

import timers
from mail.files import store_file
from mail.parsing.types import ParsedMail
from supportdesk.lib.copying import Copy, array, draw_keys, escape, plain_json, value
from tickets.actions.attach import Upload, attach_to_message, attach_to_note
from tickets.actions.imports.drafts import Words
from tickets.actions.keeping import LOOK
from tickets.choices import Author, Channel
from tickets.models import Closing, Imported, Message, Note, Participant, Ticket, TicketEvent

TICKET_COLUMNS = (
    "id", "requester_id", "organisation_id", "team_id", "assignee_id", "status_id", "category", "priority", "type",
    "channel", "created_at", "updated_at", "last_message_at", "last_message_id", "is_unread", "waiting_since",
    "service_level_id", "first_responded_at", "clocks_paused_at", "state_since", "visit", "next_action_at",
    "next_action", "follow_up_at", "closed_at", "closed_by_id", "contact_reason_id", "imported_at",
)  # fmt: skip


# Of a message that was no mail: message_id, html, quoted_text, to_line, cc_line, auto_reply.
_NO_MAIL = ("", "", "", "[]", "[]", "")


class Rows:
    """Rows of a slice on their way into the database."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.tickets = Copy(Ticket, *TICKET_COLUMNS, "subject", "tags", "snippet", "custom")
        self.messages = Copy(
            Message, "id", "ticket_id", "author", "person_id", "channel", "from_name", "from_address", "text",
            "created_at", "message_id", "html", "quoted_text", "to_line", "cc_line", "auto_reply",
        )  # fmt: skip
        self.mails: list[tuple[int, ParsedMail]] = []
        self.files: list[tuple[Message | Note, Words]] = []
        self.notes = Copy(Note, "id", "ticket_id", "person_id", "text", "created_at")
        self.participants = Copy(Participant, "ticket_id", "person_id", "role", "added_at")
        self.events = Copy(TicketEvent, "ticket_id", "kind", "text", "by_id", "created_at")
        self.closings = Copy(Closing, "ticket_id", "at", "by_id", "in_time")
        self.imported = Copy(Imported, "source", "sort", "external_id", "object_id", "digest", "data")
        self.looks: list[tuple[int, int, datetime]] = []

    def send(self) -> None:
        """All of them, in the caller's transaction."""
        for rows in (
            self.tickets, self.messages, self.notes, self.participants, self.events, self.closings, self.imported,
        ):  # fmt: skip
            rows.send()
        for message, mail in self.mails:
            _attach(message, mail, self.now)
        for owner, words in self.files:
            _attach_files(owner, words, self.now)
        timers.schedule_many(kind=LOOK, timers=self.looks)


def add_words(rows: Rows, said: Iterable[tuple[int, str, list[Words]]]) -> dict[int, dict[str, list]]:
    """Messages and notes of tickets, each (ticket, channel, words). By ticket, {number there: [key, digest, kind]}."""
    found = list(said)
    messages = iter(draw_keys(Message, sum(one.is_public for _, _, words in found for one in words)))
    notes = iter(draw_keys(Note, sum(not one.is_public for _, _, words in found for one in words)))
    kept: dict[int, dict[str, list]] = {}
    for ticket, channel, words in found:
        mine = kept.setdefault(ticket, {})
        for one in words:
            if one.is_public:
                pk = _add_message(rows, next(messages), ticket, channel, one)
                mine[one.key] = [pk, one.digest, "m"]
            else:
                pk = next(notes)
                rows.notes.add(str(pk), str(ticket), value(one.who.colleague), escape(one.text), value(one.at))
                mine[one.key] = [pk, one.digest, "n"]
            if one.files:
                rows.files.append((Message(pk=pk) if one.is_public else Note(pk=pk), one))
    return kept


def _add_message(rows: Rows, pk: int, ticket: int, channel: str, one: Words) -> int:
    is_theirs, mail = one.author == Author.CUSTOMER, one.mail
    person = one.who.person if is_theirs else one.who.colleague
    more: tuple[str, ...] = _NO_MAIL
    if mail is not None:
        rows.mails.append((pk, mail))
        lines = [plain_json([{"email": to.email, "name": to.name} for to in line]) for line in (mail.to, mail.cc)]
        more = (
            escape(mail.message_id[:998]), escape(mail.html or ""), escape(mail.quoted_text), *lines,
            escape(mail.auto_reply[:20]),
        )  # fmt: skip
    rows.messages.add(
        str(pk), str(ticket), one.author.value, value(person), str(channel) if is_theirs else Channel.AGENT.value,
        escape(one.who.name[:255]), escape(one.who.email[:320]) if is_theirs else "", escape(one.text), value(one.at),
        *more,
    )  # fmt: skip
    return pk


def _attach(message: int, mail: ParsedMail, now: datetime) -> None:
    """The files of a mail. Content is safe on the storage before its row is."""
    uploads = [
        Upload(
            file=store_file(content=file.data, content_type=file.content_type, now=now), name=file.name,
            content_type=file.content_type, size=file.size, content_id=file.content_id, is_inline=file.inline,
        )
        for file in mail.attachments
    ]  # fmt: skip
    if uploads:
        attach_to_message(Message(pk=message), uploads)


def _attach_files(owner: Message | Note, words: Words, now: datetime) -> None:
    """Files that lay beside the export. What they are is guessed from their names; nothing trusts it."""
    uploads = []
    for name, path in words.files:
        file = store_file(content=path.read_bytes(), now=now)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        uploads.append(Upload(file=file, name=name, content_type=kind, size=file.size))
    if isinstance(owner, Message):
        attach_to_message(owner, uploads)
    else:
        attach_to_note(owner, uploads)


def add_ticket(tickets: Copy, ticket: Ticket) -> None:
    """A ticket with all that its own columns hold."""
    values = [value(getattr(ticket, name)) for name in TICKET_COLUMNS]
    tickets.add(
        *values, escape(ticket.subject), array(ticket.tags), escape(ticket.snippet), plain_json(ticket.custom)
    )  # fmt: skip
