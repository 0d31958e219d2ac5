"""Who is called by name in words: `@Priya Raman`, `@Priya` where one Priya works here, or `@priya@desk.example`."""

import re
from collections.abc import Sequence

from accounts.models import Person

MOST = 20
# An @ that is no part of a mail address.
_START = re.compile(r"(?<![\w@.+-])@(?=\w)")


def called_in(text: str, staff: Sequence[Person]) -> list[Person]:
    """The people of `staff` whom `text` calls, in the order of their first call, at most MOST. Linear in its length."""
    names = _names(staff)
    longest = max(map(len, names), default=0)
    found: dict[int, Person] = {}
    for start in _START.finditer(text):
        rest = text[start.end() : start.end() + longest + 1].casefold()
        person = next((names[name] for name in sorted(names, key=len, reverse=True) if _begins(rest, name)), None)
        if person:
            found.setdefault(person.pk, person)
        if len(found) >= MOST:
            break
    return list(found.values())


def written_out(text: str, staff: Sequence[Person]) -> str:
    """The first whole name of a colleague after an @ in `text`, "" for none: in a reply it would reach a customer."""
    for person in staff:
        name = person.name.casefold()
        if " " in name and re.search(rf"(?<![\w@.+-])@{re.escape(name)}(?!\w)", text.casefold()):
            return f"@{person.name}"
    return ""


def _names(staff: Sequence[Person]) -> dict[str, Person]:
    names: dict[str, Person] = {}
    firsts = [person.first_name.casefold() for person in staff]
    for person in staff:
        first = person.first_name.casefold()
        if first and firsts.count(first) == 1:
            names.setdefault(first, person)
    for person in staff:
        names |= {name.casefold(): person for name in (person.name, person.email) if name}
    return names


def _begins(rest: str, name: str) -> bool:
    return rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum()
