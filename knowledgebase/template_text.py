"""The text of a mail with gaps: {customer_first_name} and its like are filled when it is sent, by a literal map.

Which names there are is known to those who send: they say so with `offer` when the product starts.
"""

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{([a-z_]{1,40})\}")
_BRACES = re.compile(r"\{[^{}\n]{0,60}\}?|\}")
_TICKS = re.compile(r"`+")
MOST_NAMED = 5
_offered: dict[str, str] = {}


def offer(names: Mapping[str, str]) -> None:
    """These can be filled: the name, and what stands there then."""
    _offered.update(names)


def offered() -> list[tuple[str, str]]:
    """Every name that can be filled, and what stands there then, in order."""
    return sorted(_offered.items())


def gaps_in(markdown: str) -> list[str]:
    """The names of the gaps, in order, once each."""
    return list(dict.fromkeys(_NAME.findall(markdown)))


def problems_in(markdown: str) -> list[str]:
    """A sentence for each pair of braces that nothing fills, so that nobody gets a mail with braces in it."""
    unknown = [name for name in gaps_in(markdown) if _offered and name not in _offered]
    odd = dict.fromkeys(one.group() for one in _BRACES.finditer(_without_code(_NAME.sub("", markdown))))
    said = [f"{{{name}}} is not known. Look below at what can stand in braces." for name in unknown]
    said += [f"{one} cannot be filled: braces hold one name, as {{customer_first_name}}." for one in odd]
    return said[:MOST_NAMED]


def _without_code(markdown: str) -> str:
    """The text without what stands between backticks: between as many as began it, as Markdown reads them."""
    runs = list(_TICKS.finditer(markdown))
    following: dict[int, int] = {}
    ends = [0] * len(runs)
    for number in range(len(runs) - 1, -1, -1):
        size = len(runs[number].group())
        ends[number], following[size] = following.get(size, 0), number
    kept, at, number = [], 0, 0
    while number < len(runs):
        end = ends[number]
        if end:
            kept.append(markdown[at : runs[number].start()])
            at, number = runs[end].end(), end
        number += 1
    return "".join([*kept, markdown[at:]])
