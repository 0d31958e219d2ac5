"""A member of staff decides about mail that was set aside, or about one of ours that did not arrive."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from mail.actions import quarantine
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
