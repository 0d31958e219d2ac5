"""One spelling for each telephone number, so that one telephone is one handle."""

import re

_SHAPE = re.compile(r"\+?[0-9][0-9 ().\-/\u00a0\u2009\u2011]{1,38}", re.ASCII)
# Numbers written at home and abroad end alike; this many last digits tell telephones of a country apart.
TAIL = 8


class NotANumber(ValueError):
    """The text is no telephone number. The message may be shown."""

    def __init__(self) -> None:
        super().__init__("Write a telephone number like +1 403 555 0147.")


def normalise_number(text: str) -> str:
    """`text` as +14035550147, or its digits alone where no country was said. Raises NotANumber.

    Three to fifteen digits (E.164); a leading 00 is a plus. Short codes keep their digits.
    """
    text = text.strip()
    if not _SHAPE.fullmatch(text):
        raise NotANumber
    digits = re.sub(r"[^0-9]", "", text)
    has_country = text.startswith("+")
    if digits.startswith("00") and not has_country:
        digits, has_country = digits[2:], True
    if not 3 <= len(digits) <= 15 or (has_country and digits.startswith("0")):
        raise NotANumber
    return f"+{digits}" if has_country else digits


def tail_of(number: str) -> str:
    """The last digits, by which a number is found however much of its country was written."""
    return number.lstrip("+")[-TAIL:]
