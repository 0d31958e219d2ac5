"""One mail that we keep becomes what it is: a ticket, a further message, a bounce, or something for a person to see.

Exactly once: parsing happens outside any transaction and may be killed; then one transaction locks the raw mail, has
all effects and marks it done. Whoever dies in between leaves it waiting.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from django.db import transaction
from django.db.models import BigIntegerField, CharField

from accounts.actions.come_back import HIDDEN, end_what_came_back, readable
from accounts.actions.people import find_or_create_person
from mail import message_ids
from mail.actions import bounces, quarantine, raw, reach
from mail.actions.store import own_addresses
from mail.files import add_row, discard, write
from mail.models import Mailbox, RawMail
from mail.parsing.sandbox import ParserProcess
from mail.parsing.types import Address, Forwarded, ParsedMail, Unparsable
from supportdesk.lib.compiled import CompiledRows, Gap
from supportdesk.lib.failpoints import failpoint
from tickets import matching
from tickets.actions import acknowledge, heard, notify
from tickets.actions.attach import Upload, attach_to_message
from tickets.actions.entitling import later
from tickets.actions.entitling.at_opening import NO_PROOF, Proof
from tickets.actions.intake import Words, add_words, clean, make_ticket, takes_part
from tickets.actions.keeping import locked, locked_survivor, write_event
from tickets.choices import Author, Channel
from tickets.models import Message, Note, Ticket
from tickets.support_choices import CheckMethod, Support

logger = logging.getLogger(__name__)

# One killable child a process, started with the first mail.
_parser = ParserProcess()

KEEPS_WORDS = ("ticket", "reply", "held", "auto_reply")


@dataclass(frozen=True)
class Outcome:
    """What became of a mail. `outcome` is a word for programs, `reason` a sentence; the numbers are None where unused.

    ticket, reply, held, auto_reply, bounce, duplicate, own_mail, notification_answer, quarantined, pending.
    """

    outcome: str
    ticket: int | None = None
    message: int | None = None
    reason: str = ""


def take_in(*, raw_id: int, now: datetime) -> Outcome:
    """Work on a waiting mail. Safe to call twice, at once, or after a kill at any point: it has its effects once.

    Never raises for what a mail contains. A database that is away raises, and the mail goes on waiting.
    """
    row = raw.begin(raw_id=raw_id, now=now)
    if row is None:
        return _as_it_stands(raw_id)
    content = row.read()
    try:
        parsed = parse_bytes(content, row.mailbox)
    except Unparsable as problem:
        end_what_came_back(texts=readable(content), now=now)  # an admin may look at what is set aside
        quarantine.quarantine(raw=row, code=problem.code, reason=problem.sentence, now=now)
        return _as_it_stands(raw_id)
    failpoint("tickets.take_in.parsed")
    written = [write(attachment.data) for attachment in parsed.attachments]
    try:
        with transaction.atomic():
            is_waiting = raw.lock(raw_id=raw_id) is not None
            outcome = effects(row, content, parsed, written, now) if is_waiting else None
            failpoint("tickets.take_in.before_commit")
        failpoint("tickets.take_in.after_commit")
    except Exception as error:
        # The files stay: a commit may have arrived although its answer did not. Housekeeping knows orphans.
        raw.put_off(raw=row, error=f"{type(error).__name__} while this mail was taken in.", now=now)
        logger.exception("Taking in a mail failed", extra={"raw": raw_id})
        raise
    if outcome is None or outcome.outcome not in KEEPS_WORDS:
        _drop(written)
    return outcome or _as_it_stands(raw_id)


def parse_bytes(content: bytes, mailbox: Mailbox | None) -> ParsedMail:
    """Understand a mail to `mailbox` in the killable parser, with what we know about ourselves. Raises Unparsable."""
    ours = own_addresses()
    return _parser.parse(
        content,
        own_addresses=sorted(ours),
        own_domains=sorted({address.rpartition("@")[2] for address in ours}),
        trusted_authserv_ids=mailbox.trusted_authserv_ids if mailbox else [],
    )


def effects(row: RawMail, content: bytes, parsed: ParsedMail, written: list, now: datetime) -> Outcome:
    """Everything that a locked, parsed mail causes, its own state included. Belongs into one transaction.

    `content` is the mail as it came: whoever rehearses has it on no storage. `written` holds the content of its
    attachments, in their order.
    """
    parsed = _without_secrets(content, parsed, now)
    outcome = (
        _own_mail(parsed)
        or _bounce(row, parsed, now)
        or _duplicate(row, parsed)
        or _notification_answer(parsed, now)
        or _from_somebody(row, parsed, written, now)
    )
    if outcome.outcome != "quarantined":
        raw.mark_done(raw=row, outcome=outcome.outcome, now=now)
    return outcome


def _without_secrets(content: bytes, parsed: ParsedMail, now: datetime) -> ParsedMail:
    """Codes and links to enter that it brings back are over, and blotted out of its words: staff read them (E4)."""
    words = (parsed.subject, parsed.text, parsed.reply_text, parsed.quoted_text, parsed.html or "")
    ended = end_what_came_back(texts=[*words, *readable(content)], now=now)
    if not ended:
        return parsed

    def blot(text: str) -> str:
        for secret in ended:
            text = text.replace(secret, HIDDEN)
        return text

    return replace(
        parsed,
        subject=blot(parsed.subject),
        text=blot(parsed.text),
        reply_text=blot(parsed.reply_text),
        quoted_text=blot(parsed.quoted_text),
        html=blot(parsed.html) if parsed.html else parsed.html,
        bounce=parsed.bounce and replace(parsed.bounce, diagnostic=blot(parsed.bounce.diagnostic)),
        forwarded=parsed.forwarded
        and replace(parsed.forwarded, text=blot(parsed.forwarded.text), comment=blot(parsed.forwarded.comment)),
    )


def _own_mail(parsed: ParsedMail) -> Outcome | None:
    # Only a Message-ID that we signed proves it. A colleague's mail carries our domain too, and is like any other.
    if parsed.bounce or message_ids.read(parsed.message_id) is None:
        return None
    return Outcome("own_mail", reason="One of our own mails came back to us.")


def _bounce(row: RawMail, parsed: ParsedMail, now: datetime) -> Outcome | None:
    if parsed.bounce is None:
        return None
    mail = matching.bounced_mail(parsed, row)
    if mail is None:
        return Outcome("bounce", reason="It reports on a mail that is not ours.")
    bounce = parsed.bounce
    bounces.record_bounce(
        mail=mail,
        status=bounce.status,
        action=bounce.action,
        diagnostic=bounce.diagnostic,
        event_id=f"raw:{row.pk}",
        now=now,
    )
    kind, _, number = mail.source_key.partition(":")
    message = Message.objects.filter(pk=int(number)).first() if kind == "message" else None
    ticket, key = (message.ticket_id, message.pk) if message else (None, None)
    return Outcome("bounce", ticket, key, f"{bounce.action}: {bounce.diagnostic}"[:300])


def _duplicate(row: RawMail, parsed: ParsedMail) -> Outcome | None:
    """The same words under the same Message-ID in the same mailbox. Other words under it are another mail (case 15)."""
    if not parsed.message_id or parsed.from_ is None:
        return None
    given = {"id": parsed.message_id, "mailbox": row.mailbox_id, "sender": parsed.from_.email}
    for message in _under_its_id(has_mailbox=row.mailbox_id is not None).fetch(given):
        same_words = (message.text, message.quoted_text) == (clean(parsed.reply_text), clean(parsed.quoted_text))
        if same_words and message.attachments.count() == len(parsed.attachments):
            return Outcome("duplicate", message.ticket_id, message.pk, "The same mail came before.")
    return None


@cache
def _under_its_id(*, has_mailbox: bool) -> CompiledRows[Message]:
    mailbox = Gap("mailbox", BigIntegerField()) if has_mailbox else None
    rows = Message.objects.filter(message_id=Gap("id", CharField()), from_address=Gap("sender", CharField()))
    return CompiledRows(rows.filter(raw__mailbox=mailbox).order_by("pk"))


def _notification_answer(parsed: ParsedMail, now: datetime) -> Outcome | None:
    notification = matching.answered_notification(parsed)
    if notification is None:
        return None
    if parsed.auto_reply:
        return Outcome("own_mail", reason="A machine answered a notification for staff.")
    notify.answers_are_not_read(notification, now=now)
    return Outcome("notification_answer", reason="It answers a notification for staff; its sender is told.")


def _from_somebody(row: RawMail, parsed: ParsedMail, written: list, now: datetime) -> Outcome:
    if parsed.from_ is None:
        return _quarantined(row, "no_sender", "It does not say who sent it, or names several senders.", now)
    sender = find_or_create_person(email=parsed.from_.email, name=parsed.from_.name, now=now)
    match = matching.find_match(parsed=parsed, raw=row, now=now)
    if sender.is_staff_member and parsed.authentication.verdict != "pass":
        domains = {address.rpartition("@")[2] for address in own_addresses()}
        if match.ticket or match.suggestion or matching.imitates_us(parsed, domains):
            sentence = "It claims to come from a member of staff, and nothing proves that."
            return _quarantined(row, "unproven_staff", sentence, now)
    return _words(row, parsed, sender, match, _as_words(row, parsed, parsed.from_, _uploads(parsed, written, now)), now)


def _quarantined(row: RawMail, code: str, reason: str, now: datetime) -> Outcome:
    quarantine.quarantine(raw=row, code=code, reason=reason, now=now)
    return Outcome("quarantined", reason=reason)


def _words(row: RawMail, parsed: ParsedMail, sender, match: matching.Match, words: Words, now: datetime) -> Outcome:
    if not parsed.auto_reply:
        reach.note_life(address=words.extra["from_address"])
    if match.ticket and match.is_stranger:
        return _hold(match.ticket, sender, words, now)
    if match.ticket:
        ticket = locked_survivor(match.ticket)
        if ticket.pk != match.ticket.pk and not takes_part(ticket, sender.pk):
            # merged a moment ago, without its customer
            return _hold(ticket, sender, words, now, meant_for=match.ticket.pk)
        automatic = bool(parsed.auto_reply)
        message = add_words(
            ticket=ticket, person=sender, words=words, channel=Channel.MAIL, now=now, counts=not automatic
        )
        if _proof_of(parsed).proves and not automatic and ticket.support == Support.CLAIMED:
            later.show(ticket=ticket, person=sender, method=CheckMethod.MAIL, now=now)
        return Outcome("auto_reply" if automatic else "reply", ticket.pk, message.pk)
    if parsed.forwarded and sender.is_staff_member and parsed.authentication.verdict == "pass":
        return _forwarded(row, parsed.forwarded, parsed.subject, sender, words, now)
    ticket, message = _open(row, sender, parsed.subject, words, _proof_of(parsed), now)
    _suggest(ticket, match.suggestion, now)
    if _may_acknowledge(row, parsed, sender):
        acknowledge.acknowledge(ticket=ticket, mailbox=row.mailbox, now=now)
    return Outcome("ticket", ticket.pk, message.pk)


def _proof_of(parsed: ParsedMail) -> Proof:
    """A signature of the sender's own domain, found good by a server that we trust, shows who writes (R11). Without it
    a mail is a typed address (N2)."""
    found = parsed.authentication
    is_signed = found.verdict == "pass" and found.dkim == "pass" and found.aligned and not parsed.sender_problem
    return Proof(CheckMethod.MAIL) if is_signed else NO_PROOF


def _open(row: RawMail, requester, subject: str, words: Words, proof: Proof, now: datetime) -> tuple[Ticket, Message]:
    ticket = make_ticket(
        requester=requester, subject=subject, channel=Channel.MAIL, mailbox=row.mailbox, proof=proof, now=now
    )
    return ticket, add_words(ticket=ticket, person=requester, words=words, channel=Channel.MAIL, now=now)


def _suggest(ticket: Ticket, suggestion: Ticket | None, now: datetime) -> None:
    if suggestion and suggestion.pk != ticket.pk:
        Ticket.objects.filter(pk=ticket.pk).update(may_continue=suggestion)
        write_event(ticket, kind="suggested", text=f"It may continue ticket {suggestion.pk}.", by=None, now=now)


def _forwarded(row: RawMail, original: Forwarded, subject: str, staff, words: Words, now: datetime) -> Outcome:
    """Staff passed a customer's mail on: the customer is the requester, what staff wrote above it is a note."""
    requester = find_or_create_person(email=original.sender.email, name=original.sender.name, now=now)
    extra = {
        **words.extra,
        "from_name": original.sender.name,
        "from_address": original.sender.email,
        "forwarded_by": staff,
        "authentication": {},
    }
    passed_on = Words(text=clean(original.text), attachments=words.attachments, extra=extra)
    ticket, message = _open(row, requester, original.subject or subject, passed_on, NO_PROOF, now)
    if original.comment.strip():
        Note.objects.create(ticket=ticket, person=staff, text=clean(original.comment), created_at=now)
    write_event(ticket, kind="forwarded", text=f"Forwarded by {staff.shown_name}.", by=staff, now=now)
    return Outcome("ticket", ticket.pk, message.pk)


def _hold(found: Ticket, sender, words: Words, now: datetime, *, meant_for: int | None = None) -> Outcome:
    """A sound reply address in a stranger's hands: the words wait for an agent, and nothing else happens (S8)."""
    ticket = locked(found)
    reason = f"{words.extra['from_address']} does not take part in this ticket."
    message = Message.objects.create(
        ticket=ticket,
        author=Author.CUSTOMER,
        person=sender,
        channel=Channel.MAIL,
        text=words.text,
        html=words.html,
        quoted_text=words.quoted_text,
        created_at=now,
        is_held=True,
        held_reason=reason,
        **words.extra,
    )
    attach_to_message(message, words.attachments)
    ticket.is_unread = True  # a case that hears of it keeps the row once more
    Ticket.objects.filter(pk=ticket.pk).update(is_unread=True, updated_at=now)
    write_event(ticket, kind="held", text=f"A message was held: {reason}", by=None, now=now)
    heard.stranger_wrote(heard.Heard(ticket, message, now, bool(words.attachments), meant_for))
    return Outcome("held", ticket.pk, message.pk, reason)


def _may_acknowledge(row: RawMail, parsed: ParsedMail, sender) -> bool:
    forged = parsed.authentication.verdict == "fail"
    wanted = row.mailbox and row.mailbox.acknowledges and parsed.may_be_acknowledged
    return bool(wanted and not forged and not sender.is_staff_member)


def _as_words(row: RawMail, parsed: ParsedMail, sender: Address, uploads: list[Upload]) -> Words:
    authentication = parsed.authentication
    others = [address.email for address in parsed.reply_to if address.email != sender.email]
    return Words(
        text=clean(parsed.reply_text),
        quoted_text=clean(parsed.quoted_text),
        html=parsed.html or "",
        attachments=uploads,
        extra={
            "from_name": sender.name[:255],
            "from_address": sender.email[:320],
            "to_line": [{"email": a.email, "name": a.name} for a in parsed.to],
            "cc_line": [{"email": a.email, "name": a.name} for a in parsed.cc],
            "answers_to": (others[0] if others else "")[:320],
            "raw": row,
            "message_id": parsed.message_id[:998],
            "authentication": {
                "verdict": authentication.verdict,
                "spf": authentication.spf,
                "dkim": authentication.dkim,
                "dmarc": authentication.dmarc,
                "aligned": authentication.aligned,
            },
            "auto_reply": parsed.auto_reply[:20],
            "remote_images": parsed.remote_images,
            "notes_on_parsing": parsed.notes,
        },
    )


def _uploads(parsed: ParsedMail, written: list, now: datetime) -> list[Upload]:
    return [
        Upload(
            file=add_row(written=file, content_type=attachment.content_type, now=now),
            name=attachment.name,
            content_type=attachment.content_type,
            size=attachment.size,
            content_id=attachment.content_id,
            is_inline=attachment.inline,
        )
        for attachment, file in zip(parsed.attachments, written, strict=True)
    ]


def _drop(written: list) -> None:
    for file in written:
        discard(file)


def _as_it_stands(raw_id: int) -> Outcome:
    row = RawMail.objects.filter(pk=raw_id).first()
    if row is None or row.state == "pending":
        return Outcome("pending", reason=row.reason if row else "There is no such mail.")
    message = Message.objects.filter(raw=row).first()
    ticket, key = (message.ticket_id, message.pk) if message else (None, None)
    return Outcome(row.outcome, ticket, key, row.reason)
