"""An agent's answer: written, kept back for the undo window, mailed to each recipient once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

import timers
from accounts.journal import record
from accounts.models import Person
from mail.actions.reach import opted_out
from mail.actions.send import CannotCancel, OutgoingFile, cancel, queue_mail, retry_mail
from mail.addresses import Address
from mail.choices import Kind, MailState, Sort
from mail.models import Mailbox, OutgoingMail
from supportdesk.lib.failpoints import failpoint
from tickets import clocks, inline_pictures, may_close, mentions, placeholders, recipients
from tickets.actions import drafts, links, passing, schedule
from tickets.actions.accompanied import check_alone
from tickets.actions.answering import AS_IT_IS, THEN, UNDONE, answered, restore, snapshot
from tickets.actions.attach import Upload, attach_to_message
from tickets.actions.drafts import NO_FORM, Form
from tickets.actions.intake import Words, clean, snippet_of
from tickets.actions.keeping import keep, locked, locked_with_message, write_event
from tickets.choices import Author, Channel, Delivery
from tickets.models import ContactReason, Conversation, Message, Note, Ticket
from tickets.queries_desk.people import staff
from tickets.refusals import Refused

DELIVERY_KNOWN = "tickets.delivery_sent"
MOST_SHOWN = 20


class CannotReply(Refused):
    """The reply cannot go out as it is: no words, no mailbox, a merged ticket."""


class StaleReply(CannotReply):
    """Somebody wrote since the page was loaded. `newer` and `notes` hold what, oldest first."""

    def __init__(self, newer: list[Message], notes: Sequence[Note] = ()) -> None:
        super().__init__("Somebody wrote while you were typing. Read it, then send your reply or change it.")
        self.newer, self.notes = newer, notes


class SentAlready(CannotReply):
    """The same form came again with other words than those that it sent."""

    def __init__(self) -> None:
        super().__init__("This form was sent before, with other words. Send again to send these as well.")


class CannotTakeBack(Refused):
    """The reply is on its way, or was not a reply."""


class CannotRetry(Refused):
    """The message did not fail."""


@transaction.atomic
def reply(
    *,
    ticket: Ticket,
    by,
    text: str,
    last_seen: int,
    now: datetime,
    to: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    attachments: Sequence[Upload] = (),
    then: str = "waiting",
    reason: ContactReason | None = None,
    anyway: bool = False,
    seen_note: int | None = None,
    send_at: datetime | None = None,
    form: Form = NO_FORM,
    read_by: Person | None = None,
) -> Message:
    """Answer the requester, or those in `to`, and everybody in `cc` (addresses; None: whom the customer had in copy).

    `last_seen` is the key of the newest public message that the writer saw, `seen_note` of the newest note; a newer one
    of somebody else raises StaleReply unless `anyway`. The mail leaves after the writer's undo window, or at `send_at`,
    and brings the ticket into the state that `then` names; AS_IT_IS tells the customer something and answers nothing:
    whoever waited goes on waiting. The `form`'s draft ends with it; the same form again answers
    the first message. `read_by` let a reply go that is read first. Raises CannotReply, CannotSchedule, BadAddress,
    FileGone, and NeedsReviewer for somebody whose replies are read first.
    """
    if read_by is None:
        check_alone(by)
    row = locked(ticket)
    drafts.hold_form(row, by, form, is_locked=True)
    if same := _sent_before(form, text):
        return same
    _check_whole(row)
    words = Words(text=clean(text), attachments=_files(row, by, text, form, attachments))
    _check_words(words)
    _check_seen(row, by, last_seen, seen_note, anyway)
    _check_end(row, then)
    road = _road(row)
    line = _lines(row, to, cc, road)
    if send_at:
        _check_time(send_at, now, road)
    message = _write(row, by, words, line, now, road=road, form=form, send_at=send_at)
    if send_at:
        message.later = {"then": then, "reason": reason.pk if reason else None}
        message.save(update_fields=["later"])
        schedule.put_off(row, message, by=by, now=now)
    elif then == AS_IT_IS:
        keep(row, promise=clocks.promise_for(row), now=now)
    else:
        answered(row, by, then=then, reason=reason, now=now)
    if road:
        passing.queue(message=message, conversation=road, now=now)
    else:
        _mail(row, message, _mailbox(row), has_files=bool(words.attachments), by=by, now=now)
    drafts.end_draft(ticket=row, by=by, form=form)
    failpoint("tickets.reply.mailed")
    record(by=by, action="tickets.reply", subject=row, data={"message": message.pk, "then": then}, now=now)
    return message


@transaction.atomic
def take_back(*, message: Message, by, now: datetime) -> str:
    """Undo a reply whose mails have not begun to leave: it is its writer's draft again, the ticket is as it was before.

    All recipients or none. If anything was written since, the ticket's state stays and only the reply goes. A reply
    that waits for its hour may be taken back by any colleague. Raises CannotTakeBack.
    """
    row, message = locked_with_message(message)
    is_theirs = message.person_id == by.pk or message.later is not None
    if message.author != Author.AGENT or message.delivery != Delivery.PENDING or not is_theirs:
        raise CannotTakeBack("Only your own reply can be taken back, and only before it leaves.")
    try:
        has_mails = cancel(source_key=source_key(message), now=now)
    except CannotCancel as error:
        raise CannotTakeBack("The reply has left already.") from error
    if not has_mails and not passing.cancel(message=message) and message.channel != Channel.AGENT:
        raise CannotTakeBack("The reply has left already.")
    message.delivery, message.sends_at, message.later = Delivery.CANCELLED, None, None
    undo, message.undo = message.undo, None
    message.save(update_fields=["delivery", "sends_at", "later", "undo"])
    if undo and row.last_message_id == message.pk:
        restore(row, undo)
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind="taken_back", text=f"{by.shown_name} took a reply back.", by=by, now=now)
    schedule.as_draft(message, row, now=now)
    failpoint("tickets.take_back.done")
    record(by=by, action="tickets.take_back", subject=row, data={"message": message.pk}, now=now)
    return message.text


@transaction.atomic
def retry_delivery(*, message: Message, by, now: datetime) -> None:
    """Send again to the recipients whom the reply did not reach. Raises CannotRetry."""
    row, message = locked_with_message(message)
    failed = list(OutgoingMail.objects.filter(source_key=source_key(message), state=MailState.FAILED).order_by("pk"))
    if not failed and not passing.retry(message=message, now=now):
        raise CannotRetry("Every recipient was reached, or the mail is still on its way.")
    for mail in failed:
        retry_mail(mail=mail, now=now)
    Message.objects.filter(pk=message.pk).update(delivery=Delivery.PENDING, delivery_error="")
    others = row.messages.filter(delivery=Delivery.FAILED).exclude(pk=message.pk)
    row.has_failed_delivery = others.exists()
    row.follow_up_at = row.follow_up_at if row.has_failed_delivery else None
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind="retried", text=f"{by.shown_name} sent a reply again.", by=by, now=now)
    record(by=by, action="tickets.retry_delivery", subject=row, data={"message": message.pk}, now=now)


def source_key(message: Message) -> str:
    """How mail names the message that it carries."""
    return f"message:{message.pk}"


def _check_whole(row: Ticket) -> None:
    if row.merged_into_id:
        raise CannotReply(f"This ticket was merged into ticket {row.merged_into_id}. Reply there.")


def _sent_before(form: Form, text: str) -> Message | None:
    # Pressed twice, or tried again after an answer that never came: one reply.
    if not form.key:
        return None
    same = Message.objects.filter(compose_key=form.key).first()
    if same and same.text != clean(text):
        raise SentAlready
    return same


def _files(ticket: Ticket, by, text: str, form: Form, others: Sequence[Upload]) -> list[Upload]:
    """The draft's files and `others`. A picture whose place in the words was deleted is a plain attachment."""
    shown = inline_pictures.named_in(text)
    kept = drafts.files_to_send(ticket=ticket, by=by, files=form.files)
    return [
        *(one if one.name in shown else replace(one, content_id="", is_inline=False) for one in kept),
        *others,
    ]


def _check_words(words: Words) -> None:
    if not (words.text.strip() or words.attachments):
        raise CannotReply("Write a reply first.")
    gaps = placeholders.gaps(words.text)
    if gaps:
        raise CannotReply(f"{gaps[0]} has no value on this ticket. Write what belongs there, or take it out.")
    colleague = mentions.written_out(words.text, staff()) if "@" in words.text else ""
    if colleague:
        raise CannotReply(f"“{colleague}” is a colleague, and a reply goes to the customer. Write it as a note.")


def _check_end(row: Ticket, then: str) -> None:
    if then == "closed":
        try:
            may_close.check(row)
        except Refused as refusal:
            raise CannotReply(f"{refusal} Or send without closing.") from None


def _check_time(send_at: datetime, now: datetime, road: Conversation | None) -> None:
    if road:
        raise CannotReply(f"An answer by {road.get_channel_display()} leaves at once. Send it when its time has come.")
    schedule.check_time(send_at, now)


def _road(ticket: Ticket) -> Conversation | None:
    """SMS and chat are answered where they came from, everything else by mail."""
    try:
        return passing.road_of(ticket)
    except passing.CannotPass as refusal:
        raise CannotReply(str(refusal)) from None


def _mailbox(ticket: Ticket) -> Mailbox:
    mailbox = ticket.mailbox or Mailbox.objects.default_or_any()
    if mailbox is None:
        raise CannotReply("There is no mailbox to send from. An admin can add one in the settings.")
    return mailbox


def _lines(
    ticket: Ticket, to: Sequence[str] | None, cc: Sequence[str] | None, road: Conversation | None
) -> tuple[list[dict], list[dict]]:
    """Who stands in To and in Cc."""
    if road:
        if cc:
            raise CannotReply(f"An answer by {road.get_channel_display()} goes to one person. Take the copies out.")
        return [{"name": road.handle.value, "email": ""}], []
    addressed = recipients.addressed(ticket, to)
    if cc is None:
        return addressed, recipients.copied(ticket)
    return addressed, recipients.from_addresses(ticket, cc, besides=[one["email"] for one in addressed])


def _check_seen(ticket: Ticket, by, last_seen: int, seen_note: int | None, anyway: bool) -> None:
    if anyway:
        return
    newer = list(ticket.messages.standing().filter(pk__gt=last_seen, is_held=False).order_by("pk"))
    notes: list[Note] = []
    if seen_note is not None:
        rows = ticket.notes.filter(pk__gt=seen_note).exclude(person=by).select_related("person")
        notes = list(rows.order_by("pk")[:MOST_SHOWN])
    if newer or notes:
        raise StaleReply(newer, notes)


def _write(
    ticket: Ticket,
    by,
    words: Words,
    lines: tuple[list[dict], list[dict]],
    now: datetime,
    *,
    road: Conversation | None,
    form: Form,
    send_at: datetime | None,
) -> Message:
    message = Message.objects.create(
        ticket=ticket,
        author=Author.AGENT,
        person=by,
        channel=road.channel if road else Channel.AGENT,
        from_name=by.name,
        to_line=lines[0],
        cc_line=lines[1],
        text=words.text,
        created_at=now,
        delivery=Delivery.PENDING,
        sends_at=send_at or now + timedelta(seconds=by.undo_send_seconds),
        undo=snapshot(ticket),
        compose_key=form.key,
    )
    attach_to_message(message, words.attachments)
    ticket.last_message_id, ticket.last_message_at = message.pk, now
    ticket.snippet = snippet_of(words)
    return message


def _mail(ticket: Ticket, message: Message, mailbox: Mailbox, *, has_files: bool, by, now: datetime) -> None:
    to, cc = ([Address(a["email"], a["name"]) for a in line] for line in (message.to_line, message.cc_line))
    rows = message.attachments.select_related("file").order_by("position", "pk") if has_files else ()
    files = [OutgoingFile(row.file, row.name, row.content_type, row.content_id) for row in rows]
    shown = [(file.name, file.content_id) for file in files if file.content_id]
    thread = recipients.thread_ids(ticket)
    sender = recipients.written_to(ticket, mailbox)
    unwanted = opted_out([address.email for address in [*to, *cc]], Sort.ANSWERS)
    wanted = [address for address in [*to, *cc] if address.email not in unwanted]
    if not wanted:
        # They read on the web. Nothing is sent that could tell us when the undo window is over.
        timers.schedule(kind=DELIVERY_KNOWN, subject=message.pk, due_at=message.sends_at or now)
    for address in wanted:
        is_requester = address.email == ticket.requester.email
        link = links.make_link(ticket=ticket, person=ticket.requester, now=now) if is_requester else ""
        text = _body(message, by, mailbox, link)
        mail = queue_mail(
            kind=Kind.REPLY,
            mailbox=mailbox,
            from_address=sender,
            to=address,
            visible_to=to,
            visible_cc=cc,
            subject=subject_line(ticket),
            text=text,
            html=inline_pictures.mail_html(text, shown) if shown else "",
            subject_key=ticket.subject_key,
            source_key=source_key(message),
            in_reply_to=thread[-1] if thread else "",
            references=thread,
            attachments=files,
            not_before=message.sends_at,
            now=now,
        )
        if mail.state == MailState.CANCELLED:
            raise CannotReply(f"{address.email}: {mail.last_error}")


def subject_line(ticket: Ticket) -> str:
    """“Re: …”, once."""
    subject = ticket.subject
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"


def _body(message: Message, by, mailbox: Mailbox, link: str) -> str:
    """The new words and nothing older: quoting the thread is how notes and strangers' words leak (S9, S29)."""
    parts = [message.text]
    signature = by.signature or mailbox.signature
    if signature:
        parts.append(f"-- \n{signature.strip()}")
    if link:
        parts.append(f"Answer this mail, or read and answer on the web:\n{link}")
    return "\n\n".join(parts) + "\n"


__all__ = [
    "AS_IT_IS",
    "THEN",
    "UNDONE",
    "CannotReply",
    "CannotRetry",
    "CannotTakeBack",
    "SentAlready",
    "StaleReply",
    "reply",
    "retry_delivery",
    "take_back",
]
