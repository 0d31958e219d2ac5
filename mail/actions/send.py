"""Write a mail down to be sent. Nothing here talks to a network; `deliver` does, after commit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from mail import message_ids
from mail.actions import reach, reply_address
from mail.actions.store import mailbox_of
from mail.addresses import Address, normalise, one_line, split, storable
from mail.choices import AUTOMATIC, ErrorKind, Kind, MailState
from mail.models import Mailbox, OutgoingAttachment, OutgoingMail, StoredFile
from supportdesk.lib.background import enqueue_on_commit

REFERENCES_BYTES = 2000
AUTO_SUBMITTED = {
    Kind.REPLY: "",
    Kind.ACKNOWLEDGEMENT: "auto-replied",
    Kind.NOTIFICATION: "auto-generated",
    Kind.TRANSACTIONAL: "auto-generated",
    Kind.BULK: "auto-generated",
}
# These are written once for each recipient of one source, however often they are asked for.
ONCE = (Kind.REPLY, Kind.ACKNOWLEDGEMENT)


@dataclass(frozen=True)
class OutgoingFile:
    """A stored file as it goes out: under which name, and as what. With a `content_id` it is a picture of the HTML."""

    file: StoredFile
    name: str
    content_type: str = "application/octet-stream"
    content_id: str = ""


class CannotCancel(Exception):
    """At least one copy is already on its way, so none was taken back."""


class CannotRetry(Exception):
    """The mail has not failed."""


def queue_mail(
    *,
    kind: Kind,
    mailbox: Mailbox | None,
    to: Address,
    subject: str,
    text: str,
    now: datetime,
    html: str = "",
    visible_to: Iterable[Address] = (),
    visible_cc: Iterable[Address] = (),
    subject_key: str = "",
    source_key: str = "",
    in_reply_to: str = "",
    references: Sequence[str] = (),
    attachments: Iterable[OutgoingFile] = (),
    not_before: datetime | None = None,
    auto_submitted: str | None = None,
    from_address: str = "",
    opt_out_scope: str = "",
) -> OutgoingMail:
    """One mail to one recipient, sent after commit and not before `not_before`.

    The header shows `visible_to` and `visible_cc`; the mail goes to `to` alone, so no blind copy can leak (case 104).
    With a `subject_key` ("ticket:12") the answer comes back signed, to a reply address of this recipient. With a
    `source_key` ("message:34") a reply or acknowledgement is written once a recipient: asked again, the first row is
    answered. The sender is the mailbox, or that alias of it which `from_address` names (case 106).
    A mail that may not be sent is a `cancelled` row whose `last_error` says why. Raises BadAddress.
    """
    recipient = normalise(to.email)
    sender = _sender(mailbox, from_address)
    asked_at = not_before or now
    mail = OutgoingMail(
        kind=kind,
        mailbox=mailbox,
        from_address=sender,
        from_name=one_line(mailbox.name, 255) if mailbox else "",
        to_address=recipient,
        to_name=one_line(to.name, 255),
        visible_to=_visible(visible_to) or _visible([Address(recipient, to.name)]),
        visible_cc=_visible(visible_cc),
        message_id=message_ids.make(subject_key=subject_key, domain=split(sender)[1]),
        in_reply_to=_one_id(in_reply_to),
        references=trim_references(references),
        auto_submitted=one_line(AUTO_SUBMITTED[kind] if auto_submitted is None else auto_submitted, 40),
        subject=one_line(subject, 500),
        text=storable(text),
        html=storable(html),
        subject_key=subject_key,
        source_key=source_key,
        opt_out_scope=opt_out_scope,
        not_before=asked_at,
        next_attempt_at=asked_at,
        created_at=now,
    )
    reason = _why_not(mail, now)
    if reason:
        mail.state, mail.last_error = MailState.CANCELLED, reason
    elif mailbox and subject_key:
        mail.reply_to_address = reply_address.make(
            mailbox=mailbox, subject_key=subject_key, recipient=recipient, address=sender
        )
    return _insert(mail, tuple(attachments), wake_now=asked_at <= now)


def cancel(*, source_key: str, now: datetime) -> int:
    """Take back every copy of `source_key`, or none: the undo. Answers how many were taken back by this call.

    Raises CannotCancel when a sender has begun with a copy. Safe beside any number of senders.
    """
    with transaction.atomic():
        rows = OutgoingMail.objects.select_for_update(of=("self",)).filter(source_key=source_key).order_by("pk")
        states = [(row.state, row.attempts) for row in rows]
        waiting = [state for state, attempts in states if state == MailState.QUEUED and not attempts]
        if any(state != MailState.CANCELLED and (state != MailState.QUEUED or attempts) for state, attempts in states):
            raise CannotCancel("This is already on its way and cannot be taken back.")
        if waiting:
            rows.filter(state=MailState.QUEUED).update(
                state=MailState.CANCELLED, last_error=f"Taken back before it was sent, {now:%Y-%m-%d %H:%M} UTC."
            )
    return len(waiting)


def retry_mail(*, mail: OutgoingMail, now: datetime) -> OutgoingMail:
    """Send a failed mail again, as the same mail: its Message-ID stays, so no recipient sees it twice (case 103).

    Raises CannotRetry when it has not failed, also when somebody else was quicker, and when its words are gone.
    """
    if not (mail.text or mail.html):
        raise CannotRetry("The words of this mail were removed a day after it was sent. Ask for a new one.")
    with transaction.atomic():
        changed = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.FAILED).update(
            state=MailState.QUEUED,
            not_before=now,
            next_attempt_at=now,
            attempts=0,
            error_kind=ErrorKind.NONE,
            last_error="",
            sent_at=None,
            leased_until=None,
        )
        mail.refresh_from_db()
        if not changed:
            raise CannotRetry(f"This mail has not failed; it is {mail.get_state_display().lower()}.")
        enqueue_on_commit("mail.deliver", mail_id=mail.pk)
    return mail


def trim_references(references: Sequence[str]) -> list[str]:
    """The ids of a thread under 2 kB: the first, which names the thread, and as many of the last as fit (case 17)."""
    ids = list(dict.fromkeys(clean for clean in (_one_id(one) for one in references) if clean))
    if not ids:
        return []
    first, rest, size = ids[0], [], len(ids[0])
    for one in reversed(ids[1:]):
        size += len(one) + 1
        if size > REFERENCES_BYTES:
            break
        rest.append(one)
    return [first, *reversed(rest)]


def _one_id(message_id: str) -> str:
    # A header of somebody else's mail: keep it only if it is one printable token of a sane length.
    token = one_line(message_id).strip("<> ")
    is_sane = token and token.isascii() and len(token) <= 500 and not set(token) & set(' <>"(),;')
    return f"<{token}>" if is_sane else ""


def _sender(mailbox: Mailbox | None, wanted: str) -> str:
    if mailbox is None:
        return normalise(settings.DEFAULT_MAIL_FROM)
    wanted = wanted.strip().lower()
    if wanted and wanted != mailbox.address and mailbox.aliases.filter(address=wanted).exists():
        return wanted
    return mailbox.address


def _visible(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [{"email": one_line(one.email, 254), "name": one_line(one.name, 255)} for one in addresses]


def _why_not(mail: OutgoingMail, now: datetime) -> str:
    ours = mailbox_of(mail.to_address)
    if ours and (mail.kind in AUTOMATIC or ours.address == mail.from_address or ours.pk == mail.mailbox_id):
        return "This address is one of our own mailboxes; a mail to it would come back to us."
    return reach.why_not(kind=Kind(mail.kind), address=mail.to_address, scope=mail.opt_out_scope, now=now)


def _insert(mail: OutgoingMail, files: tuple[OutgoingFile, ...], *, wake_now: bool) -> OutgoingMail:
    with transaction.atomic(savepoint=False):
        if mail.kind in ONCE and mail.source_key:
            same = _insert_once(mail)
            if same:
                return same
        else:
            mail.save(force_insert=True)
        OutgoingAttachment.objects.bulk_create(
            OutgoingAttachment(
                mail=mail, file=one.file, position=place, name=one_line(one.name, 255) or "file",
                content_type=one_line(one.content_type, 127) or "application/octet-stream",
                content_id=one_line(one.content_id, 255),
            )
            for place, one in enumerate(files)
        )  # fmt: skip
        if mail.state == MailState.QUEUED and wake_now:
            enqueue_on_commit("mail.deliver", mail_id=mail.pk)
    return mail


def _insert_once(mail: OutgoingMail) -> OutgoingMail | None:
    # The mail that was written before for the same source and recipient, or None when this one is the first.
    try:
        with transaction.atomic():
            mail.save(force_insert=True)
    except IntegrityError:
        return OutgoingMail.objects.get(kind=mail.kind, source_key=mail.source_key, to_address=mail.to_address)
    return None
