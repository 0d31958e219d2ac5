"""Whether mail may leave at all. After a restore nothing does until a person has looked (F32).

A backup holds mail that was waiting when it was made and has left since, and timers that will write some of it anew.
The database notices by itself that it is a copy: of the server, the database and the table of outgoing mail at least
one has another number than where mail left from last. A copy of the files of the server is told by `outbox pause`.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from mail.choices import ErrorKind, MailState
from mail.models import Home, OutgoingMail
from supportdesk.lib.locks import take_transaction_lock

logger = logging.getLogger(__name__)

LOCK = "mail.home"
HELD = "It waits: this database was restored or moved, and an administrator decides what leaves."
LEFT_OUT = "Left out after a restore: it was written before, and may have been sent then."
LOOK = """
select here.identity, home.identity, home.is_paused
from (
    select concat_ws('.', server.system_identifier, base.oid, 'mail_outgoingmail'::regclass::oid) as identity
    from pg_control_system() server, pg_database base where base.datname = current_database()
) here
left join lateral (select identity, is_paused from mail_home order by id desc limit 1) home on true
"""


class NotPaused(Exception):
    """Mail leaves already."""


@dataclass(frozen=True)
class Outbox:
    """What waits while mail is paused: `old` was written before `since`, `new` after it."""

    since: datetime
    old: int
    new: int


def is_paused(*, now: datetime) -> bool:
    """Whether no mail may leave. Pauses it when this database turns out to be a copy. One query."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK)
        here, last, paused = cursor.fetchone()
    return paused if here == last else _move_in(here, now)


def look(*, now: datetime) -> Outbox | None:
    """What waits, or None while mail leaves."""
    if not is_paused(now=now):
        return None
    since = Home.objects.latest("pk").since
    waiting = OutgoingMail.objects.due(now)
    old = waiting.filter(created_at__lt=since).count()
    return Outbox(since, old, waiting.count() - old)


@transaction.atomic
def pause(*, now: datetime) -> None:
    """Let no mail leave from now on. Twice changes nothing more."""
    is_paused(now=now)
    take_transaction_lock(LOCK)
    home = Home.objects.latest("pk")
    if not home.is_paused:
        home.is_paused, home.since = True, now
        home.save(update_fields=["is_paused", "since"])


@transaction.atomic
def resume(*, now: datetime, leave_out: bool) -> Outbox:
    """Let mail leave again; with `leave_out` without what was written before the pause. Raises NotPaused.

    Answers what waited. Mail that was asked for later than now was not sent before either, and always stays.
    """
    take_transaction_lock(LOCK)
    waited = look(now=now)
    if waited is None:
        raise NotPaused("Mail leaves already.")
    if leave_out:
        old = OutgoingMail.objects.due(now).filter(created_at__lt=waited.since)
        old.update(state=MailState.CANCELLED, leased_until=None, last_error=LEFT_OUT, error_kind=ErrorKind.STALE)
    OutgoingMail.objects.filter(state=MailState.QUEUED, error_kind=ErrorKind.HELD).update(
        error_kind=ErrorKind.NONE, last_error=""
    )
    Home.objects.filter(pk=Home.objects.latest("pk").pk).update(is_paused=False)
    return waited


def hold(*, now: datetime) -> int:
    """Write on each mail that is due why it waits; answers how many were due anew."""
    due = OutgoingMail.objects.due(now).filter(state=MailState.QUEUED).exclude(error_kind=ErrorKind.HELD)
    return due.update(error_kind=ErrorKind.HELD, last_error=HELD)


@transaction.atomic
def _move_in(here: str, now: datetime) -> bool:
    take_transaction_lock(LOCK)
    last = Home.objects.order_by("-pk").first()
    if last and last.identity == here:
        return last.is_paused
    is_copy = last is not None
    Home.objects.create(identity=here, since=now, is_paused=is_copy)
    if is_copy:
        logger.error("This database was restored or moved. Mail waits until an administrator has looked at it.")
    return is_copy
