"""Who wrote the mail: one sound address in From, or nobody whom we know."""

import re
from dataclasses import dataclass, field

from mail.parsing.addresses import normal_email, parse_addresses
from mail.parsing.headers import Headers
from mail.parsing.types import Address


@dataclass
class Sender:
    """The address with its problem, as `ParsedMail.sender_problem` names it, and notes."""

    address: Address | None = None
    problem: str = ""
    notes: list[str] = field(default_factory=list)


def read_sender(headers: Headers) -> Sender:
    """Exactly one sound From, or a stand-in with its problem named."""
    values = list(dict.fromkeys(value for value in (raw.strip() for raw in headers.raws("from")) if value))
    if not values:
        return _stand_in(headers, "no_from", "The mail has no From.")
    lists = [parse_addresses(headers.as_text(value)) for value in values]
    addresses = list(dict.fromkeys(address.email for found in lists for address in found.addresses))
    defective = sum(found.defective for found in lists)
    if len(addresses) > 1:
        return Sender(None, "several_from", ["From names several senders; none of them is believed."])
    if not addresses or defective:
        if addresses:
            return Sender(None, "defective_from", ["From can be read in two ways; neither is believed."])
        return _stand_in(headers, "defective_from", "From holds no usable address.")
    address = next(address for found in lists for address in found.addresses)
    return Sender(address, "", _sender_notes(address, repaired=any(found.repaired for found in lists)))


def _sender_notes(address: Address, *, repaired: bool) -> list[str]:
    notes = ["The address in From was written wrongly; it was repaired."] if repaired else []
    named = re.search(r"[^\s<>()\"',;]{1,100}@[^\s<>()\"',;]{3,200}", address.name)
    if named and normal_email(named[0]) not in ("", address.email):
        notes.append(f"The sender's name shows another address than the mail comes from: {named[0][:120]}")
    return notes


def _stand_in(headers: Headers, problem: str, sentence: str) -> Sender:
    for name, shown in (("sender", "Sender"), ("reply-to", "Reply-To"), ("return-path", "Return-Path")):
        found = parse_addresses(headers.undecoded(name))
        if len(found.addresses) == 1 and not found.defective:
            return Sender(found.addresses[0], problem, [f"{sentence} The address of {shown} stands in for it."])
    return Sender(None, problem, [sentence])
