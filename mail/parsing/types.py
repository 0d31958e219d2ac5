"""What a parsed mail is. Every text in here is valid UTF-8 without NUL; every list keeps the order of the mail."""

from dataclasses import dataclass, field
from datetime import datetime


class Unparsable(Exception):
    """The mail goes to quarantine as it came. `code` is for machines, `sentence` for people.

    Codes: too_large, headers_too_large, too_many_parts, too_deep, timeout, memory, crash. `trace` tells our own log
    where a crash happened, without a word of the mail.
    """

    def __init__(self, code: str, sentence: str, trace: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.trace = trace


@dataclass(frozen=True)
class Address:
    """One mailbox. `email` is lower case, its domain in ASCII (punycode); `name` may be empty."""

    email: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


@dataclass(frozen=True)
class Attachment:
    """One file. `name` is flat and harmless to show; `inline` means that the HTML shows it through `cid:content_id`."""

    name: str
    content_type: str
    data: bytes
    size: int
    sha256: str
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True)
class Bounce:
    """A report that one of our mails was not delivered (`action` failed) or not yet (`action` delayed).

    `status` is an enhanced code such as 5.1.1, or "" where the report names none.
    """

    status: str
    action: str
    recipient: str
    original_message_id: str
    diagnostic: str


@dataclass(frozen=True)
class Forwarded:
    """The mail that this mail passes on: who wrote it, when, what. `comment` is what the forwarder wrote above it."""

    sender: Address
    subject: str
    date: datetime | None
    text: str
    comment: str = ""


@dataclass(frozen=True)
class Authentication:
    """What our own mail server found out about the sender; `verdict` is pass, fail or none.

    `spf`, `dkim` and `dmarc` are the words of that server ("" where it says nothing); `aligned` tells whether the
    domain that passed is the domain of From.
    """

    verdict: str = "none"
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    aligned: bool = False


@dataclass(frozen=True)
class ParsedMail:
    """One mail, understood.

    `sender_problem` is "" when From held exactly one sound address. Otherwise: `no_from` or `defective_from` (then
    `from_` comes from Sender, Reply-To or Return-Path, and is None when those are no better) or `several_from` (then
    `from_` is None). A sender with a problem is never somebody whom we know.

    `auto_reply` is "", out_of_office, auto_reply, auto_generated or bulk. People write through lists and sales
    programs, so `is_list` and `is_bulk` stand apart: they only forbid an acknowledgement. `loop` is "", own_message_id
    or x_loop: the mail is one of our own that came back.
    """

    message_id: str = ""
    in_reply_to: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    from_: Address | None = None
    sender_problem: str = ""
    sender: Address | None = None
    reply_to: list[Address] = field(default_factory=list)
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    delivered_to: list[str] = field(default_factory=list)
    return_path: str = ""
    subject: str = ""
    date: datetime | None = None
    text: str = ""
    html: str | None = None
    reply_text: str = ""
    quoted_text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    auto_reply: str = ""
    is_bulk: bool = False
    is_list: bool = False
    wants_no_reply: bool = False
    loop: str = ""
    bounce: Bounce | None = None
    forwarded: Forwarded | None = None
    authentication: Authentication = Authentication()
    remote_images: int = 0
    thread_index: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def may_be_acknowledged(self) -> bool:
        """False wherever an automatic answer could loop or would bother a machine or a list (RFC 3834)."""
        automatic = self.auto_reply or self.is_bulk or self.is_list or self.wants_no_reply
        return not (automatic or self.loop or self.bounce or self.from_ is None or self.sender_problem)
