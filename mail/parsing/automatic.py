"""Is a machine writing? Headers first (RFC 3834 and its forerunners), subjects only in the forms that programs use."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from mail.parsing.automatic_phrases import AWAY_SUBJECTS, AWAY_WORDS
from mail.parsing.headers import Headers

_AWAY_SUBJECT = re.compile(rf"(?:{'|'.join(AWAY_SUBJECTS)})\s*(?:[:：!\-–(\[]|$)", re.IGNORECASE)
_AWAY_WORDS = re.compile("|".join(AWAY_WORDS), re.IGNORECASE)
_AUTOMATIC_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply", "x-autoresponder", "x-auto-response",
    "x-vacation", "x-amazon-auto-reply", "x-cpanel-autoresponder", "autorespond",
)  # fmt: skip
_NO_REPLY = re.compile(
    r"(?:no|do-?not|dont|not)[-_.+]?(?:reply|respond|answer)|mailer-daemon|postmaster|bounces?|notifications?[-_.+]?no",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Automatic:
    kind: str = ""
    is_bulk: bool = False
    is_list: bool = False
    wants_no_reply: bool = False


def read_automatic(headers: Headers, subject: str, sender: str, text: str) -> Automatic:
    """What kind of machine wrote the mail, if one did, and whether it asks not to be answered.

    People write through lists (a support address is often a group) and through sales programs, so neither List-Id nor
    List-Unsubscribe makes a mail automatic.
    """
    submitted = headers.undecoded("auto-submitted").lower().partition(";")[0].strip()
    precedence = headers.undecoded("precedence").lower().strip()
    is_list = "list-id" in headers or "list-post" in headers or precedence == "list"
    is_bulk = precedence in ("bulk", "junk") or "list-unsubscribe" in headers
    kind = _kind(headers, subject, submitted, precedence, text)
    if not kind and precedence in ("bulk", "junk"):
        kind = "bulk"
    return Automatic(kind, is_bulk, is_list, _wants_no_reply(headers, sender))


def _kind(headers: Headers, subject: str, submitted: str, precedence: str, text: str) -> str:
    away = _AWAY_SUBJECT.match(subject[:200])
    replied = submitted.startswith("auto-replied") or precedence in ("auto_reply", "auto-reply", "autoreply")
    replied = replied or any(_is_set(headers, name) for name in _AUTOMATIC_HEADERS)
    replied = (
        replied
        or headers.undecoded("preference").lower() == "auto_reply"
        or headers.undecoded("delivered-to").lower() == "autoresponder"
    )
    replied = replied or headers.undecoded("x-ms-exchange-generated-message-source").lower().startswith(
        "mailbox rules agent"
    )
    replied = replied or headers.undecoded("x-post-messageclass").startswith("9")
    suppressed = headers.undecoded("x-auto-response-suppress").lower() not in ("", "none")
    generated = submitted not in ("", "no")
    machine = replied or generated or suppressed or "x-fc-machinegenerated" in headers
    if away and (machine or (submitted != "no" and away[0].rstrip().endswith((":", "：")))):
        return "out_of_office"
    if replied and _AWAY_WORDS.search(f"{subject[:200]} {text[:2000]}"):
        return "out_of_office"
    if replied:
        return "auto_reply"
    return "auto_generated" if generated or "x-fc-machinegenerated" in headers else ""


def _is_set(headers: Headers, name: str) -> bool:
    return name in headers and headers.undecoded(name).lower() not in ("no", "false", "0", "none")


def is_no_reply(address: str) -> bool:
    """Whether an address says by its name that nobody reads what is mailed to it."""
    return bool(_NO_REPLY.match(address.partition("@")[0]))


def _wants_no_reply(headers: Headers, sender: str) -> bool:
    """The sender's program, address or empty return path asks for no automatic answer."""
    suppress = headers.undecoded("x-auto-response-suppress").lower()
    asks = any(word in suppress for word in ("all", "oof", "autoreply"))
    return asks or headers.raw("return-path") == b"<>" or is_no_reply(sender)


def read_loop(headers: Headers, message_id: str, own_domains: Collection[str], own_addresses: Collection[str]) -> str:
    """own_message_id or x_loop when the mail left from here before, else ""."""
    if message_id.rpartition("@")[2].rstrip(">").lower() in {domain.lower() for domain in own_domains}:
        return "own_message_id"
    own = {address.lower() for address in own_addresses} | {domain.lower() for domain in own_domains}
    for value in headers.raws("x-loop"):
        named = value.decode("utf-8", "replace").lower().strip(" <>")
        if named in own or named.rpartition("@")[2] in own:
            return "x_loop"
    return ""
