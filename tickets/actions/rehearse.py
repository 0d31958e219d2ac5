"""What a mail would become, without anything staying."""

import hashlib
import uuid
from datetime import datetime

from django.db import transaction

from mail.choices import Door
from mail.files import Written, add_row
from mail.models import Mailbox, RawMail
from mail.parsing.types import ParsedMail
from tickets.actions.take_in import Outcome, effects


def rehearse(*, content: bytes, parsed: ParsedMail, mailbox: Mailbox | None, now: datetime) -> Outcome:
    """The outcome that `take_in` would have for a parsed mail. Everything is done in a transaction and undone.

    The number of a ticket that would be new is not known, so it is None.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    known = RawMail.objects.filter(mailbox=mailbox, sha256=sha256).first()
    if known:
        return Outcome("duplicate", reason="This very mail was stored before.")
    with transaction.atomic():
        row = RawMail.objects.create(
            mailbox=mailbox,
            file=add_row(written=_nowhere(content), now=now),
            sha256=sha256,
            size=len(content),
            door=Door.COMMAND,
            received_at=now,
        )
        written = [_nowhere(attachment.data) for attachment in parsed.attachments]
        outcome = effects(row, content, parsed, written, now)
        transaction.set_rollback(True)
    is_new = outcome.outcome == "ticket"
    return Outcome(outcome.outcome, None if is_new else outcome.ticket, None, outcome.reason)


def _nowhere(content: bytes) -> Written:
    """A row's worth of facts about content that is on no storage."""
    return Written(uuid.uuid4().hex, hashlib.sha256(content).hexdigest(), len(content))
