"""How an app above works on a mail: begin, then all effects and `mark_done` in one transaction.

row = raw.begin(raw_id=…, now=now)           # commits the attempt, so that a mail that kills us is counted
parsed = …                                   # outside any transaction
with transaction.atomic():
    row = raw.lock(raw_id=…)                 # None: somebody else was quicker
    …                                        # effects
    raw.mark_done(raw=row, outcome="ticket", now=now)
"""

from datetime import datetime, timedelta
from functools import cache

from django.db import connection
from django.db.models import BigIntegerField, F

from mail.actions.quarantine import quarantine
from mail.choices import RawState
from mail.models import RawMail
from supportdesk.lib.compiled import CompiledRows, Gap

MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=30)

# One statement and one round trip. A count that a power cut takes back costs one more attempt, so its commit need not
# wait for the disk. A mail whose attempts are used up is answered with false and left as it is.
BEGIN = """
with quick as (select set_config('synchronous_commit', 'off', true)),
due as (
  select id, attempts from mail_rawmail
  where id = %(pk)s and state = 'pending' and (next_attempt_at is null or next_attempt_at <= %(now)s)
  for update skip locked)
update mail_rawmail as raw set
  attempts = due.attempts + (due.attempts < %(most)s)::int,
  next_attempt_at = case when due.attempts < %(most)s
    then %(now)s + %(wait)s * 2 ^ due.attempts * interval '1 second' else raw.next_attempt_at end
from due, quick where raw.id = due.id
returning due.attempts < %(most)s
"""
DONE = """
update mail_rawmail
set state = 'done', outcome = %(outcome)s, reason_code = '', reason = '', done_at = %(now)s, next_attempt_at = null
where id = %(pk)s and state = 'pending'
"""


class AlreadyDone(Exception):
    """The mail has had its effect. Whoever sees this rolls back."""


def begin(*, raw_id: int, now: datetime) -> RawMail | None:
    """Take up a waiting mail and commit that we did. None when it is not waiting, or another worker has it just now.

    After five attempts without an end the mail is set aside: one that crashes its reader never blocks the others (F19).
    """
    wait = FIRST_PAUSE.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, {"pk": raw_id, "now": now, "most": MAX_ATTEMPTS, "wait": wait})
        begun = cursor.fetchone()
    if begun is None:
        return None
    (row,) = _whole().fetch({"raw": raw_id})
    if begun[0]:
        return row
    quarantine(
        raw=row, code="keeps_failing", now=now,
        reason=row.reason or "Reading this mail was begun five times and never came to an end.",
    )  # fmt: skip
    return None


def lock(*, raw_id: int) -> RawMail | None:
    """The waiting mail, held until the caller's transaction ends; None when it is no longer waiting."""
    return _waiting().first({"raw": raw_id})


@cache
def _whole() -> CompiledRows[RawMail]:
    return CompiledRows(RawMail.objects.select_related("mailbox", "file").filter(pk=Gap("raw", BigIntegerField())))


@cache
def _waiting() -> CompiledRows[RawMail]:
    return CompiledRows(
        RawMail.objects.pending().select_for_update(of=("self",)).filter(pk=Gap("raw", BigIntegerField()))
    )


def mark_done(*, raw: RawMail, outcome: str, now: datetime) -> None:
    """Say, inside the transaction of the effects, that the mail has had them. Raises AlreadyDone the second time."""
    with connection.cursor() as cursor:
        cursor.execute(DONE, {"pk": raw.pk, "outcome": outcome, "now": now})
        if not cursor.rowcount:
            raise AlreadyDone(f"Mail {raw.pk} has had its effect.")


def put_off(*, raw: RawMail, error: str, now: datetime, pause: timedelta | None = None) -> None:
    """Write down why an attempt failed; the mail waits and is tried again by itself."""
    values: dict[str, object] = {"reason": error[:500], "reason_code": "failed_attempt"}
    if pause is not None:
        values["next_attempt_at"] = now + pause
    RawMail.objects.filter(pk=raw.pk, state=RawState.PENDING).update(**values)


def release(*, raw_id: int, now: datetime) -> None:
    """Give a begun mail back unharmed, for a worker that was asked to stop: the attempt does not count."""
    RawMail.objects.filter(pk=raw_id, state=RawState.PENDING, attempts__gt=0).update(
        attempts=F("attempts") - 1, next_attempt_at=now
    )
