"""A row becomes bytes for the wire: plain ASCII, lines of at most 998, every header written by us (S14).

The standard library's newer `EmailMessage` is not used: on Python 3.11 it encodes long Message-IDs in References as if
they were text, which breaks threads. These are the older classes, with values that are already ASCII and one line.
"""

import re
import textwrap
from datetime import datetime
from email.charset import BASE64, QP, Charset
from email.encoders import encode_base64
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime
from io import BytesIO
from urllib.parse import quote

from django.conf import settings

from mail.actions.reach import EVERYTHING, stop_token
from mail.addresses import Address, ascii_domain, header_form, one_line
from mail.choices import AUTOMATIC, STANDING, Kind
from mail.models import OutgoingAttachment, OutgoingMail
from mail.render import html_of

LINE = 76
_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]+")
_CALENDAR = re.compile(r"text/calendar; charset=utf-8; method=(REQUEST|CANCEL|PUBLISH)")
FOLD = "\r\n "


class BadHeader(ValueError):
    """A value that would break out of its header. It is never sent."""


def stop_url(*, mail: OutgoingMail) -> str:
    """The page on which the recipient of `mail` stops this sort of mail."""
    token = stop_token(address=mail.to_address, scope=mail.opt_out_scope or EVERYTHING)
    return f"{settings.SITE_URL}/mail/stop/{token}/"


def is_stoppable(mail: OutgoingMail) -> bool:
    """Whether the mail carries its own stop link. Never a person's answer: one wrong click would silence us."""
    if mail.kind == Kind.TRANSACTIONAL:
        return mail.opt_out_scope in STANDING
    return mail.kind == Kind.BULK or (mail.kind in AUTOMATIC and bool(mail.opt_out_scope))


def as_bytes(*, mail: OutgoingMail, now: datetime) -> bytes:
    """`mail` as it goes out at `now`, with CRLF. The same row gives the same words under the same Message-ID."""
    headers = [*_identity(mail, now), *_thread(mail), *_automatic(mail), ("MIME-Version", "1.0")]
    head = "".join(_line(name, value) for name, value in headers)
    body = _body(mail)
    del body["MIME-Version"]
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=compat32.clone(linesep="\r\n", max_line_length=LINE)).flatten(body)
    return head.encode("ascii") + out.getvalue()


def _line(name: str, value: str) -> str:
    # The last door: whatever came before, a value cannot start a header of its own.
    if not value.isascii() or "\r" in value.replace(FOLD, "") or "\n" in value.replace(FOLD, ""):
        raise BadHeader(f"{name} holds a line break or a character that is not ASCII.")
    return f"{name}: {value}\r\n"


def _identity(mail: OutgoingMail, now: datetime) -> list[tuple[str, str]]:
    headers = [
        ("Message-ID", one_line(mail.message_id)),
        ("Date", format_datetime(now)),
        ("From", header_form(Address(mail.from_address, mail.from_name))),
        ("To", _people(mail.visible_to)),
        ("Cc", _people(mail.visible_cc)),
        ("Reply-To", ascii_domain(one_line(mail.reply_to_address))),
        ("Subject", _unstructured(mail.subject, "Subject")),
    ]
    return [(name, value) for name, value in headers if value]


def _thread(mail: OutgoingMail) -> list[tuple[str, str]]:
    headers = [("In-Reply-To", one_line(mail.in_reply_to))]
    # One id a line, folded by us: a folder that knows no better could break inside an id.
    headers.append(("References", FOLD.join(one_line(one) for one in mail.references)))
    return [(name, value) for name, value in headers if value]


def _automatic(mail: OutgoingMail) -> list[tuple[str, str]]:
    headers = []
    if mail.auto_submitted:
        headers.append(("Auto-Submitted", one_line(mail.auto_submitted)))
    if mail.kind in AUTOMATIC:
        headers.append(("X-Auto-Response-Suppress", "All"))
    if mail.kind == Kind.BULK:
        headers.append(("Precedence", "bulk"))
    if is_stoppable(mail):
        headers.append(("List-Unsubscribe", f"<{stop_url(mail=mail)}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def _body(mail: OutgoingMail) -> Message:
    stop = stop_url(mail=mail) if is_stoppable(mail) else ""
    body: Message = MIMEMultipart("alternative")
    body.attach(_text(f"{mail.text}\n\nStop mail of this sort: {stop}" if stop else mail.text, "plain"))
    rows = mail.attachments.select_related("file").order_by("position")
    pictures: list[OutgoingAttachment] = []
    files: list[OutgoingAttachment] = []
    for one in rows:
        (pictures if one.content_id else files).append(one)
    body.attach(_with_pictures(_text(html_of(mail=mail, stop_url=stop), "html"), pictures))
    if not files:
        return body
    mixed = MIMEMultipart("mixed")
    mixed.attach(body)
    for one in files:
        mixed.attach(_file(one))
    return mixed


def _with_pictures(html: Message, pictures: list[OutgoingAttachment]) -> Message:
    # RFC 2387: the page first, then what it shows by Content-ID. Every mail program knows this shape.
    if not pictures:
        return html
    related = MIMEMultipart("related", type="text/html")
    related.attach(html)
    for one in pictures:
        part = _file(one)
        part.replace_header("Content-Disposition", f"inline; {_file_name(one.name)}")
        part["Content-ID"] = f"<{_content_id(one.content_id)}>"
        related.attach(part)
    return related


def _content_id(value: str) -> str:
    # As it stands in the HTML, and nothing that could end the header.
    if not re.fullmatch(r"[A-Za-z0-9._@-]{1,255}", value):
        raise BadHeader("Content-ID holds something that is no id.")
    return value


def _text(text: str, subtype: str) -> Message:
    charset = Charset("utf-8")
    ascii_share = sum(char < "\x80" for char in text) / max(len(text), 1)
    charset.body_encoding = QP if ascii_share > 0.7 else BASE64
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part.set_payload("\n".join(re.split(r"\r\n|\r|\n", text)) + "\n", charset)
    return part


def _file(one: OutgoingAttachment) -> Message:
    main, _, sub = one.content_type.lower().partition("/")
    # A mail inside a mail may not be encoded (RFC 2046 §5.2.1); as plain bytes it arrives unchanged.
    is_usable = _TYPE.fullmatch(one.content_type.lower()) and main not in ("multipart", "message")
    part = MIMEBase(main, sub) if is_usable else MIMEBase("application", "octet-stream")
    calendar = _CALENDAR.fullmatch(one.content_type)
    if calendar:  # an invitation says what it asks for in its type (RFC 6047 §2.4)
        part = MIMEBase("text", "calendar", charset="utf-8", method=calendar[1])
    part.set_payload(one.file.read())
    encode_base64(part)
    part["Content-Disposition"] = f"attachment; {_file_name(one.name)}"
    return part


def _file_name(name: str) -> str:
    name = one_line(name).replace("/", "_").replace("\\", "_")
    if name.isascii() and len(name) <= 60:
        quoted = name.replace('"', "'")
        return f'filename="{quoted}"'
    return f"filename*=utf-8''{quote(name, safe='')}"


def _people(people: list[dict[str, str]]) -> str:
    forms = [header_form(Address(one["email"], one.get("name", ""))) for one in people if one.get("email")]
    return f",{FOLD}".join(forms)


def _unstructured(text: str, name: str) -> str:
    text = one_line(text)
    if not text.isascii() or "=?" in text:
        return Header(text, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")
    longest = LINE - len(name) - 2
    if len(text) <= longest:
        return text
    return FOLD.join(textwrap.wrap(text, longest, break_long_words=False, break_on_hyphens=False))
