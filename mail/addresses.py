"""Addresses as we compare and print them. Parsing a sender's header is not done here; see mail/parsing."""

import re
from dataclasses import dataclass
from email.header import Header

MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\u202a-\u202e\u2066-\u2069]+")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# As long before the sign as the parser reads it: servers that take more than the 64 of RFC 5321 exist.
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,150}@[^\s@<>,;:\"()\\]{1,253}")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class BadAddress(ValueError):
    """Not an address that we could send to. The message says so in a sentence."""


@dataclass(frozen=True)
class Address:
    """An address and the name beside it. `email` is what the person wrote, in lower case."""

    email: str
    name: str = ""


def one_line(text: str, limit: int | None = None) -> str:
    """`text` with line breaks, NULs, control and direction characters turned into single spaces (S14, case 108)."""
    clean = _LONE_SURROGATE.sub("\ufffd", _UNPRINTABLE.sub(" ", text)).strip()
    return clean if limit is None else clean[:limit].rstrip()


def storable(text: str) -> str:
    """`text` as PostgreSQL and UTF-8 take it: no NUL, no lone surrogates. Line breaks stay."""
    return _LONE_SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def normalise(email: str) -> str:
    """`email` as addresses are compared: in lower case, without anything around it (case 19).

    Raises BadAddress when it is not exactly one plain address.
    """
    address = email.strip().lower()
    if len(address) > MAX_ADDRESS or not _ADDRESS.fullmatch(address) or _UNPRINTABLE.search(address):
        raise BadAddress(f"“{one_line(email, 80)}” is not an e-mail address.")
    return address


def split(address: str) -> tuple[str, str]:
    """Local part and domain, both in lower case. ("", "") when there is no @."""
    local, at, domain = address.strip().lower().rpartition("@")
    return (local, domain) if at else ("", "")


def without_tag(address: str) -> str:
    """`address` without its plus part: `help+x@example.com` is `help@example.com`."""
    local, domain = split(address)
    return f"{local.partition('+')[0]}@{domain}" if domain else ""


def ascii_domain(address: str) -> str:
    """`address` with an international domain in its ASCII form, as every mail server takes it."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise BadAddress(f"The domain of “{one_line(address, 80)}” cannot be written in ASCII.") from error


def header_form(address: Address) -> str:
    """`Name <address>` for a header, ASCII only, the name quoted or encoded so that it cannot become an address."""
    email = ascii_domain(one_line(address.email))
    name = one_line(address.name, 120)
    if not name:
        return email
    if not name.isascii() or "=?" in name:
        return f"{Header(name, 'utf-8', maxlinelen=60).encode(linesep='')} <{email}>"
    if not _ATOM.fullmatch(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{email}>'
    return f"{name} <{email}>"
