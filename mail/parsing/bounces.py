"""Reports of mail that did not arrive, with a machine-readable part (RFC 3464) or without."""

import re
from dataclasses import dataclass

from mail.parsing.addresses import normal_email
from mail.parsing.bounce_phrases import (
    BODY_PHRASES,
    DAEMON_NAMES,
    DELAY_PHRASES,
    ORIGINAL_BELOW,
    POSTMASTER_NAMES,
    REASONS,
    RECIPIENT_PATTERNS,
    SUBJECT_PHRASES,
)  # fmt: skip
from mail.parsing.headers import Headers, split_headers
from mail.parsing.structure import Part
from mail.parsing.text import clean_line
from mail.parsing.types import Bounce

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}@[^<>\s]{1,250}>")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.#])([45])([0-7])\d[ -](?!\d)")
_ID_LINE = re.compile(r"^[> \t]{0,20}message-id:[ \t]{0,20}(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE)
_SMTP_ANSWER = re.compile(r"(?<!\d)[45][0-7]\d[ -][45]\.\d{1,3}\.\d{1,3}(?!\d)")
_PASSED_ON = ("re:", "fw", "aw:", "wg:", "tr:", "rv:")
_READ = 100_000  # characters of text that are looked at


@dataclass
class _Report:
    status: str = ""
    action: str = ""
    recipient: str = ""
    diagnostic: str = ""


def read_bounce(root: Part, subject: str, sender: str, text: str) -> Bounce | None:
    """What the report says, or None for a mail that is none (read receipts, abuse reports and answers are none)."""
    report_type = root.parameters.get("report-type", "").lower()
    if report_type in ("disposition-notification", "feedback-report"):
        return None
    text = text[:_READ]
    parts = root.walk()
    status_part = next(
        (part for part in parts if part.content_type in ("message/delivery-status", "message/global-delivery-status")),
        None,
    )
    if status_part is not None and _is_report(root, status_part, subject, sender):
        report = _delivery_status(status_part)
        if report.action in ("delivered", "relayed", "expanded"):
            return None
    elif report_type == "delivery-status" or _looks_like_bounce(root.headers, subject, sender, text):
        report = _Report()
    else:
        return None
    return _completed(report, root, parts, subject, text)


def _is_report(root: Part, status_part: Part, subject: str, sender: str) -> bool:
    """A delivery status counts on top of the mail, and not inside one that somebody passes on.

    Not every server calls the mail around it a report; but a person's program does not either, which passes a bounce
    on as the parts that it had.
    """
    parent = status_part.parent
    if parent is None or "multipart/report" in (parent.content_type, root.content_type):
        return parent is not None and (parent is root or parent.content_type == "multipart/report")
    return parent is root and not subject.lower().startswith(_PASSED_ON) and _is_from_machine(root.headers, sender)


def _is_from_machine(headers: Headers, sender: str) -> bool:
    """Any sign that no person wrote it."""
    return_path = headers.raw("return-path").strip()
    return (
        _names_daemon(headers, return_path)
        or sender.partition("@")[0].lower() in POSTMASTER_NAMES
        or _is_machine(headers, return_path, sender)
    )


def _is_machine(headers: Headers, return_path: bytes, sender: str) -> bool:
    marked = "auto-submitted" in headers or "x-ms-exchange-message-is-ndr" in headers
    return return_path == b"<>" or "@" not in sender or marked


def _looks_like_bounce(headers: Headers, subject: str, sender: str, text: str) -> bool:
    """No report part: at least two witnesses among the sender, the subject and the words."""
    if "x-failed-recipients" in headers:
        return True
    return_path = headers.raw("return-path").strip()
    daemon = _names_daemon(headers, return_path)
    known = sender.partition("@")[0].lower() in POSTMASTER_NAMES
    machine = _is_machine(headers, return_path, sender)
    if not daemon and not known and not machine:
        return False
    lowered = subject.lower()
    titled = any(phrase in lowered for phrase in SUBJECT_PHRASES) and not lowered.startswith(_PASSED_ON)
    if titled and (daemon or known):
        return True
    words = " ".join(text[:6000].lower().split())
    worded = any(phrase in words for phrase in BODY_PHRASES) or bool(_SMTP_ANSWER.search(words))
    return worded and (daemon or (known and machine) or titled)


def _names_daemon(headers: Headers, return_path: bytes) -> bool:
    """A mail system by its address or its name; people do not write from these."""
    written = headers.undecoded("from").lower()
    return any(name in written for name in DAEMON_NAMES) or b"mailer-daemon" in return_path.lower()


def _delivery_status(part: Part) -> _Report:
    """The first recipient that failed, else the first at all."""
    data, _ = part.body_bytes()
    reports: list[_Report] = []
    position = 0
    while position < len(data) and len(reports) < 200:
        headers, following = split_headers(data, position, len(data))
        if following <= position:
            break
        position = following
        if "final-recipient" in headers or "original-recipient" in headers or "action" in headers:
            reports.append(_recipient_report(headers))
    failed = [report for report in reports if report.action == "failed"]
    return (failed or reports or [_Report()])[0]


def _recipient_report(headers: Headers) -> _Report:
    recipient = ""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        recipient = recipient or _typed_address(headers.undecoded(name))
    status = _STATUS.search(headers.undecoded("status"))
    diagnostic = headers.undecoded("diagnostic-code")
    diagnostic = diagnostic.partition(";")[2].strip() or diagnostic
    return _Report(
        status[0] if status else "", headers.undecoded("action").lower().partition(" ")[0], recipient, diagnostic
    )


def _typed_address(value: str) -> str:
    """`rfc822; <bob@x.org>` and what Exchange makes of it."""
    value = value.partition(";")[2] or value
    value = re.sub(r"\s*\([^()]*\)", "", value).strip(" <>\"'")
    return normal_email(value.removeprefix("IMCEASMTP-"))


def _completed(report: _Report, root: Part, parts: list[Part], subject: str, text: str) -> Bounce:
    recipient = report.recipient or _recipient_in(root.headers, text)
    diagnostic = clean_line(report.diagnostic or _diagnostic_in(text), 1000)
    own_text = _above_original(text)
    status = report.status if report.status not in ("", "5.0.0", "4.0.0") else ""
    status = status or _status_in(diagnostic) or _status_in(own_text) or report.status or _status_from_reason(own_text)
    action = report.action if report.action in ("failed", "delayed") else ""
    if not action:
        lowered = " ".join(f"{subject} {own_text[:4000]}".lower().split())
        delayed = any(phrase in lowered for phrase in DELAY_PHRASES)
        action = "delayed" if delayed else "failed"
    if not status:
        status = "4.0.0" if action == "delayed" else "5.0.0"
    return Bounce(status, action, recipient, _original_message_id(parts, text), diagnostic)


def _recipient_in(headers: Headers, text: str) -> str:
    failed = headers.undecoded("x-failed-recipients").partition(",")[0]
    if normal_email(failed):
        return normal_email(failed)
    own_text = _above_original(text)[:8000]
    for pattern in RECIPIENT_PATTERNS:
        for match in pattern.finditer(own_text):
            email = normal_email(match[1].strip(" <>\"'.,:;"))
            if email:
                return email
    return ""


def _above_original(text: str) -> str:
    """The words of the mail system, without the returned mail below them."""
    places = [place for phrase in ORIGINAL_BELOW if (place := text.lower().find(phrase)) > 0]
    return text[: min(places)] if places else text


def _diagnostic_in(text: str) -> str:
    """The line with the answer of the other server."""
    for line in _above_original(text).split("\n")[:300]:
        if _REPLY_CODE.search(line[:500]) or _STATUS.search(line[:500]):
            return line.strip()
    lines = [line.strip() for line in text.split("\n")[:100]]
    reasons = ((phrase, line) for phrase, _ in REASONS for line in lines if phrase in line.lower())
    return next((line for _, line in reasons), "")


def _status_in(text: str) -> str:
    for match in _STATUS.finditer(text[:20_000]):
        if match[1] != "2" and int(match[2]) <= 7:
            return match[0]
    reason = _status_from_reason(text)
    if reason:
        return reason
    code = _REPLY_CODE.search(text[:20_000])
    return f"{code[1]}.0.0" if code else ""


def _status_from_reason(text: str) -> str:
    lowered = " ".join(text[:8000].lower().split())
    return next((status for phrase, status in REASONS if phrase in lowered), "")


def _original_message_id(parts: list[Part], text: str) -> str:
    """The Message-ID of our mail: from the returned mail, its headers, or the text."""
    for part in parts:
        if part.is_message and part.children:
            found = _MESSAGE_ID.search(part.children[0].headers.undecoded("message-id"))
        elif part.content_type in (
            "text/rfc822-headers",
            "message/rfc822",
            "message/global-headers",
            "message/global",
            "message/partial",
        ):
            headers, _ = split_headers(part.body_bytes()[0], 0, part.end - part.body)
            found = _MESSAGE_ID.search(headers.undecoded("message-id"))
        else:
            continue
        if found:
            return found[0]
    match = _ID_LINE.search(text)
    return match[1] if match else ""
