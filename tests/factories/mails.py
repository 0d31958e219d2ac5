"""Mails as bytes, and their way in."""

from itertools import count

from django.utils import timezone

from mail.actions.store import store_raw
from mail.choices import Door
from mail.models import Mailbox
from tickets.actions.take_in import Outcome, take_in

_numbers = count(1)


def make_mail(
    *,
    sender: str = "Cara Customer <cara@robotics.example>",
    to: str = "help@desk.example",
    subject: str = "Which licence do I need?",
    text: str = "We have thirty pupils.",
    message_id: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A plain mail. `headers` are further lines, written as they are."""
    lines = [
        ("From", sender),
        ("To", to),
        ("Subject", subject),
        ("Date", "Wed, 4 Mar 2026 09:30:00 +0000"),
        ("Message-ID", message_id or f"<{next(_numbers)}.test@robotics.example>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        *headers,
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return (head + "\r\n" + text.replace("\n", "\r\n") + "\r\n").encode()


def arrive(raw: bytes, *, mailbox: Mailbox, now=None, envelope_to: str = "") -> Outcome:
    """Store a mail and take it in, as every door does."""
    now = now or timezone.now()
    row, _ = store_raw(raw=raw, mailbox=mailbox, door=Door.SMTP, envelope_to=envelope_to, now=now)
    return take_in(raw_id=row.pk, now=now)
