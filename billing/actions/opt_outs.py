"""Which mails about invoices an address gets. Never whether it owes: the invoice stands on the account all the same."""

from dataclasses import dataclass
from datetime import datetime

from billing.actions import notices
from billing.choices import Notice
from billing.refusals import Refused
from mail.actions import reach


class LastOne(Refused):
    """Nobody else gets these mails: the message says what follows, and asking once more, being sure, does it."""


@dataclass(frozen=True)
class NoticeChoice:
    """A sort of mail, and whether it was stopped."""

    notice: str
    label: str
    is_stopped: bool


def notices_for(*, address: str) -> list[NoticeChoice]:
    """Every sort of mail about invoices."""
    stopped = reach.scopes_stopped([address])[address]
    return [NoticeChoice(notice, label, notice in stopped) for notice, label in Notice.choices]


def stop(*, address: str, notice: str, is_sure: bool, now: datetime) -> None:
    """Send `address` no more of `notice`. Safe to ask twice. Raises LastOne where nobody else would be told."""
    warning = notices.warning_for(notice)(address)
    if warning and not is_sure and address.lower() not in reach.opted_out([address], notice):
        raise LastOne(warning)
    reach.opt_out(address=address, scope=notice, now=now)


def resume(*, address: str, notice: str, now: datetime) -> None:
    """The undo."""
    reach.take_opt_out_back(address=address, scope=notice, now=now)
