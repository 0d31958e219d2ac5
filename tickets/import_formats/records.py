"""What an export holds, whoever wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

from mail.parsing.types import ParsedMail
from tickets.choices import Category, Channel, Priority, TicketType

LONGEST_TEXT = 200_000
LONGEST_LINE = 255
LONGEST_ADDRESS = 1_000
SHOWN = 2_000


class Unreadable(Exception):
    """A record that cannot be taken. The message may be shown."""


@dataclass(frozen=True)
class Place:
    """How far a file was read: the byte to go on at, the rows before it, and for JSON what it is inside of."""

    at: int = 0
    row: int = 0
    inside: str = ""

    @classmethod
    def load(cls, kept: dict) -> "Place":
        """As `vars` gave it."""
        return cls(int(kept.get("at", 0)), int(kept.get("row", 0)), str(kept.get("inside", "")))


@dataclass(frozen=True)
class Row:
    """One row of a file as it stood there, and the place behind it. `why` says what is wrong with it."""

    place: Place
    value: object = None
    hint: str = ""
    why: str = ""
    content: str = ""


@dataclass(frozen=True)
class Organisation:
    """A customer's company."""

    external_id: str
    name: str
    domain: str = ""


@dataclass(frozen=True)
class Human:
    """A person, ours or a customer's. Whoever has no address there gets none here."""

    external_id: str
    email: str = ""
    name: str = ""
    organisation: str = ""
    organisation_name: str = ""
    is_colleague: bool = False
    created_at: datetime | None = None
    phone: str = field(default="", repr=False)  # imports before this knew of none, and their digests stand

    @cached_property
    def digest(self) -> str:
        """Of everything that is said of them."""
        return digest_of((self, self.phone) if self.phone else self)


@dataclass(frozen=True)
class Writer:
    """Who wrote or has a ticket, as far as the record says. `is_colleague` None: it says nothing about that."""

    external_id: str = ""
    email: str = ""
    name: str = ""
    is_colleague: bool | None = None

    def __bool__(self) -> bool:
        return bool(self.external_id or self.email or self.name)


NOBODY = Writer()


@dataclass(frozen=True)
class Attached:
    """A file that an export names. Its content lies beside the export, or stands at `address` there."""

    name: str
    number: str = ""
    address: str = ""

    @property
    def where(self) -> str:
        """As a line of text names it."""
        return f"{self.name} {self.address}".strip()


@dataclass(frozen=True)
class Said:
    """What somebody wrote. Only `is_public` True lets a customer read it. `key` is its number there."""

    key: str
    text: str
    at: datetime | None = None
    writer: Writer = NOBODY
    is_public: bool = False
    files: tuple[Attached, ...] = ()
    mail: ParsedMail | None = field(default=None, compare=False, repr=False)

    @cached_property
    def digest(self) -> str:
        """Of its words: the same words are the same message."""
        return blake2b(f"{self.is_public}\0{self.text}".encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Case:
    """A ticket of another desk. Dates are aware; `closed_at` is of closed ones."""

    external_id: str
    subject: str
    requester: Writer
    said: tuple[Said, ...] = ()
    category: Category = Category.CLOSED
    priority: Priority = Priority.NORMAL
    type: TicketType = TicketType.QUESTION
    channel: Channel = Channel.MAIL
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    follow_up_at: datetime | None = None
    assignee: Writer = NOBODY
    organisation: str = ""
    organisation_name: str = ""
    reason: str = ""
    team: str = ""
    custom: tuple[tuple[str, str], ...] = ()
    phone: str = ""

    @cached_property
    def digest(self) -> str:
        """Of everything but its words, which have digests of their own, and a telephone, which is its customer's."""
        return digest_of([given for name, given in vars(self).items() if name not in ("said", "phone")])


@dataclass(frozen=True)
class Reply:
    """Something written on a ticket that stands elsewhere in the export."""

    case: str
    said: Said


Record = Organisation | Human | Case | Reply


def digest_of(record: object) -> str:
    """32 signs that change when the record does."""
    return blake2b(repr(record).encode("utf-8", "replace"), digest_size=16).hexdigest()


def clean(value: object, longest: int = LONGEST_TEXT) -> str:
    """Text as PostgreSQL keeps it: no NUL, no half signs, one kind of line end."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value)[:longest]
    if "\x00" in text:
        text = text.replace("\x00", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.strip()


def line(value: object, longest: int = LONGEST_LINE) -> str:
    """As `clean`, on one line without signs that cannot be seen."""
    if type(value) is str and len(value) <= longest and value.isprintable():
        return " ".join(value.split())
    text = clean(value, longest * 4)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:longest]


def tags_of(values: Iterable[object]) -> tuple[str, ...]:
    """Words for tags: lower case, each once, at most fifty."""
    found = (line(value, 60).casefold()[:60] for value in values)
    return tuple(dict.fromkeys(word for word in found if word))[:50]


def files_of(values: object, key: str) -> tuple[Attached, ...]:
    """The files of a list, flat names without folders."""
    found = values if isinstance(values, list) else []
    files = (_attached(one, key) for one in found[:100] if isinstance(one, dict))
    return tuple(file for file in files if file.name.strip(". "))


def _attached(value: dict, key: str) -> Attached:
    number = line(value.get("id"), 60)
    name = line(value.get(key), 200).replace("\\", "/").rpartition("/")[2]
    address = line(value.get("content_url") or value.get("url"), LONGEST_ADDRESS + 1)
    is_link = address.startswith("https://") and len(address) <= LONGEST_ADDRESS and " " not in address
    return Attached(name, number if number.isalnum() else "", address if is_link else "")


def shown(value: object) -> str:
    """The beginning of a row, to be looked at."""
    if isinstance(value, list):
        return clean(", ".join(map(str, value)), SHOWN)
    text = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    return clean(text, SHOWN)
