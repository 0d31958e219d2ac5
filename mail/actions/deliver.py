"""Send what is due: claim and commit, send outside any transaction, record under the claim's own number.

A sender that dies leaves a lease behind. When it runs out another sender takes the mail with the same Message-ID, so a
mail is never lost, and a server that already had it can tell that it is the same one (F15–F17, invariant I2).
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from mail import seams
from mail.actions import outbox, reach
from mail.actions.limits import exceeded_limit
from mail.actions.reply_address import make_bounce_address
from mail.build import as_bytes
from mail.choices import ErrorKind, EventKind, Kind, MailState
from mail.gateways import Couriers, SendError, takes_any_sender, where
from mail.models import DeliveryEvent, OutgoingMail
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any exchange may take: gateways.DEADLINE_SECONDS
GIVE_UP_AFTER = timedelta(hours=48)
RECORD_PAUSES = (0.5, 1, 2, 4, 8)  # seconds; together less than a lease has left after the longest exchange
BUILD_ATTEMPTS = 5
STALE_AFTER = {Kind.ACKNOWLEDGEMENT: timedelta(hours=4)}
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 30))
ROUND = timedelta(minutes=2)  # the next round is seconds away
REST = timedelta(seconds=30)  # a silent server holds a worker as long as this, and then is left alone as long
UNDO_WINDOW = timedelta(seconds=60)
NEVER_ENDED = SendError(ErrorKind.UNKNOWN, "Sending was begun and never came to an end.")
BROKEN = SendError(ErrorKind.UNKNOWN, "Sending ended in an error of our own; the log says which.")
SHARED_TROUBLE = (ErrorKind.CONNECTION, ErrorKind.SETTINGS)


def deliver_one(*, mail_id: int, clock: Callable[[], datetime]) -> MailState | None:
    """Send one mail if it is due and its turn; its state afterwards, or None when it was not ours to send.

    Nor is it while mail is paused, or its server rests; the round that comes by then has it.
    """
    now = clock()
    if outbox.is_paused(now=now):
        return None
    resting = _resting(now)
    if resting and any(where(mail) in resting for mail in _with_mailbox(mail_id)):
        return None
    mail = claim(mail_id=mail_id, now=clock())
    if mail is None:
        return None
    if mail.state == MailState.SENDING:
        with Couriers() as couriers:
            _send_and_record(mail, couriers, clock)
    return MailState(mail.state)


def deliver_due(*, limit: int, clock: Callable[[], datetime]) -> int:
    """Send up to `limit` mails that are due, oldest first, for at most ROUND; answers how many were tried.

    A server that cannot be reached costs one attempt of one mail; everything else that goes there waits, untried, also
    in the rounds of the next REST. One round at a time is at a server: one that never answers holds one worker (F30).
    """
    tried, began_at = 0, clock()
    if outbox.is_paused(now=began_at):
        outbox.hold(now=began_at)
        return 0
    down = _resting(began_at)
    with Couriers() as couriers:
        for mail_id in due_ids(now=began_at, limit=limit):
            if clock() - began_at > ROUND:
                break
            for waiting in _with_mailbox(mail_id):
                place = where(waiting)
                if place in down:
                    continue
                with try_lock(f"mail.deliver_due:{place}") as got:
                    mail = claim(mail_id=mail_id, now=clock()) if got else None
                    if mail is None or mail.state != MailState.SENDING:
                        continue
                    tried += 1
                    error = _send_and_record(mail, couriers, clock)
                if error and error.kind in SHARED_TROUBLE:
                    down.add(place)
    return tried


def due_ids(*, now: datetime, limit: int) -> list[int]:
    """Mails that could be sent now, oldest first, without those whose turn has not come."""
    return list(_sendable(now).order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


def claim(*, mail_id: int, now: datetime) -> OutgoingMail | None:
    """Take a due mail for LEASE and commit that. None when it is not due, not its turn, or somebody else's.

    A mail that may no longer be sent comes back `cancelled`, with its reason.
    """
    with transaction.atomic():
        rows = _sendable(now).select_related("mailbox").select_for_update(skip_locked=True, of=("self",))
        mail = rows.filter(pk=mail_id).first()
        if mail is None:
            return None
        if mail.state == MailState.SENDING and now - mail.not_before >= GIVE_UP_AFTER:
            record_failure(mail=mail, error=NEVER_ENDED, now=now)
            return mail
        reason, kind = _why_not_now(mail, now)
        if reason:
            _finish(mail, state=MailState.CANCELLED, last_error=reason, error_kind=kind)
            return mail
        mail.state = MailState.SENDING
        mail.lease_id = F("lease_id") + 1
        mail.attempts += 1
        mail.leased_until = now + LEASE
        mail.save(update_fields=["state", "lease_id", "attempts", "leased_until"])
        mail.refresh_from_db(fields=["lease_id"])
    failpoint("mail.deliver.claimed")
    return mail


def record_success(*, mail: OutgoingMail, answer: str, now: datetime) -> bool:
    """The server has it. False when our lease ran out and somebody else took over; then nothing is written."""
    with transaction.atomic():
        changed = _finish(mail, state=MailState.SENT, sent_at=now, last_error="", error_kind=ErrorKind.NONE)
        if changed:
            DeliveryEvent.objects.create(mail=mail, kind=EventKind.ACCEPTED, at=now, detail=answer[:500])
            seams.tell(seams.SENT, mail=mail, now=now)
    return changed


def record_failure(*, mail: OutgoingMail, error: SendError, now: datetime) -> bool:
    """Try again later, or give up for good and tell the owner. False when the lease was no longer ours."""
    too_late = now - mail.not_before >= GIVE_UP_AFTER
    if error.kind != ErrorKind.PERMANENT and not too_late:
        pause = PAUSES[min(mail.attempts, len(PAUSES)) - 1]
        return _finish(
            mail, state=MailState.QUEUED, next_attempt_at=now + pause, last_error=error.words, error_kind=error.kind
        )
    words = error.words if error.kind == ErrorKind.PERMANENT else f"Given up after two days. Last: {error.words}"
    with transaction.atomic():
        changed = _finish(mail, state=MailState.FAILED, last_error=words[:500], error_kind=error.kind)
        if changed:
            if error.status.startswith("5."):
                reach.note_failure(address=mail.to_address, status=error.status, now=now)
            seams.tell(seams.FAILED, mail=mail, now=now)
    return changed


def _resting(now: datetime) -> set[str]:
    """The servers of mails that could not be handed over within REST because nobody answered."""
    lately = Q(attempts__gte=len(PAUSES), next_attempt_at__gt=now - REST + PAUSES[-1])
    for attempts, pause in enumerate(PAUSES[:-1], start=1):
        lately |= Q(attempts=attempts, next_attempt_at__gt=now - REST + pause)
    failed = OutgoingMail.objects.filter(lately, state=MailState.QUEUED, error_kind=ErrorKind.CONNECTION)
    return {where(mail) for mail in failed.select_related("mailbox").order_by("mailbox_id").distinct("mailbox_id")}


def _with_mailbox(mail_id: int):
    return OutgoingMail.objects.select_related("mailbox").filter(pk=mail_id)


def _send_and_record(mail: OutgoingMail, couriers: Couriers, clock: Callable[[], datetime]) -> SendError | None:
    try:
        content = _content(mail, clock())
        answer = couriers.of(mail).send(sender=_envelope_sender(mail), recipient=mail.to_address, content=content)
    except SendError as error:
        record_failure(mail=mail, error=error, now=clock())
        return error
    except Exception:
        # Ours to mend, and no reason to stop the mails behind it. It may have left, so it stays the same mail.
        logger.exception("Mail %s could not be handed over", mail.pk)
        record_failure(mail=mail, error=BROKEN, now=clock())
        return BROKEN
    failpoint("mail.deliver.sent_not_recorded")
    _record_surely(mail, answer, clock)
    return None


def _record_surely(mail: OutgoingMail, answer: str, clock: Callable[[], datetime]) -> None:
    # The server has the mail. A database that is just starting again should not make us send it twice.
    for pause in RECORD_PAUSES:
        try:
            record_success(mail=mail, answer=answer, now=clock())
            return
        except (OperationalError, InterfaceError):
            logger.warning("Mail %s was sent and could not be recorded yet", mail.pk)
            connection.close()
            time.sleep(pause)
    record_success(mail=mail, answer=answer, now=clock())


def _content(mail: OutgoingMail, now: datetime) -> bytes:
    try:
        return as_bytes(mail=mail, now=now)
    except OSError as error:
        raise SendError(ErrorKind.TEMPORARY, "An attachment of this mail cannot be read just now.") from error
    except Exception as error:
        # Whatever is wrong with this one may not stop the mails behind it; and what is wrong with all of them, as after
        # a bad release, should not fail them for good within a minute.
        logger.exception("Mail %s could not be put together", mail.pk)
        kind = ErrorKind.PERMANENT if mail.attempts >= BUILD_ATTEMPTS else ErrorKind.TEMPORARY
        raise SendError(kind, "This mail could not be put together; the log says why.") from error


def _envelope_sender(mail: OutgoingMail) -> str:
    return make_bounce_address(mail=mail) if takes_any_sender(mail) else mail.from_address


def _sendable(now: datetime):
    earlier = OutgoingMail.objects.unfinished().filter(
        Q(attempts__gt=0) | Q(not_before__lte=now + UNDO_WINDOW),
        ~Q(subject_key=""),  # says to PostgreSQL that the index `outgoing_order` will do
        subject_key=OuterRef("subject_key"),
        to_address=OuterRef("to_address"),
        pk__lt=OuterRef("pk"),
    )
    return OutgoingMail.objects.due(now).filter(Q(subject_key="") | ~Exists(earlier))


def _why_not_now(mail: OutgoingMail, now: datetime) -> tuple[str, ErrorKind]:
    limit = STALE_AFTER.get(Kind(mail.kind))
    if limit and now - mail.not_before > limit:
        return "It could not be sent while it was of use.", ErrorKind.STALE
    reason = reach.why_not(kind=Kind(mail.kind), address=mail.to_address, scope=mail.opt_out_scope, now=now)
    if not reason and not mail.attempts:
        reason = exceeded_limit(mail=mail, now=now)
    return reason, ErrorKind.NONE


def _finish(mail: OutgoingMail, **values) -> bool:
    """Write the end of a claim, if it is still ours: nobody else has begun with the mail since."""
    changed = OutgoingMail.objects.filter(pk=mail.pk, lease_id=mail.lease_id, state=mail.state).update(
        leased_until=None, **values
    )
    mail.refresh_from_db()
    return bool(changed)
