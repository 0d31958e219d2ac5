"""One JSON record a line, without secrets (S58).

A record that somebody else filled with line breaks or terminal codes stays one line of plain ASCII. What looks like a
secret is replaced wherever it stands: in a message, in an argument, in an error, in a traceback.
"""

import json
import logging
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import re2
import structlog

HIDDEN = "[hidden]"
LONGEST = 20_000  # characters of one text; a mail's body does not belong into a log

_NAMES = (
    "passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie|csrf|"
    "session[_-]?(?:id|key)|cvc|cvv|card[_-]?number|iban"
)
_KEY = re2.compile(f"(?i)(?:{_NAMES})")
_NAMED = rf"(?i)\b([\w-]*(?:{_NAMES})[\w-]*"
# re2: a text of somebody else's making cannot make us slow (S54)
_PATTERNS = tuple(
    (re2.compile(pattern), instead)
    for pattern, instead in (
        (r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)([\"']?\s*[=:]\s*)[^\r\n]+", rf"\1\2{HIDDEN}"),
        (rf"{_NAMED}[\"']?\s*[=:]\s*)\"(?:\\.|[^\"\\])*\"?", rf"\1{HIDDEN}"),
        (rf"{_NAMED}[\"']?\s*[=:]\s*)'(?:\\.|[^'\\])*'?", rf"\1{HIDDEN}"),
        (rf"{_NAMED}[\"']?\s*[=:]\s*)[^\s\"'&;,\[)\]}}]+", rf"\1{HIDDEN}"),
        (r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}", rf"\1 {HIDDEN}"),
        (r"\b(?:sk|rk|pk|whsec|ghp|xox[abp])_[\w-]{8,}", HIDDEN),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", HIDDEN),
        (r"://[^\s/@:]+:[^\s/@]+@", f"://{HIDDEN}@"),
        (r"(/invitation/)[\w%-]+", rf"\1{HIDDEN}"),
        # Secure links (S36): what their addresses end in opens an invoice, a ticket, a payment or a choice of mails.
        (
            r"(/(?:t|i|help/received|embed/[^/\s]+/received|rate|pay/(?:link|payment)|mail/(?:stop|choices)|"
            r"cards/waiting|articles/suggestions|sandbox/3ds|claim|reset|account-change|hooks/sources|"
            r"training/(?:(?:mine|wait)/[^/\s]+|feed/(?:mine/)?\d+))/)[\w%:.-]{20,}",
            rf"\1{HIDDEN}",
        ),
        (r"\b[BCDFGHJKMPQRTVWXY2346789]{4}-[BCDFGHJKMPQRTVWXY2346789]{4}\b", HIDDEN),  # a mailed code
    )
)
_DIGITS = re2.compile(r"\d(?:[ -]?\d){12,}")


def hide_secrets(text: str) -> str:
    """`text` with everything that looks like a password, token, header or card number replaced."""
    text = text[:LONGEST]
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _DIGITS.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)


def hide_in(value: object, name: str = "") -> object:
    """The same for anything that goes into a record; `name` is the key it stands under."""
    if _KEY.search(name) and value is not None and not isinstance(value, bool):
        return HIDDEN
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, bytes):
        return hide_secrets(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {hide_secrets(str(key)): hide_in(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hide_in(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return _hide_number(value)
    return hide_secrets(repr(value))


def settings_for(level: str) -> dict:
    """Django's LOGGING: every record of every library in our form, on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True, "handlers": []},
            "django.server": {"level": level, "propagate": True, "handlers": []},
        },
    }


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON with ASCII alone, so that no byte of it can move a terminal's cursor."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        content = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if isinstance(record.msg, Mapping):  # from structlog, by `render_to_log_kwargs`
            content |= {"event": "", **record.msg}
        else:
            content["event"] = _message_of(record)
        content |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            content["error"] = self.formatException(record.exc_info)
        return json.dumps(hide_in(content), ensure_ascii=True, default=repr)


def configure_structlog() -> None:
    """Send structlog's records the same way as the standard library's."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            _to_record,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _to_record(logger, method_name: str, event: MutableMapping[str, Any]) -> tuple[tuple, dict]:
    passed = {name: event.pop(name) for name in ("exc_info", "stack_info") if name in event}
    return (event.pop("event", ""),), {"extra": {"fields": event}, **passed}


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a library's own mistake; its words are worth keeping
        return f"{record.msg} {record.args}"


def _hide_number(value):
    return HIDDEN if isinstance(value, int) and not isinstance(value, bool) and _is_card(str(value)) else value


def _is_card(text: str) -> bool:
    """Whether the digits pass the check that every card number passes (Luhn)."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
