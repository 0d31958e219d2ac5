"""What comes back later: bounces by mail, and events from providers. A mail that was sent can still fail."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mail import message_ids, seams
from mail.actions import reach, reply_address
from mail.addresses import one_line
from mail.choices import ErrorKind, EventKind, MailState
from mail.models import DeliveryEvent, OutgoingMail

# RFC 3464 §2.3.3. "relayed" and "expanded" say that the mail went on to where nobody reports from.
ACTIONS = {
    "failed": EventKind.BOUNCED,
    "delayed": EventKind.DELAYED,
    "delivered": EventKind.DELIVERED,
    "relayed": EventKind.DELIVERED,
    "expanded": EventKind.DELIVERED,
}


def find_mail(*, original_message_id: str = "", recipients: Iterable[str] = ()) -> OutgoingMail | None:
    """The mail that a bounce is about: by the address that it was sent to, which we signed, or by our Message-ID.

    `recipients` are the addresses that the bounce itself was delivered to. A Message-ID that we did not sign finds
    nothing, so nobody can declare another person's mail undelivered by guessing.
    """
    for address in recipients:
        mail = reply_address.read_bounce_address(address)
        if mail:
            return mail
    ours = message_ids.read(original_message_id)
    return OutgoingMail.objects.filter(message_id=ours.normal).first() if ours else None


def record_bounce(
    *,
    mail: OutgoingMail,
    now: datetime,
    action: str = "failed",
    status: str = "",
    diagnostic: str = "",
    event_id: str | None = None,
) -> bool:
    """Write down what a mail server said about `mail` afterwards; True when that is new.

    `action` is RFC 3464's word. Delayed is not failed (case 91): it is kept and changes nothing else. A failure turns
    the mail into `failed` and tells its owner once. `event_id` names the report, so that the same one counts once.
    """
    kind = ACTIONS.get(action.strip().lower(), EventKind.BOUNCED)
    return record_event(mail=mail, kind=kind, now=now, status=status, detail=diagnostic, event_id=event_id)


@transaction.atomic
def record_event(
    *,
    mail: OutgoingMail,
    kind: EventKind,
    now: datetime,
    status: str = "",
    detail: str = "",
    event_id: str | None = None,
) -> bool:
    """Keep one event of `mail` and draw its consequences; True when it is new. Safe twice and at once."""
    mail = OutgoingMail.objects.select_for_update(of=("self",)).get(pk=mail.pk)
    if event_id and DeliveryEvent.objects.filter(provider_id=event_id[:255]).exists():
        return False
    status, detail = one_line(status, 12), one_line(detail, 500)
    DeliveryEvent.objects.create(
        mail=mail, kind=kind, at=now, status=status, detail=detail, provider_id=event_id and event_id[:255]
    )
    if kind == EventKind.BOUNCED:
        _fail(mail, status, detail, now)
    elif kind == EventKind.DELIVERED:
        reach.note_life(address=mail.to_address)
    elif kind == EventKind.COMPLAINED:
        reach.opt_out(address=mail.to_address, scope=reach.EVERYTHING, now=now)
    return True


def _fail(mail: OutgoingMail, status: str, detail: str, now: datetime) -> None:
    if mail.state not in (MailState.SENT, MailState.QUEUED, MailState.SENDING):
        return
    # Queued or being sent: the answer to an earlier attempt was lost, and the bounce proves that it was made.
    words = detail or (f"The mail came back with status {status}." if status else "The mail came back.")
    mail.state, mail.error_kind, mail.last_error, mail.leased_until = MailState.FAILED, ErrorKind.BOUNCED, words, None
    mail.save(update_fields=["state", "error_kind", "last_error", "leased_until"])
    reach.note_failure(address=mail.to_address, status=status, now=now)
    seams.tell(seams.FAILED, mail=mail, now=now)
