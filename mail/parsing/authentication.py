"""Authentication-Results (RFC 8601), believed only from our own mail server.

Anybody can write this header. Only the topmost one counts, and only when a server that the operator trusts signed it
with its name; a second one below it may be the sender's own work. Microsoft 365 writes no name: `NAMELESS` among the
trusted ones stands for it.
"""

import re
from collections.abc import Collection

from mail.parsing.headers import Headers
from mail.parsing.types import Address, Authentication

NAMELESS = "-"
_METHOD = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_PROPERTY = re.compile(
    r"\b(header\.from|header\.d|header\.i|smtp\.mailfrom|smtp\.helo)\s*=\s*([^\s;]{1,300})", re.IGNORECASE
)


def read_authentication(headers: Headers, sender: Address | None, trusted: Collection[str]) -> Authentication:
    """The verdict about `sender`; `none` where no trusted server spoke, or spoke about somebody else."""
    text = headers.undecoded("authentication-results")
    pieces = _pieces(text)
    if _METHOD.match(pieces[0]):
        pieces.insert(0, NAMELESS)
    identity = (pieces[0].split() or [""])[0].lower()
    if sender is None or not identity or identity not in {name.lower() for name in trusted}:
        return Authentication()
    results = [_result(piece) for piece in pieces[1:]]
    return _judged([result for result in results if result], sender.domain)


def _judged(results: list[tuple[str, str, dict[str, str]]], domain: str) -> Authentication:
    words: dict[str, str] = {}
    passed = disputed = False
    for method, word, properties in results:
        if method not in words or word == "pass":
            words[method] = word
        about = _domain_of(method, properties)
        if method == "dmarc":
            disputed = disputed or (bool(about) and about != domain)
        elif word == "pass" and _is_aligned(about, domain):
            passed = True
    dmarc = words.get("dmarc", "")
    aligned = not disputed and (passed or dmarc == "pass")
    if dmarc == "fail" or disputed:
        verdict = "fail"
    elif aligned:
        verdict = "pass"
    else:
        verdict = "fail" if words.get("spf") == "fail" and words.get("dkim") != "pass" else "none"
    return Authentication(verdict, words.get("spf", ""), words.get("dkim", ""), dmarc, aligned and verdict == "pass")


def _domain_of(method: str, properties: dict[str, str]) -> str:
    names = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.helo")}[method]
    value = next((properties[name] for name in names if name in properties), "")
    return value.strip('"<>').rpartition("@")[2].lower().rstrip(".")


def _is_aligned(domain: str, sender_domain: str) -> bool:
    """The same domain, or one below the other with at least two labels in common."""
    if not domain or "." not in domain or "." not in sender_domain:
        return False
    return domain == sender_domain or sender_domain.endswith("." + domain)


def _result(piece: str) -> tuple[str, str, dict[str, str]] | None:
    match = _METHOD.match(piece)
    if not match:
        return None
    properties = {name.lower(): value for name, value in _PROPERTY.findall(piece[match.end() :])}
    return match[1].lower(), match[2].lower(), properties


def _pieces(text: str) -> list[str]:
    """Split at semicolons outside comments and quotes; comments fall away."""
    pieces: list[list[str]] = [[]]
    depth, quoted, escaped = 0, False, False
    for character in text[:20_000]:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif quoted:
            pieces[-1].append(character if not character.isspace() and character != ";" else "_")
        elif character == "(":
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            if character == ";":
                pieces.append([])
            else:
                pieces[-1].append(character)
    return ["".join(piece).strip() for piece in pieces]
