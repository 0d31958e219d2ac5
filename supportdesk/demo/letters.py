"""Mails as customers' programs write them: plain, from Gmail, from Outlook, with files, with the answer below."""

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from random import Random

from mail.models import OutgoingMail

PROGRAMS = ("plain", "plain", "gmail", "gmail", "outlook")


@dataclass(frozen=True)
class File:
    """Something attached."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """One mail before it is bytes. `answers` is the mail of ours that it answers."""

    sender: str
    name: str
    to: str
    subject: str
    text: str
    at: datetime
    program: str = "plain"
    signature: str = ""
    answers: OutgoingMail | None = None
    files: tuple[File, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def as_bytes(letter: Letter, random: Random) -> bytes:
    """The mail as it would come over the wire."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(letter.name, addr_spec=letter.sender)
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{random.getrandbits(96):024x}@{letter.sender.partition('@')[2]}>"
    if letter.answers:
        mail["In-Reply-To"] = letter.answers.message_id
        mail["References"] = letter.answers.message_id
    for name, value in letter.headers.items():
        mail[name] = value
    mail.set_content(_plain(letter), cte="quoted-printable")
    if letter.program != "plain":
        mail.add_alternative(_html(letter), subtype="html", cte="quoted-printable")
    for file in letter.files:
        kind, _, subtype = file.content_type.partition("/")
        mail.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    return bytes(mail)


def _plain(letter: Letter) -> str:
    parts = [letter.text]
    if letter.signature:
        parts.append(f"-- \n{letter.signature}")
    if letter.answers:
        old = letter.answers.text.strip().splitlines()
        parts.append(_attribution(letter.answers) + "\n" + "".join(f"> {line}\n" for line in old))
    return "\n\n".join(parts) + "\n"


def _html(letter: Letter) -> str:
    words = "".join(f"<p>{escape(part)}</p>" for part in letter.text.split("\n") if part.strip())
    signature = f"<div>--<br>{_lines(letter.signature)}</div>" if letter.signature else ""
    quote = _html_quote(letter, letter.answers) if letter.answers else ""
    return f"<html><body>{words}{signature}{quote}</body></html>"


def _html_quote(letter: Letter, ours: OutgoingMail) -> str:
    old = _lines(ours.text.strip())
    if letter.program == "gmail":
        return (
            f'<div class="gmail_quote"><div class="gmail_attr">{escape(_attribution(ours))}</div>'
            f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;padding-left:1ex">{old}</blockquote></div>'
        )
    sent = f"{ours.sent_at or ours.created_at:%A, %B %d, %Y %I:%M %p}"
    return (
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p>'
        f"<b>From:</b> {escape(ours.from_name)} &lt;{ours.from_address}&gt;<br>"
        f"<b>Sent:</b> {sent}<br><b>To:</b> {escape(letter.name)}<br>"
        f"<b>Subject:</b> {escape(ours.subject)}</p></div><p>{old}</p>"
    )


def _attribution(ours: OutgoingMail) -> str:
    sent = ours.sent_at or ours.created_at
    when = f"{sent:%a, %b} {sent.day}, {sent:%Y at %I:%M %p}"
    return f"On {when} {ours.from_name} <{ours.from_address}> wrote:"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())
