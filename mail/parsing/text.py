"""Texts that a database, a template and a terminal can take."""

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]+|\x0c|[\ud800-\udfff]")
_LINE_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
_BLANKS = re.compile(r"[ \t\u00a0]{2,}")


def clean_text(text: str) -> str:
    """`text` with \\n for line ends, and without NUL, other controls or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _CONTROLS.sub(_harmless, text)


def clean_line(text: str, limit: int) -> str:
    """`text` on one line, trimmed, at most `limit` characters: nothing in it can start another header."""
    line = _LINE_CONTROLS.sub(" ", text).strip()
    return _BLANKS.sub(" ", line)[:limit].rstrip()


def _harmless(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\x0c":
        return "\n"
    return "\ufffd" if "\ud800" <= character <= "\udfff" else ""
