"""One shape for whatever a source tells: a customer's words, or that staff did something there."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

LONGEST_ID = 190
LONGEST_TEXT = 100_000
_BLOCKS = re.compile(r"</(?:p|div|li|h\d|tr|blockquote)\s*>|<br\s*/?>", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*>")
_EMPTY = re.compile(r"\n{3,}")
_ID = re.compile(r"[^\x00-\x20\x7f\ud800-\udfff]{1,190}")  # no half signs: no database keeps them


class BadPost(ValueError):
    """What came is not what this source's program sends. The message says what is missing."""


class NotSigned(BadPost):
    """The signature is missing or is not that of this source's secret."""


@dataclass(frozen=True)
class Facts:
    """One thing that happened to one conversation. `words` empty: staff did something there, and `did` says what.

    Times are ISO, in UTC. `name`, `email` and `author` are whom the source takes the customer for.
    """

    event: str
    item: str
    at: str
    opened_at: str = ""
    subject: str = ""
    words: str = ""
    did: str = ""
    name: str = ""
    email: str = ""
    author: str = ""
    address: str = ""

    def as_json(self) -> dict[str, str]:
        """Plain, to be kept on a row."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Facts":
        """Back from a row."""
        return cls(**{name: str(kept.get(name, "")) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Writer:
    """Somebody whom a source knows by `author`, and under which address it reaches them."""

    author: str
    email: str
    name: str = ""


def mapping(value: Any, what: str) -> dict[str, Any]:
    """An object of JSON. Raises BadPost."""
    if not isinstance(value, dict):
        raise BadPost(f"There is no {what} in this post.")
    return value


def part(value: Any) -> dict[str, Any]:
    """An object of JSON, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def parts_of(value: Any) -> list[dict[str, Any]]:
    """The objects of a list of JSON; none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def identity(value: Any, what: str) -> str:
    """A number or a word by which a source names something. Raises BadPost."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _ID.fullmatch(text) or len(text) > LONGEST_ID:
        raise BadPost(f"The {what} has no id that could be kept.")
    return text


def line(value: Any, length: int = 250) -> str:
    """One line of text; "" for anything else."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:length]


def words(value: Any) -> str:
    """Text as it was typed; "" for anything else."""
    text = value if isinstance(value, str) else ""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()[:LONGEST_TEXT]


def words_of_html(value: Any) -> str:
    """The words of HTML. Nothing of its markup is kept."""
    text = words(value)
    if "<" in text:
        text = _TAGS.sub("", _BLOCKS.sub("\n", text))
    return _EMPTY.sub("\n\n", words(unescape(text)))


def moment(value: Any) -> str:
    """A time in ISO or in seconds since 1970, as ISO in UTC; "" for anything else. A naive time is taken for UTC."""
    try:
        if isinstance(value, bool) or value is None:
            return ""
        if isinstance(value, int | float):
            found = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str) and value.strip().isdigit():
            found = datetime.fromtimestamp(int(value), UTC)
        else:
            found = datetime.fromisoformat(str(value).strip())
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return found.isoformat() if 1990 <= found.year <= 2200 else ""
