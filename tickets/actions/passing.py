"""Messages by SMS and chat: taken in once, answered where they came from, passed on by a program under a lease.

A program between a provider and this desk calls the API. We believe it that a message came from a number or a
visitor, and nothing else: a mail address that a visitor claims is written down as a claim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.actions.handles import find_or_create_handle
from accounts.choices import HandleSort
from accounts.models import Handle, Person
from supportdesk.lib.failpoints import failpoint
from tickets.actions import delivery, intake
from tickets.actions.attach import Upload
from tickets.actions.entitling import later
from tickets.actions.entitling.at_opening import Proof, claimed_by
from tickets.actions.keeping import locked_with_message
from tickets.choices import Channel, Delivery, Passing
from tickets.merged import survivor_of
from tickets.models import Conversation, Message, PassedMessage, Team, Ticket
from tickets.models.channels import PASSED
from tickets.refusals import Refused
from tickets.support_choices import CheckMethod

SORTS = {Channel.SMS: HandleSort.PHONE, Channel.CHAT: HandleSort.CHAT}
# A closed ticket goes on when its conversation does, for this long. Later words are a new matter.
GOES_ON = timedelta(days=7)
LEASE = timedelta(minutes=2)
MOST_CLAIMED = 50
SUBJECT_WORDS = 80


class CannotPass(Refused):
    """There is no road back, or the message does not fit it."""


class LeaseOver(Refused):
    """The message was claimed again since, or its outcome is known."""


@dataclass(frozen=True)
class Sender:
    """Who wrote, in the provider's words. `claimed_email` is what they say of themselves, as is `asks` (that they have
    priority); it proves nothing. `signed` is whom the site around the chat vouches for, by our secret.
    """

    value: str
    name: str = ""
    claimed_email: str = ""
    asks: bool = False
    signed: Person | None = None

    @property
    def proof(self) -> Proof:
        """What a new ticket is entitled to by this."""
        if self.signed is not None:
            return Proof(CheckMethod.HMAC, person=self.signed, asks=self.asks)
        return claimed_by(self.claimed_email, asks=self.asks)


def take_in(
    *,
    channel: str,
    provider_id: str,
    sender: Sender,
    text: str,
    now: datetime,
    key: str = "",
    subject: str = "",
    team: Team | None = None,
    attachments: Sequence[Upload] = (),
) -> tuple[PassedMessage, bool]:
    """A message from a provider, and whether it is new. The same `provider_id` again, or at once, is the first.

    It joins the ticket of its conversation, unless that was closed more than seven days ago. Raises
    intake.CannotOpenTicket or CannotAddMessage when it holds nothing.
    """
    try:
        with transaction.atomic():
            if known := _known(channel, provider_id):
                return known, False
            conversation = _conversation(channel, sender, key, now)
            message = _add(conversation, sender, text, subject, team, attachments, now)
            passed = PassedMessage.objects.create(
                channel=channel, is_incoming=True, conversation=conversation, message=message,
                provider_id=provider_id, state=Passing.RECEIVED, ready_at=now, created_at=now,
            )  # fmt: skip
            failpoint("tickets.passing.taken_in")
    except IntegrityError:
        if known := _known(channel, provider_id):
            return known, False
        raise
    return passed, True


def road_of(ticket: Ticket) -> Conversation | None:
    """By which conversation a ticket is answered; None for tickets that mail answers. Raises CannotPass.

    A ticket that came by SMS or chat is never answered by mail behind everybody's back.
    """
    if ticket.channel not in PASSED:
        return None
    rows = Conversation.objects.select_related("handle").filter(ticket=ticket, channel=ticket.channel)
    conversation = rows.order_by("-pk").first()
    if conversation is None:
        raise CannotPass("There is no telephone or chat left to answer to.")
    return conversation


def queue(*, message: Message, conversation: Conversation, now: datetime) -> PassedMessage:
    """Let an agent's reply be passed on when its undo window is over."""
    return PassedMessage.objects.create(
        channel=conversation.channel, is_incoming=False, conversation=conversation, message=message,
        state=Passing.PENDING, ready_at=message.sends_at or now, created_at=now,
    )  # fmt: skip


def cancel(*, message: Message) -> bool:
    """Take an outgoing message back; whether there was one that nobody had claimed. In the caller's transaction."""
    rows = PassedMessage.objects.filter(message=message, is_incoming=False, state=Passing.PENDING, lease=0)
    return bool(rows.update(state=Passing.CANCELLED))


def retry(*, message: Message, now: datetime) -> bool:
    """Let a message that failed be passed on again; whether there was one. In the caller's transaction."""
    rows = PassedMessage.objects.filter(message=message, is_incoming=False, state=Passing.FAILED)
    return bool(rows.update(state=Passing.PENDING, error="", ready_at=now))


@transaction.atomic
def claim(*, channel: str, most: int, now: datetime) -> list[PassedMessage]:
    """The oldest messages that wait, held for two minutes by whoever asked. Two that ask at once get different ones.

    What is not reported by then is handed out again: give its number to the provider as the key of idempotency.
    """
    rows = PassedMessage.objects.claimable(now).filter(channel=channel, is_incoming=False)
    free = rows.select_for_update(skip_locked=True, of=("self",)).order_by("ready_at", "pk")
    keys = list(free.values_list("pk", flat=True)[: min(most, MOST_CLAIMED)])
    PassedMessage.objects.filter(pk__in=keys).update(
        state=Passing.SENDING, lease=F("lease") + 1, leased_until=now + LEASE
    )
    held = PassedMessage.objects.filter(pk__in=keys).select_related("conversation__handle", "message")
    return list(held.prefetch_related("message__attachments").order_by("ready_at", "pk"))


@transaction.atomic
def report(
    *, passed: PassedMessage, lease: int, state: str, now: datetime, provider_id: str = "", error: str = ""
) -> PassedMessage:
    """What became of a claimed message: sent or failed, and a failure opens the ticket again. Raises LeaseOver.

    The same report twice is one. A provider may say of a sent message that it failed after all.
    """
    locked_with_message(passed.message)
    row = PassedMessage.objects.select_for_update().get(pk=passed.pk)
    if row.lease != lease or row.state not in (Passing.SENDING, Passing.SENT, Passing.FAILED):
        raise LeaseOver("Somebody else claimed this message since, so this report is too old.")
    if row.state == state or (row.state, state) == (Passing.FAILED, Passing.SENT):
        return row
    row.state, row.error, row.leased_until = state, error[:500], None
    row.provider_id = provider_id or row.provider_id
    row.save(update_fields=["state", "error", "leased_until", "provider_id"])
    stand = Delivery.SENT if state == Passing.SENT else Delivery.FAILED
    delivery.settle(message_id=row.message_id, delivery=stand, error=row.error, now=now)
    return row


def _known(channel: str, provider_id: str) -> PassedMessage | None:
    rows = PassedMessage.objects.select_related("message").filter(is_incoming=True)
    return rows.filter(channel=channel, provider_id=provider_id).first()


def _conversation(channel: str, sender: Sender, key: str, now: datetime) -> Conversation:
    """Locked until the end, so that two first messages of one visitor make one ticket."""
    handle = find_or_create_handle(sort=SORTS[Channel(channel)], value=sender.value, name=sender.name, now=now)
    Conversation.objects.bulk_create([Conversation(channel=channel, handle=handle, key=key)], ignore_conflicts=True)
    # Not the key itself: a reply that refers to this row must not wait for us while we wait for its ticket.
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(channel=channel, handle=handle, key=key)


def _add(
    conversation: Conversation,
    sender: Sender,
    text: str,
    subject: str,
    team: Team | None,
    attachments: Sequence[Upload],
    now: datetime,
) -> Message:
    handle = Handle.objects.select_related("person").get(pk=conversation.handle_id)
    ticket = _going_on(conversation, handle, now)
    if ticket is not None:
        message = intake.add_customer_message(
            ticket=ticket, person=handle.person, text=text, channel=conversation.channel, attachments=attachments,
            now=now,
        )  # fmt: skip
        if sender.signed is not None:
            later.show(ticket=ticket, person=sender.signed, method=CheckMethod.HMAC, now=now)
    else:
        ticket = intake.open_ticket(
            requester=handle.person, subject=subject or _subject(text, conversation, handle), text=text,
            channel=conversation.channel, by=None, team=team, attachments=attachments, proof=sender.proof, now=now,
        )  # fmt: skip
        message = ticket.messages.order_by("-pk")[:1].get()
    if conversation.ticket_id != message.ticket_id:
        conversation.ticket_id = message.ticket_id
        conversation.save(update_fields=["ticket"])
    message.from_name, message.from_address = sender.name[:255] or handle.person.name, handle.value
    if sender.claimed_email:
        message.notes_on_parsing = [f"They say that their address is {sender.claimed_email}. Nothing proves it."]
    message.save(update_fields=["from_name", "from_address", "notes_on_parsing"])
    return message


def _going_on(conversation: Conversation, handle: Handle, now: datetime) -> Ticket | None:
    """The ticket that further words belong to. A survivor in which this person takes no part is none of theirs."""
    if conversation.ticket is None:
        return None
    ticket = Ticket.objects.get(pk=survivor_of(conversation.ticket))
    if ticket.closed_at is not None and ticket.closed_at < now - GOES_ON:
        return None
    takes_part = ticket.participants.filter(person=handle.person).exists()
    return ticket if takes_part else None


def _subject(text: str, conversation: Conversation, handle: Handle) -> str:
    words = " ".join(text[:400].split())
    if not words:
        return f"{conversation.get_channel_display().capitalize()} from {handle.value}"
    return words if len(words) <= SUBJECT_WORDS else f"{words[:SUBJECT_WORDS].rsplit(' ', 1)[0]}…"
