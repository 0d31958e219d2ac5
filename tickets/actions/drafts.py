"""What somebody types is kept while they type, and ends in the very transaction that sends it.

Two windows of one person never overwrite each other: a save names the draft that it knows (`12.5`, draft and version)
and is refused when that is no longer the newest. A form that was sent can save nothing more, so a save that arrives
late never brings back words that are on their way.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.models import Person
from supportdesk.lib.locks import take_transaction_lock
from tickets.actions.attach import Upload
from tickets.models import Attachment, Draft, DraftFile, Message, Note, Ticket
from tickets.refusals import Refused

MOST_FILES = 10
MOST_MEGABYTES = 20


@dataclass(frozen=True)
class Form:
    """Which form words were sent with: its key, the mark of the draft that it knows, and the files that it names."""

    key: str = ""
    known: str = ""
    files: Sequence[int] = ()


# Words that were typed in no composer, as over the API.
NO_FORM = Form()


class DraftChanged(Refused):
    """Another window saved, sent or threw away since. `other` is what stands there now, None when nothing does."""

    def __init__(self, other: Draft | None) -> None:
        what = "wrote on this ticket in another window" if other else "sent or threw away this draft in another window"
        super().__init__(f"You {what}. Your words are still here.")
        self.other = other


class DraftSent(Refused):
    """The form that saves was sent already."""

    def __init__(self) -> None:
        super().__init__("These words were sent already.")


class CannotKeepFile(Refused):
    """One file too many, or too much in all."""


class FileGone(Refused):
    """A file that the form names is no longer attached."""

    def __init__(self) -> None:
        super().__init__("A file was removed in another window. Look at the files below, then send again.")


def mark_of(draft: Draft | None) -> str:
    """By which a form names the draft that it knows: "12.5", "" for none."""
    return f"{draft.pk}.{draft.version}" if draft else ""


@transaction.atomic
def save_draft(
    *, ticket: Ticket, by: Person, kind: str, text: str, known: str, key: str, now: datetime, to: str = "", cc: str = ""
) -> Draft | None:
    """Keep what stands in a composer; without words and files nothing is kept and None answered.

    `known` is the mark of the draft that the writer had before them, `key` that of the form. The same words again
    change nothing. Raises DraftChanged and DraftSent.
    """
    hold(ticket, by)
    if was_sent(key):
        raise DraftSent
    row = Draft.objects.filter(person=by, ticket=ticket).first()
    typed = {"kind": kind, "text": _storable(text), "to": _storable(to), "cc": _storable(cc)}
    if mark_of(row) != known:
        if row and all(getattr(row, name) == value for name, value in typed.items()):
            return row
        if row or typed["text"].strip():
            raise DraftChanged(row)
        return None
    if not typed["text"].strip() and not (row and row.files.exists()):
        if row:
            row.delete()
        return None
    row = row or Draft(person=by, ticket=ticket)
    for name, value in typed.items():
        setattr(row, name, value)
    row.version += 1
    row.key, row.updated_at, row.came_back = key, now, ""
    row.save()
    return row


@transaction.atomic
def add_to_draft(
    *, ticket: Ticket, by: Person, more: str, known: str, now: datetime, text: str = "", **typed: str
) -> Draft | None:
    """Keep what a plain form brought, else what stands already, with `more` below it. Raises as `save_draft`."""
    hold(ticket, by)
    row = Draft.objects.filter(person=by, ticket=ticket).first()
    if row and not text.strip():
        known, text = mark_of(row), row.text
        typed |= {"kind": row.kind, "to": row.to, "cc": row.cc}
    words = "\n\n".join(part.rstrip() for part in (text, more) if part.strip())
    return save_draft(ticket=ticket, by=by, text=words, known=known, now=now, **{"kind": "reply", "key": "", **typed})


@transaction.atomic
def discard_draft(*, ticket: Ticket, by: Person, known: str) -> None:
    """Throw a draft and its files away. Nothing there: nothing happens. Raises DraftChanged when it is a newer one."""
    hold(ticket, by)
    row = Draft.objects.filter(person=by, ticket=ticket).first()
    if row and mark_of(row) != known:
        raise DraftChanged(row)
    if row:
        row.delete()


@transaction.atomic
def keep_file(
    *, ticket: Ticket, by: Person, upload: Upload, key: str, now: datetime, in_words: bool = False
) -> DraftFile:
    """Hang a file on the person's draft, which is made when there is none. `in_words`: it is a picture that will stand
    in the words by its name, which is made unique for that. Raises CannotKeepFile and DraftSent.
    """
    hold(ticket, by)
    if was_sent(key):
        raise DraftSent
    draft, _ = Draft.objects.get_or_create(
        person=by, ticket=ticket, defaults={"version": 1, "key": key, "updated_at": now}
    )
    kept = list(draft.files.order_by("pk"))
    if len(kept) >= MOST_FILES:
        raise CannotKeepFile(f"{upload.name} is one file too many: a message takes {MOST_FILES}.")
    if sum(file.size for file in kept) + upload.size > MOST_MEGABYTES * 1024**2:
        raise CannotKeepFile(f"With {upload.name} the files would be larger than {MOST_MEGABYTES} MB in all.")
    return DraftFile.objects.create(
        draft=draft,
        file=upload.file,
        name=_unused(upload.name or "file", {file.name for file in kept}),
        content_type=upload.content_type,
        size=upload.size,
        content_id=f"{uuid.uuid4().hex}@supportdesk" if in_words else "",
    )


@transaction.atomic
def drop_file(*, ticket: Ticket, by: Person, pk: int) -> None:
    """Take a file off the person's draft; one that is not there is no error. A draft of nothing goes with it."""
    hold(ticket, by)
    DraftFile.objects.filter(pk=pk, draft__person=by, draft__ticket=ticket).delete()
    Draft.objects.filter(person=by, ticket=ticket, text="", files__isnull=True).delete()


def hold(ticket: Ticket, by: Person, *, is_locked: bool = False) -> None:
    """Let nobody else save or send this person's words on this ticket until the transaction ends.

    The ticket's row comes first, always: a new draft refers to it, so the other order could wait in a circle with a
    reply, which locks the ticket and then this. `is_locked`: the caller has locked the ticket.
    """
    if not is_locked:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM tickets_ticket WHERE id = %s FOR KEY SHARE", [ticket.pk])
    take_transaction_lock(f"tickets.draft:{by.pk}:{ticket.pk}")


def was_sent(key: str) -> bool:
    """Whether a message or a note came of the form with this key. No key, no form."""
    if not key:
        return False
    return Message.objects.filter(compose_key=key).exists() or Note.objects.filter(compose_key=key).exists()


def files_to_send(*, ticket: Ticket, by: Person, files: Sequence[int]) -> list[Upload]:
    """The files of the draft that a form named, in their order. Needs `hold`. Raises FileGone."""
    if not files:
        return []
    found = DraftFile.objects.filter(draft__person=by, draft__ticket=ticket, pk__in=files).select_related("file")
    rows = list(found.order_by("pk"))
    if len(rows) != len(set(files)):
        raise FileGone
    return [
        Upload(row.file, row.name, row.content_type, row.size, row.content_id, is_inline=bool(row.content_id))
        for row in rows
    ]


def hold_form(ticket: Ticket, by: Person, form: Form, *, is_locked: bool = False) -> None:
    """`hold`, where words were typed in a form."""
    if form != NO_FORM:
        hold(ticket, by, is_locked=is_locked)


def end_draft(*, ticket: Ticket, by: Person, form: Form) -> None:
    """The words of a form were sent: its draft ends with it. Needs `hold`.

    What another window has saved since stays: those are other words.
    """
    if form == NO_FORM:
        return
    row = Draft.objects.filter(person=by, ticket=ticket).first()
    if row is None:
        return
    if mark_of(row) == form.known or (form.key and row.key == form.key):
        row.delete()
    elif form.files:
        row.files.filter(pk__in=form.files).delete()
        Draft.objects.filter(pk=row.pk, text="", files__isnull=True).delete()


def come_back(
    *,
    ticket: Ticket,
    person: Person,
    text: str,
    to: str,
    cc: str,
    files: Iterable[Attachment],
    now: datetime,
    why: str = "",
) -> Draft:
    """A reply that did not leave is its writer's draft again. What they wrote meanwhile stands below it. The caller
    has locked the ticket.
    """
    hold(ticket, person, is_locked=True)
    row = Draft.objects.filter(person=person, ticket=ticket).first() or Draft(person=person, ticket=ticket)
    meanwhile = row.text.strip("\n")
    row.kind, row.to, row.cc = "reply", to, cc
    row.text = f"{text}\n\n{meanwhile}" if meanwhile.strip() else text
    row.version += 1
    row.key, row.came_back, row.updated_at = "", why[:300], now
    row.save()
    DraftFile.objects.bulk_create(
        DraftFile(
            draft=row,
            file_id=file.file_id,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            content_id=file.content_id,
        )
        for file in files
    )
    return row


def _unused(name: str, taken: set[str]) -> str:
    # A picture stands in the words as [image: name], so a name means one file.
    name = name.translate({ord("["): "(", ord("]"): ")"})
    stem, dot, ending = name.rpartition(".") if "." in name else (name, "", "")
    number, free = 2, name
    while free in taken:
        free = f"{stem}-{number}{dot}{ending}"
        number += 1
    return free


def _storable(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
