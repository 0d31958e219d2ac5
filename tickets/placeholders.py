"""What may stand in braces in a reply template: filled literally, once, never evaluated (security.md S55)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLACEHOLDERS = {
    "customer_name": "The customer's name",
    "customer_first_name": "The first word of the customer's name",
    "customer_email": "The customer's email address",
    "organisation": "The customer's organisation",
    "ticket_number": "The number of the ticket",
    "ticket_subject": "What the ticket is about",
    "agent_name": "The name of whoever sends the reply",
    "agent_first_name": "The first word of that name",
}

EXAMPLE = {
    "customer_name": "Dana Whitfield",
    "customer_first_name": "Dana",
    "customer_email": "dana@school.example",
    "organisation": "Lakeview School District",
    "ticket_number": "4127",
    "ticket_subject": "Card keeps getting declined",
    "agent_name": "Maya Osei",
    "agent_first_name": "Maya",
}

GAP = re.compile("|".join(rf"\[{name}\?\]" for name in PLACEHOLDERS))
_PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")


@dataclass(frozen=True)
class Piece:
    """A part of a filled text. `kind`: text as written, a value, a gap for want of one, or an unknown name."""

    kind: str
    text: str


def pieces(body: str, values: Mapping[str, str]) -> list[Piece]:
    """`body` in parts, for a preview that marks what was filled and what is missing. A value is never read again."""
    found: list[Piece] = []
    end = 0
    for match in _PLACEHOLDER.finditer(body):
        found.append(Piece("text", body[end : match.start()]))
        found.append(_piece(match[1], match[0], values))
        end = match.end()
    found.append(Piece("text", body[end:]))
    return [piece for piece in found if piece.text]


def unknown(body: str) -> list[str]:
    """Names in braces that will never be filled, in the order of their first use."""
    return list(dict.fromkeys(name for name in _PLACEHOLDER.findall(body) if name not in PLACEHOLDERS))


def gaps(text: str) -> list[str]:
    """What a saved reply had no value for and nobody filled in since, as it stands in `text`, each once."""
    return list(dict.fromkeys(GAP.findall(text)))


def _piece(name: str, written: str, values: Mapping[str, str]) -> Piece:
    if name not in PLACEHOLDERS:
        return Piece("unknown", written)
    value = values.get(name, "")
    return Piece("value", value) if value else Piece("gap", f"[{name}?]")
