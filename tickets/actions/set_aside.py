"""A member of staff decides about mail that was set aside, or about one of ours that did not arrive."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from mail.actions import outbox, quarantine
from mail.actions.send import CannotRetry, retry_mail
from mail.models import OutgoingMail, RawMail
from tickets.refusals import Refused


class CannotDecide(Refused):
    """Somebody was quicker, or the mail is not set aside. The message says what became of it."""


@transaction.atomic
def try_again(*, raw: RawMail, by, now: datetime) -> None:
    """Read a mail that was set aside or dismissed once more. Raises CannotDecide."""
    try:
        quarantine.replay(raw=raw, by=by.shown_name, now=now)
    except quarantine.CannotReplay as refusal:
        raise CannotDecide(str(refusal)) from None
    record(by=by, action="tickets.replay_mail", subject=f"mail.raw:{raw.pk}", data={}, now=now)


@transaction.atomic
def dismiss(*, raw: RawMail, by, now: datetime) -> None:
    """Take a mail off the list without an effect; it is kept, and can still be tried again. Raises CannotDecide."""
    try:
        quarantine.dismiss(raw=raw, by=by.shown_name, now=now)
    except quarantine.CannotReplay as refusal:
        raise CannotDecide(str(refusal)) from None
    record(by=by, action="tickets.dismiss_mail", subject=f"mail.raw:{raw.pk}", data={}, now=now)


@transaction.atomic
def send_again(*, mail: OutgoingMail, by, now: datetime) -> None:
    """Try a failed mail of ours again, under the same Message-ID. Raises CannotDecide."""
    try:
        retry_mail(mail=mail, now=now)
    except CannotRetry as refusal:
        raise CannotDecide(str(refusal)) from None
    record(by=by, action="tickets.retry_mail", subject=f"mail.outgoing:{mail.pk}", data={}, now=now)


@transaction.atomic
def let_mail_go(*, leave_out: bool, by, now: datetime) -> outbox.Outbox:
    """End the pause after a restore; with `leave_out` what was written before it never leaves. Raises CannotDecide."""
    try:
        waited = outbox.resume(now=now, leave_out=leave_out)
    except outbox.NotPaused as refusal:
        raise CannotDecide(str(refusal)) from None
    data = {"left_out": waited.old if leave_out else 0, "let_go": waited.new + (0 if leave_out else waited.old)}
    record(by=by, action="tickets.let_mail_go", subject="mail.outbox", data=data, now=now)
    return waited
