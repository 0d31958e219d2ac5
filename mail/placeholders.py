"""Fill {{customer.name}} and its like from a literal map. Nothing is evaluated, whatever the braces hold (S55).

A value goes in as it is and is not looked at again, so a customer who is called {{order.secret}} reads just that
(case 107).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

_PLACEHOLDER = re.compile(r"\{\{[ \t]{0,3}([a-z][a-z_]{0,39}(?:\.[a-z][a-z_]{0,39}){0,3})[ \t]{0,3}\}\}")


class Filled(NamedTuple):
    """The text, and the names in it that the map did not know, in order, once each."""

    text: str
    missing: list[str]


def fill(template: str, values: Mapping[str, str]) -> Filled:
    """`template` with each known placeholder replaced; an unknown one stays as it was written and is listed."""
    missing: dict[str, None] = {}

    def value_of(found: re.Match[str]) -> str:
        name = found[1]
        if name in values:
            return values[name]
        missing[name] = None
        return found[0]

    return Filled(_PLACEHOLDER.sub(value_of, template), list(missing))


def names_in(template: str) -> list[str]:
    """Every placeholder that `template` asks for, in order, once each."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(template)))
