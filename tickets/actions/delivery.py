"""What became of a reply after it was written."""

from datetime import datetime

from django.db import transaction

from mail.models import OutgoingMail
from tickets import clocks
from tickets.actions import heard, publishing
from tickets.actions.answering import left
from tickets.actions.keeping import keep, locked_with_message, move, write_event
from tickets.choices import LIVE, Category, Delivery
from tickets.models import Message, PassedMessage, Ticket


@transaction.atomic
def note_delivery(*, message_id: int, now: datetime) -> None:
    """Read off the mails of a message how its delivery stands, and act on a change.

    Running it again, or late, changes nothing more: the mails are the truth. A message that nobody wanted mailed has
    none; it counts as not mailed once its writer cannot take it back.
    """
    found = _locked(message_id)
    if found is None:
        return
    mails = list(OutgoingMail.objects.filter(source_key=f"message:{message_id}").order_by("pk"))
    if mails:
        delivery, error = _stand(mails)
        _settle(*found, delivery, error, now)
    elif not PassedMessage.objects.filter(message_id=message_id).exists():
        _settle(*found, Delivery.NONE, "", now)


@transaction.atomic
def settle(*, message_id: int, delivery: str, error: str, now: datetime) -> None:
    """A message's delivery stands so. A failure opens the ticket again, puts it at the top and says why."""
    found = _locked(message_id)
    if found is not None:
        _settle(*found, delivery, error, now)


def _locked(message_id: int) -> tuple[Ticket, Message] | None:
    """The message and the ticket on which it stands by now, both locked; None where it is no more."""
    message = Message.objects.filter(pk=message_id).only("pk", "ticket_id").first()
    return locked_with_message(message) if message is not None else None


def _settle(row: Ticket, message: Message, delivery: str, error: str, now: datetime) -> None:
    now_stands, stood = (delivery, error), (message.delivery, message.delivery_error)
    if message.delivery == Delivery.CANCELLED or now_stands == stood:
        return
    failed_before = message.delivery == Delivery.FAILED
    message.delivery, message.delivery_error, message.undo = delivery, error, None
    message.save(update_fields=["delivery", "delivery_error", "undo"])
    if delivery == Delivery.FAILED:
        Message.objects.filter(pk=message.pk).update(later=None)
        _failed(row, error, now)
        heard.undelivered(heard.Heard(row, message, now))
        publishing.undelivered(message, row, now=now)
    elif message.later is not None and delivery in (Delivery.SENT, Delivery.NONE):
        left(row, message, now)
    elif failed_before:
        row.has_failed_delivery = row.messages.filter(delivery=Delivery.FAILED).exists()
    keep(row, promise=clocks.promise_for(row), now=now)


def _stand(mails: list[OutgoingMail]) -> tuple[str, str]:
    failed = [mail for mail in mails if mail.state == "failed"]
    if failed:
        reasons = "; ".join(f"{mail.to_address}: {mail.last_error}" for mail in failed)
        return Delivery.FAILED, reasons[:500]
    if any(mail.state in ("queued", "sending") for mail in mails):
        return Delivery.PENDING, ""
    if mails and all(mail.state == "cancelled" for mail in mails):
        return Delivery.CANCELLED, ""
    return Delivery.SENT, ""


def _failed(row: Ticket, error: str, now: datetime) -> None:
    if row.category not in LIVE:
        move(row, Category.OPEN, promise=clocks.promise_for(row), now=now)
    row.has_failed_delivery = True
    row.follow_up_at, row.snoozed_until = now, None
    row.came_back, row.is_unread = "A reply was not delivered", True
    write_event(row, kind="undelivered", text=f"A reply was not delivered. {error}", by=None, now=now)
