"""Address lists, read by one scanner. A header may lie about its sender; the scanner must not help it.

`victim@corp.com <attacker@evil.com>` is the attacker, everywhere: an address outside angle brackets counts only where
there are no brackets. Encoded words are decoded after the structure is known, so they cannot add to it.
"""

import re
from dataclasses import dataclass, field

from mail.parsing.text import clean_line
from mail.parsing.types import Address
from mail.parsing.words import decode_words

MOST_ADDRESSES = 500
LONGEST_EMAIL = 254
LONGEST_NAME = 200
_ADDRESS_LIKE = re.compile(r"[^\s<>()\[\],;:\"'@\\]{1,200}@[^\s<>()\[\],;:\"'@\\]{1,255}")
# Neither blanks nor what nobody sees: marks of direction, of byte order, lone surrogates.
_LOCAL = re.compile(
    r"[^\s<>()\[\],;:\"@\\\x00-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]{1,150}"
)
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"  # pasted along
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SPECIALS = re.compile(r"[\"(<>,;:@\[\\\]]")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


@dataclass
class _Mailbox:
    """One entry of a list as scanned: what stood outside brackets, inside, and in comments."""

    outside: list[str] = field(default_factory=list)
    angle: str | None = None
    comments: list[str] = field(default_factory=list)
    has_at: bool = False
    defects: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)  # what all the brackets hold, where there are several


@dataclass(frozen=True)
class AddressList:
    """The sound addresses of a header, each once.

    `defective` entries hold an @ and cannot be read, or can be read in two ways; `strays` hold no address at all.
    `doubtful` are the addresses of entries that lack a comma: good enough for a recipient, not for a sender.
    """

    addresses: list[Address]
    defective: int = 0
    strays: int = 0
    repaired: bool = False
    doubtful: tuple[Address, ...] = ()


def parse_addresses(text: str) -> AddressList:
    """Every address of an undecoded header value. Words before a comma that was not quoted belong to the next name."""
    found: dict[str, Address] = {}
    defective = strays = 0
    repaired = False
    waiting = ""
    doubtful: list[Address] = []
    for entry in _scan(text):
        address = _read(entry)
        if address is not None and len(found) < MOST_ADDRESSES:
            name = f"{waiting}, {address.name}" if waiting and entry.angle and address.name else address.name
            found.setdefault(address.email, Address(address.email, name[:LONGEST_NAME]))
            repaired = repaired or bool(entry.defects)
            waiting = ""
        elif address is None:
            doubtful += [Address(email) for inner in entry.more if (email := normal_email(inner))]
            readable = _holds_no_address(entry)
            strays, defective = strays + readable, defective + (not readable)
            words = _name("".join(entry.outside)) if readable and entry.angle is None else ""
            waiting = f"{waiting}, {words}"[:LONGEST_NAME].lstrip(", ") if words else ""
    if not found and text.strip():
        rescued = _only_candidate(text)
        if rescued is not None:
            return AddressList([rescued], repaired=True)
    return AddressList(list(found.values()), defective, strays, repaired, tuple(doubtful[:MOST_ADDRESSES]))


def _holds_no_address(entry: _Mailbox) -> bool:
    pieces = (*entry.outside, entry.angle or "", *entry.comments)
    return not any("@" in piece or "=40" in piece for piece in pieces) and "two" not in entry.defects


def normal_email(text: str) -> str:
    """The address in lower case with an ASCII domain, or "" if it is none that we could answer.

    A sign that only becomes a Latin letter when lowered (the Kelvin sign, the dotted capital I), or that turns the
    direction of reading, is refused: it would turn or dress a stranger into somebody else.
    """
    local, at, domain = text.strip().rpartition("@")
    if local.startswith('"') and local.endswith('"') and len(local) > 2:
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    domain = _ascii_domain(domain.strip())
    if not at or not domain or not _LOCAL.fullmatch(local) or "=?" in local or _becomes_latin(local):
        return ""
    email = f"{local.lower()}@{domain}"
    return email if len(email) <= LONGEST_EMAIL else ""


def _becomes_latin(local: str) -> bool:
    return not local.isascii() and any(
        not sign.isascii() and any(low.isascii() for low in sign.lower()) for sign in local
    )


def _ascii_domain(domain: str) -> str:
    domain = domain.translate(_DOTS).rstrip(".").lower()
    if domain.startswith("[") and domain.endswith("]"):
        return domain if re.fullmatch(r"\[[0-9.]{7,15}\]", domain) else ""
    if len(domain) > 253:
        return ""
    try:
        labels = [label if label.isascii() else label.encode("idna").decode("ascii") for label in domain.split(".")]
    except UnicodeError:
        return ""
    return ".".join(labels) if all(_LABEL.fullmatch(label) for label in labels) else ""


def _scan(text: str) -> list[_Mailbox]:
    """Split at commas and semicolons outside quotes, comments and brackets; group names (`name:`) fall away."""
    entries, entry = [], _Mailbox()
    position, length = 0, len(text)
    while position < length:
        character = text[position]
        if character == '"':
            word, position, closed = _quoted(text, position + 1)
            entry.outside.append(word if closed and text[position : position + 1] != "@" else f'"{word}"')
            if not closed:
                entry.defects.append("quote")
        elif character == "(":
            comment, position, closed = _comment(text, position + 1)
            entry.comments.append(comment)
            if not closed:
                entry.defects.append("comment")
        elif character == "<":
            inner, position = _bracketed(text, position + 1, entry)
            _set_angle(entry, inner)
        elif character in ",;":
            entries.append(entry)
            entry = _Mailbox()
            position += 1
        elif character == ":" and entry.angle is None and not entry.has_at:
            entry = _Mailbox()
            position += 1
        else:
            end = _plain_end(text, position)
            entry.outside.append(text[position:end])
            entry.has_at = entry.has_at or "@" in entry.outside[-1]
            position = end
    entries.append(entry)
    return [entry for entry in entries if "".join(entry.outside).strip() or entry.angle is not None or entry.comments]


def _plain_end(text: str, position: int) -> int:
    match = _STRUCTURE.search(text, position + 1)
    return match.start() if match else len(text)


_STRUCTURE = re.compile(r'["(<,;:]')


def _quoted(text: str, position: int) -> tuple[str, int, bool]:
    pieces: list[str] = []
    while position < len(text):
        character = text[position]
        if character == '"':
            return "".join(pieces), position + 1, True
        if character == "\\" and position + 1 < len(text):
            position += 1
            character = text[position]
        pieces.append(character)
        position += 1
    return "".join(pieces), position, False


def _comment(text: str, position: int) -> tuple[str, int, bool]:
    depth, start = 1, position
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return text[start:position], position + 1, True
        position += 1
    return text[start:], len(text), False


def _bracketed(text: str, position: int, entry: _Mailbox) -> tuple[str, int]:
    end = text.find(">", position)
    if end < 0:
        entry.defects.append("bracket")
        comma = text.find(",", position)
        end = len(text) if comma < 0 else comma
        return text[position:end], end
    return text[position:end], end + 1


def _set_angle(entry: _Mailbox, inner: str) -> None:
    if entry.angle is None or not entry.angle.strip():
        entry.angle = inner
    elif inner.strip():
        entry.defects.append("two")
        entry.more += [inner] if entry.more else [entry.angle, inner]


def _read(entry: _Mailbox) -> Address | None:
    """The one address that the entry can mean, or None."""
    if "two" in entry.defects or "quote" in entry.defects:
        return None
    if entry.angle is not None:
        return _from_angle(entry)
    bare = "".join(entry.outside).strip()
    email = normal_email(bare)
    if not email:
        stripped = bare.strip(" '`\u2018\u2019\u201c\u201d<>*.\t" + _INVISIBLE)
        email = normal_email(stripped)
        entry.defects.append("stripped")
    if not email or any("<" in comment and "@" in comment for comment in entry.comments):
        return None
    return Address(email, _name(" ".join(entry.comments)))


def _from_angle(entry: _Mailbox) -> Address | None:
    inner = (entry.angle or "").strip()
    if inner.startswith("@") and ":" in inner:  # a route, obsolete since 1989
        inner = inner.rpartition(":")[2]
    email = normal_email(inner)
    if not email:
        cleaned = re.sub(r"^mailto:", "", inner.strip(" '`<\u2018\u2019\t\"" + _INVISIBLE), flags=re.IGNORECASE)
        cleaned = re.sub(r"\([^()]*\)", "", cleaned)
        email = normal_email(re.sub(r"\s+", "", cleaned))
        entry.defects.append("inner")
    if not email:
        return None
    rest = "".join(entry.outside).strip()
    return Address(email, _name(rest or " ".join(entry.comments)))


def _name(raw: str) -> str:
    name = clean_line(decode_words(raw), LONGEST_NAME)
    name = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", "", name)
    for opening, closing in (('"', '"'), ("'", "'")):
        if len(name) > 1 and name.startswith(opening) and name.endswith(closing):
            name = name[1:-1].strip()
    return name.replace('\\"', '"').strip(' "<>') if name else ""


def _only_candidate(text: str) -> Address | None:
    """The address of a header that is broken but holds only one: there is no other that it could mean."""
    decoded = clean_line(decode_words(text), 5000)
    bracket = decoded.rfind("<")
    if "@" not in decoded[bracket + 1 :]:
        return None
    emails = {normal_email(match.rstrip(".'>").lstrip("'<")) for match in _ADDRESS_LIKE.findall(decoded)} - {""}
    if len(emails) != 1 or decoded.count("@") != 1:
        return None
    email = emails.pop()
    before = decoded.lower().partition(email.partition("@")[0])[0]
    return Address(email, _name(_SPECIALS.sub(" ", before)))
