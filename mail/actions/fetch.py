"""Fetch mail from IMAP: every UID above the last one, one at a time, committed before the cursor moves.

There is no window of days and no "last thirty": a server that was away for a week is read from where we stopped (cases
94, 95). A crash between commit and cursor reads one message again, and its content says that we have it (case 97).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from mail.actions.store import store_aside, store_raw
from mail.addresses import one_line
from mail.choices import Door
from mail.imap import ImapDown, ImapFolder, MessageUnreadable
from mail.models import Mailbox
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock


@dataclass
class Fetched:
    """What one round did: new mails, mails that we knew, mails set aside because they could not be read whole."""

    new: int = 0
    known: int = 0
    aside: int = 0
    gone: int = 0
    error: str = ""
    is_busy: bool = False


def fetch_mail(*, mailbox: Mailbox, clock: Callable[[], datetime], limit: int | None = None) -> Fetched:
    """Take over every message above the cursor, at most `limit`. Answers what was done; never raises for the server.

    One fetcher a mailbox, in all processes together (case 96); a second one answers `is_busy`. What went wrong is on
    the mailbox in words, with the time since when; a server that works again clears it.
    """
    done = Fetched()
    with try_lock(f"mail.fetch:{mailbox.pk}") as got:
        if not got:
            done.is_busy = True
            return done
        mailbox.refresh_from_db()
        try:
            with ImapFolder(mailbox) as folder:
                _follow_uid_validity(mailbox, folder.uid_validity)
                for uid in folder.uids_after(mailbox.last_uid)[:limit]:
                    _take(mailbox, folder, uid, done, clock())
                    failpoint("mail.fetch.stored")
                    _advance(mailbox, uid)
        except (ImapDown, MessageUnreadable) as error:
            done.error = one_line(str(error), 500)
        except OSError as error:
            # Our own storage: the cursor stands, so nothing is lost.
            done.error = f"Mail cannot be stored here: {error.strerror or error}."[:500]
        _note(mailbox, done.error, clock())
    return done


def mailboxes_to_fetch() -> list[Mailbox]:
    """Active mailboxes with an IMAP server; the one that waited longest is first."""
    waited_longest = F("last_fetched_at").asc(nulls_first=True)
    return list(Mailbox.objects.filter(~Q(imap_host=""), is_active=True).order_by(waited_longest, "pk"))


def fetch_in_turn(*, mailbox: Mailbox, clock: Callable[[], datetime], limit: int) -> Fetched:
    """As `fetch_mail`, one failing mailbox at a time: silent servers hold one worker, however many they are (F30)."""
    if not mailbox.failing_since:
        return fetch_mail(mailbox=mailbox, clock=clock, limit=limit)
    with try_lock("mail.fetch.failing") as got:
        return fetch_mail(mailbox=mailbox, clock=clock, limit=limit) if got else Fetched(is_busy=True)


def _take(mailbox: Mailbox, folder: ImapFolder, uid: int, done: Fetched, now: datetime) -> None:
    try:
        size = folder.size(uid)
        if size is None:
            done.gone += 1
            return
        if size > settings.MAIL_MAX_BYTES:
            most = settings.MAIL_MAX_BYTES
            reason = f"This mail has {size:,} bytes; at most {most:,} are taken. It waits on the mail server."
            _aside(mailbox, folder, uid, "too_large", reason, done, now)
            return
        content = folder.content(uid)
    except MessageUnreadable as error:
        reason = f"The mail server would not hand it out: {error}"
        _aside(mailbox, folder, uid, "unreadable_on_server", reason, done, now)
        return
    _, created = store_raw(raw=content, mailbox=mailbox, door=Door.IMAP, now=now)
    if created:
        done.new += 1
    else:
        done.known += 1


def _aside(
    mailbox: Mailbox, folder: ImapFolder, uid: int, code: str, reason: str, done: Fetched, now: datetime
) -> None:
    # One bad message never stops the rest, nor is it lost: a person sees its header and where it lies (cases 92, 98).
    try:
        header = folder.header(uid)
    except MessageUnreadable:
        header = b""
    place = f"X-Supportdesk-Left-On-Server: {mailbox.imap_folder.encode('utf-8', 'replace')!r} uid {uid}".encode()
    store_aside(
        raw=place + b"\r\n" + (header or b"\r\n"), mailbox=mailbox, door=Door.IMAP, code=code, reason=reason, now=now
    )
    done.aside += 1


def _follow_uid_validity(mailbox: Mailbox, uid_validity: int) -> None:
    if mailbox.uid_validity == uid_validity:
        return
    # The server renumbered the folder. We read it again from the start; the content tells what we have.
    mailbox.uid_validity, mailbox.last_uid = uid_validity, 0
    Mailbox.objects.filter(pk=mailbox.pk).update(uid_validity=uid_validity, last_uid=0)


def _advance(mailbox: Mailbox, uid: int) -> None:
    Mailbox.objects.filter(pk=mailbox.pk, uid_validity=mailbox.uid_validity, last_uid__lt=uid).update(last_uid=uid)
    mailbox.last_uid = uid


def _note(mailbox: Mailbox, error: str, now: datetime) -> None:
    failing_since = (mailbox.failing_since or now) if error else None
    Mailbox.objects.filter(pk=mailbox.pk).update(last_fetched_at=now, last_error=error, failing_since=failing_since)
    mailbox.refresh_from_db()
