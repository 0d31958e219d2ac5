"""One spelling for each mail address, so that one mailbox is one person."""

import re

from mail.addresses import BadAddress

# Where people have their address who gave none: RFC 2606 promises that no mail ever goes there.
NO_MAIL = "no-mail.invalid"
MAX_LENGTH = 320  # 64 before the sign, 255 after it

_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f<>(),;:\\\"]")


class NotAnAddress(BadAddress):
    """The text is no mail address that we could write to. The message may be shown."""

    def __init__(self):
        super().__init__("Write an address like name@example.com.")


def normalise(address: str) -> str:
    """Return `address` trimmed and in lower case, or raise NotAnAddress.

    A sign that only becomes a Latin letter when lowered (the Kelvin sign, the dotted capital I) is refused: it would
    turn a stranger into somebody else.
    """
    address = address.strip()
    lowered = address.lower()
    local, sign, domain = lowered.rpartition("@")
    if not (local and sign and domain) or len(lowered) > MAX_LENGTH or "@" in local or _FORBIDDEN.search(lowered):
        raise NotAnAddress
    if any(not sign.isascii() and any(low.isascii() for low in sign.lower()) for sign in address):
        raise NotAnAddress
    return lowered


def domain_of(address: str) -> str:
    """The part after the sign, in lower case and without a final dot. A domain alone is its own."""
    return address.rpartition("@")[2].strip().lower().rstrip(".")
