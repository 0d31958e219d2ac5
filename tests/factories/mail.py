"""Mailboxes and mails to test with."""

from datetime import UTC, datetime, timedelta
from itertools import count

from mail.actions.send import queue_mail
from mail.actions.store import store_raw
from mail.addresses import Address
from mail.choices import Door, Kind
from mail.files import store_file
from mail.models import Mailbox, MailboxAlias, OutgoingMail, RawMail, StoredFile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = count(1)


def make_mailbox(*, address: str = "", aliases: tuple[str, ...] = (), **fields) -> Mailbox:
    """A mailbox of ours. The address is new unless given."""
    mailbox = Mailbox.objects.create(address=address or f"help{next(_numbers)}@desk.example", **fields)
    for alias in aliases:
        MailboxAlias.objects.create(mailbox=mailbox, address=alias)
    return mailbox


def make_file(*, content: bytes = b"content", content_type: str = "text/plain", now: datetime = NOW) -> StoredFile:
    """A stored file."""
    return store_file(content=content, content_type=content_type, now=now)


def raw_bytes(
    *, sender: str = "cara@robotics.example", to: str = "help@desk.example", subject: str = "Hello", text: str = "Hi.",
    headers: str = "",
) -> bytes:  # fmt: skip
    """A small, well-formed mail with a Message-ID of its own."""
    number = next(_numbers)
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <m{number}@robotics.example>\r\n"
        f"Date: Mon, 02 Mar 2026 08:59:00 +0000\r\n{headers}\r\n{text}\r\n"
    ).encode()


def make_raw(
    *, raw: bytes = b"", mailbox: Mailbox | None = None, door: Door = Door.COMMAND, now: datetime = NOW
) -> RawMail:
    """A mail that we took over and nobody has looked at."""
    return store_raw(raw=raw or raw_bytes(), mailbox=mailbox, door=door, now=now)[0]


def make_outgoing(*, to: str = "", kind: Kind = Kind.REPLY, now: datetime = NOW, **fields) -> OutgoingMail:
    """A mail in the queue. Without a mailbox one is made."""
    if "mailbox" not in fields:
        fields["mailbox"] = make_mailbox()
    return queue_mail(
        kind=kind,
        to=Address(to or f"person{next(_numbers)}@customer.example", fields.pop("to_name", "")),
        subject=fields.pop("subject", "About your order"),
        text=fields.pop("text", "It is on its way."),
        now=now,
        **fields,
    )


class Clock:
    """A clock that a test moves by hand: `clock()` is the time, `clock.later(minutes=5)` moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def later(self, **amount: float) -> datetime:
        """Move the clock and answer the new time."""
        self.now += timedelta(**amount)
        return self.now
