"""What cannot be understood is set aside with its reason, and a person may try it again or dismiss it."""

from datetime import datetime

from django.db import transaction

from mail.addresses import one_line
from mail.choices import RawState
from mail.models import RawMail
from supportdesk.lib.background import enqueue_on_commit


class CannotReplay(Exception):
    """The mail is not set aside. The message says what became of it."""


def quarantine(*, raw: RawMail, code: str, reason: str, now: datetime) -> bool:
    """Set a waiting mail aside. True when this call did it; a mail that is done stays done. Usable in a transaction.

    `code` is a word for programs, `reason` a sentence for the person who looks at it at `now`.
    """
    changed = RawMail.objects.filter(pk=raw.pk, state=RawState.PENDING).update(
        state=RawState.QUARANTINED,
        reason_code=one_line(code, 60) or "unknown",
        reason=one_line(reason, 500),
        outcome="quarantined",
        decided_at=now,
        decided_by="",
    )
    raw.refresh_from_db()
    return bool(changed)


def replay(*, raw: RawMail, by: str, now: datetime) -> RawMail:
    """Try a mail again that was set aside or dismissed. `by` is a name for the row; the journal is the caller's.

    Raises CannotReplay for any other mail, so that two people who press at once cause one attempt.
    """
    with transaction.atomic():
        changed = RawMail.objects.filter(pk=raw.pk, state__in=[RawState.QUARANTINED, RawState.DISMISSED]).update(
            state=RawState.PENDING,
            attempts=0,
            next_attempt_at=None,
            outcome="",
            decided_at=now,
            decided_by=one_line(by, 255),
        )
        raw.refresh_from_db()
        if not changed:
            raise CannotReplay(f"This mail is not set aside; it is {raw.get_state_display().lower()}.")
        enqueue_on_commit("tickets.take_in", raw_id=raw.pk)
    return raw


def dismiss(*, raw: RawMail, by: str, now: datetime) -> RawMail:
    """Take a mail off the quarantine's list without an effect. Raises CannotReplay when it is not on it."""
    changed = RawMail.objects.filter(pk=raw.pk, state=RawState.QUARANTINED).update(
        state=RawState.DISMISSED, outcome="dismissed", decided_at=now, decided_by=one_line(by, 255)
    )
    raw.refresh_from_db()
    if not changed:
        raise CannotReplay(f"This mail is not set aside; it is {raw.get_state_display().lower()}.")
    return raw
