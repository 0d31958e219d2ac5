"""Events that providers report about mail that we sent."""

import re
from datetime import datetime

from mail import message_ids
from mail.actions import bounces, reach
from mail.addresses import BadAddress, normalise
from mail.choices import EventKind
from mail.models import OutgoingMail

KINDS = {
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DELAYED,
    "bounced": EventKind.BOUNCED,
    "rejected": EventKind.BOUNCED,
    "failed": EventKind.BOUNCED,
    "complained": EventKind.COMPLAINED,
}
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


def track(
    *, event_type: str, message_id: str, recipient: str, words: str, event_id: str, now: datetime
) -> OutgoingMail | None:
    """Keep one event; the mail it was about, or None when it is none of ours or says nothing that we need.

    `event_type` is anymail's word. Opened and clicked are not kept: we do not watch people read.
    """
    if event_type == "unsubscribed":
        _opt_out(recipient, now)
        return None
    kind = KINDS.get(event_type)
    mail = _find(message_id) if kind else None
    if mail is None or kind is None:
        return None
    status = _STATUS.search(words)
    bounces.record_event(
        mail=mail, kind=kind, now=now, status=status[0] if status else "", detail=words, event_id=event_id
    )
    return mail


def _find(message_id: str) -> OutgoingMail | None:
    ours = message_ids.read(message_id)
    if ours:
        return OutgoingMail.objects.filter(message_id=ours.normal).first()
    return OutgoingMail.objects.filter(provider_id=message_id[:255]).first() if message_id else None


def _opt_out(recipient: str, now: datetime) -> None:
    try:
        reach.opt_out(address=normalise(recipient), scope=reach.EVERYTHING, now=now)
    except BadAddress:
        return
