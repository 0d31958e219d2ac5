"""Two texts that came of the same one, put together again (A1). Pure.

What only one of the two changed is taken from there. Where both changed the same lines, a person has to choose; nothing
is ever left out unasked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from knowledgebase.differing import Edit, edits, lines_of

THEIRS, MINE, BOTH, BEFORE = "theirs", "mine", "both", "before"
CHOICES = (THEIRS, MINE, BOTH, BEFORE)


@dataclass(frozen=True)
class Part:
    """Some lines. `kind`: same, mine or theirs (one of the two changed it), agreed (both did the same), conflict."""

    kind: str
    base: list[str]
    mine: list[str]
    theirs: list[str]

    @property
    def is_conflict(self) -> bool:
        """Whether somebody has to choose."""
        return self.kind == "conflict"

    def chosen(self, choice: str) -> list[str]:
        """The lines that stand there then. In a conflict `choice` says which; "both" puts theirs first."""
        if not self.is_conflict:
            return self.theirs if self.kind == THEIRS else self.mine
        return {THEIRS: self.theirs, MINE: self.mine, BOTH: self.theirs + self.mine, BEFORE: self.base}[choice]


def merge(base: str, mine: str, theirs: str) -> list[Part]:
    """The whole text in parts, in order."""
    old, left, right = lines_of(base), lines_of(mine), lines_of(theirs)
    parts: list[Part] = []
    at = left_at = right_at = 0
    for mine_edits, their_edits in _clusters(edits(old, left), edits(old, right)):
        both = mine_edits + their_edits
        low, high = min(edit.low for edit in both), max(edit.high for edit in both)
        if low > at:
            parts.append(Part("same", *[old[at:low]] * 3))
        left_at, right_at = left_at + low - at, right_at + low - at
        left_end = left_at + (high - low) + sum(_growth(edit) for edit in mine_edits)
        right_end = right_at + (high - low) + sum(_growth(edit) for edit in their_edits)
        parts.append(_part(old[low:high], left[left_at:left_end], right[right_at:right_end]))
        at, left_at, right_at = high, left_end, right_end
    if at < len(old):
        parts.append(Part("same", *[old[at:]] * 3))
    return parts


def text_of(parts: list[Part], choices: Mapping[int, str] | None = None) -> str | None:
    """The text that comes out; None while a conflict has no choice. `choices`: by the part's number from 0."""
    chosen = choices or {}
    lines: list[str] = []
    for number, part in enumerate(parts):
        choice = chosen.get(number, "")
        if part.is_conflict and choice not in CHOICES:
            return None
        lines += part.chosen(choice)
    return "\n".join(lines)


def one_line(base: str, mine: str, theirs: str) -> str | None:
    """The same for a title: None where both changed it, and not alike."""
    if mine == theirs or theirs == base:
        return mine
    return theirs if mine == base else None


def _part(base: list[str], mine: list[str], theirs: list[str]) -> Part:
    if mine == theirs:
        return Part("agreed", base, mine, theirs)
    if theirs == base:
        return Part(MINE, base, mine, theirs)
    return Part(THEIRS if mine == base else "conflict", base, mine, theirs)


def _clusters(mine: list[Edit], theirs: list[Edit]) -> list[tuple[list[Edit], list[Edit]]]:
    """The changes of both in order; those that meet stand together."""
    found: list[tuple[list[Edit], list[Edit]]] = []
    waiting = sorted(
        [(edit.low, edit.high, 0, edit) for edit in mine] + [(edit.low, edit.high, 1, edit) for edit in theirs],
        key=lambda one: one[:3],
    )
    for _, _, side, edit in waiting:
        if not found or not _belongs(edit, found[-1], side):
            found.append(([], []))
        found[-1][side].append(edit)
    return found


def _belongs(edit: Edit, cluster: tuple[list[Edit], list[Edit]], side: int) -> bool:
    """Whether a change has to be looked at together with those of a cluster."""
    if any(_meet(edit, other) for other in cluster[1 - side]):
        return True
    return all(cluster) and edit.low < max(other.high for other in (*cluster[0], *cluster[1]))


def _meet(one: Edit, other: Edit) -> bool:
    """Whether two changes of different people touch the same lines, or put something at the same place."""
    if one.low < other.high and other.low < one.high:
        return True
    if one.low == one.high or other.low == other.high:
        adds, changes = (one, other) if one.low == one.high else (other, one)
        if changes.low == changes.high:
            return adds.low == changes.low
        return changes.low <= adds.low <= changes.high and _growth(changes) > 0
    return False


def _growth(edit: Edit) -> int:
    return (edit.end - edit.start) - (edit.high - edit.low)
