"""Files become searchable after they arrived: each is read once, apart, never in the transaction that took it in."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from tickets.choices import FileReading
from tickets.file_texts.apart import text_apart
from tickets.file_texts.types import Unreadable
from tickets.models import FileText

logger = logging.getLogger(__name__)

LARGEST = 25 * 1024 * 1024
MOST_ATTEMPTS = 3
LEASE = timedelta(minutes=3)


def waiting(*, now: datetime, most: int) -> list[int]:
    """Files to read, the oldest first."""
    due = FileText.objects.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now), state=FileReading.WAITING)
    return list(due.order_by("pk").values_list("pk", flat=True)[:most])


def read_file(*, attachment: int, now: datetime) -> bool:
    """Read one file and keep what it says. False: it is not waiting, or somebody else has it just now.

    Claimed by a conditional update; a reader that is killed leaves its claim to run out. After MOST_ATTEMPTS that ended
    so the file is given up: its name is found all the same.
    """
    mine = FileText.objects.filter(pk=attachment, state=FileReading.WAITING)
    claimed = mine.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)).update(
        attempts=F("attempts") + 1, next_attempt_at=now + LEASE
    )
    row = mine.select_related("attachment__file").first() if claimed else None
    if row is None:
        return False
    if row.attempts > MOST_ATTEMPTS:
        return _keep(row, FileReading.FAILED, reason="Reading it broke off several times.")
    try:
        text = _text(row)
    except Unreadable as error:
        return _keep(row, FileReading.FAILED, reason=str(error))
    except OSError:  # the storage is away: again, when the claim has run out
        logger.warning("The file of attachment %s could not be fetched", attachment, exc_info=True)
        return False
    return _keep(row, FileReading.READ if text else FileReading.NOTHING, text=text)


def _text(row: FileText) -> str:
    attachment = row.attachment
    if attachment.content_type.startswith(("image/", "audio/", "video/")):
        return ""
    if attachment.size > LARGEST:
        raise Unreadable("The file is too large to be read.")
    return text_apart(attachment.name, attachment.content_type, attachment.file.read())


@transaction.atomic
def _keep(row: FileText, state: FileReading, *, text: str = "", reason: str = "") -> bool:
    kept = FileText.objects.filter(pk=row.pk, state=FileReading.WAITING, attempts=row.attempts)
    return bool(kept.update(state=state, text=text, reason=reason[:200], next_attempt_at=None))
