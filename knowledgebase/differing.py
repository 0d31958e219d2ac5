"""What differs between two texts: lines first, then the words within lines that belong together. Pure (U39).

Every comparison has an end: where two texts have too little in common to be worth the search, one replaces the other.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

CONTEXT = 2
MOST_EDITS = 400
MOST_STEPS = 300_000  # of the search for the shortest way, for the lines of two texts, and again for all their words
MOST_PAIRS = 900
MOST_ROWS = 3000
ALIKE = 0.45
_TOKEN = re.compile(r"[$\N{EURO SIGN}\N{POUND SIGN}]?\w+(?:[.,'\N{RIGHT SINGLE QUOTATION MARK}-]\w+)*|\s+|[^\w\s]")
_HEADING = re.compile(r" {0,3}(#{1,4})[ \t]+(.+)")
_FENCE = re.compile(r" {0,3}(```|~~~)")


@dataclass(frozen=True)
class Piece:
    """Some words of a line. `mark`: "" they stand in both texts, "del" only in the old, "ins" only in the new."""

    mark: str
    words: str


@dataclass(frozen=True)
class Row:
    """A line of a comparison. `kind`: same, del, add, or hunk, whose one piece says where in the text we are."""

    kind: str
    old_no: int | None = None
    new_no: int | None = None
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Diff:
    """A comparison to read. A line that changed counts as changed, neither as added nor as removed.

    `is_cut`: it ends after MOST_ROWS rows, though the texts do not.
    """

    rows: list[Row]
    added: int = 0
    removed: int = 0
    changed: int = 0
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def summary(self) -> str:
        """In words: 2 lines added, 1 changed."""
        counts = [(self.added, "added"), (self.removed, "removed"), (self.changed, "changed")]
        said = [(number, what) for number, what in counts if number]
        if not said:
            return "Only empty lines differ." if self.rows else ""
        first = said[0][0]
        words = [f"{first:,} {'line' if first == 1 else 'lines'} {said[0][1]}"]
        words += [f"{number:,} {what}" for number, what in said[1:]]
        return ", ".join(words) + (" and more." if self.is_cut else ".")


@dataclass(frozen=True)
class Edit:
    """`old[low:high]` became `new[start:end]`."""

    low: int
    high: int
    start: int
    end: int


def compare(old: str, new: str, context: int = CONTEXT) -> Diff:
    """The lines that differ, each with what changed in it, and `context` lines around them."""
    before, after = lines_of(old), lines_of(new)
    found = edits(before, after)
    if not found:
        return Diff([])
    places = places_of(after)
    rows: list[Row] = []
    counts: Counter[str] = Counter()
    budget = [MOST_STEPS]
    shown = 0  # lines of the old text that are on the page already
    for number, edit in enumerate(found):
        if len(rows) > MOST_ROWS:
            break
        begin = max(shown, edit.low - context)
        if begin > shown or number == 0:
            rows.append(Row("hunk", pieces=[Piece("", places[min(edit.start, len(places) - 1)])]))
        shift = edit.start - edit.low
        rows += [_same(before, at, shift) for at in range(begin, edit.low)]
        rows += islice(_changed(before, after, _beginning(edit), counts, budget), MOST_ROWS)
        following = found[number + 1].low if number + 1 < len(found) else len(before)
        shown = min(edit.high + context, following)
        rows += [_same(before, at, edit.end - edit.high) for at in range(edit.high, shown)]
    return Diff(rows, counts["add"], counts["del"], counts["both"], is_cut=len(rows) > MOST_ROWS)


def words(old: str, new: str, budget: list[int] | None = None) -> tuple[list[Piece], list[Piece]]:
    """The old line and the new one, in pieces. Lines that have little in common are marked as a whole."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    found = _without_crumbs(edits(before, after, budget), before)
    kept = len(before) - sum(edit.high - edit.low for edit in found)
    if kept * 4 < min(len(before), len(after)):
        return _whole("del", old), _whole("ins", new)
    left, right, at, new_at = [], [], 0, 0
    for edit in found:
        left += _piece("", before[at : edit.low]) + _piece("del", before[edit.low : edit.high])
        right += _piece("", after[new_at : edit.start]) + _piece("ins", after[edit.start : edit.end])
        at, new_at = edit.high, edit.end
    return left + _piece("", before[at:]), right + _piece("", after[new_at:])


def lines_of(text: str) -> list[str]:
    """The lines of a text; of an empty one none."""
    return text.split("\n") if text else []


def edits(old: Sequence[str], new: Sequence[str], budget: list[int] | None = None) -> list[Edit]:
    """What turns `old` into `new`, in order, as few changes as can be found in bounded time.

    `budget` holds the steps that are left to several searches together, and is spent.
    """
    found, at, new_at = [], 0, 0
    for low, start, size in (*_matches(old, new, budget or [MOST_STEPS]), (len(old), len(new), 0)):
        if low > at or start > new_at:
            found.append(Edit(at, low, new_at, start))
        at, new_at = low + size, start + size
    return found


def _matches(old: Sequence[str], new: Sequence[str], budget: list[int]) -> list[tuple[int, int, int]]:
    """Runs that stand in both, in order: (where in the old, where in the new, how long), neighbours joined.

    What stands exactly once in both is held fast first; between these the shortest way is sought.
    """
    names: dict[str, int] = {}
    a = [names.setdefault(one, len(names)) for one in old]
    b = [names.setdefault(one, len(names)) for one in new]
    pairs: list[tuple[int, int]] = []
    open_blocks = [(0, len(a), 0, len(b))]
    while open_blocks:
        low, high, start, end = open_blocks.pop()
        while low < high and start < end and a[low] == b[start]:
            pairs.append((low, start))
            low, start = low + 1, start + 1
        while low < high and start < end and a[high - 1] == b[end - 1]:
            high, end = high - 1, end - 1
            pairs.append((high, end))
        if low == high or start == end:
            continue
        anchors = _anchors(a, b, low, high, start, end)
        if anchors:
            pairs += anchors
            edges = [(low - 1, start - 1), *anchors, (high, end)]
            open_blocks += [(x + 1, u, y + 1, v) for (x, y), (u, v) in pairwise(edges)]
        else:
            pairs += [(low + x, start + y) for x, y in _shortest(a[low:high], b[start:end], budget)]
    runs: list[tuple[int, int, int]] = []
    for x, y in sorted(pairs):
        if runs and runs[-1][0] + runs[-1][2] == x and runs[-1][1] + runs[-1][2] == y:
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((x, y, 1))
    return runs


def _anchors(a: list[int], b: list[int], low: int, high: int, start: int, end: int) -> list[tuple[int, int]]:
    """What stands once in each block and in the same order in both: the longest such row (patience)."""
    here, there = Counter(a[low:high]), Counter(b[start:end])
    places = {b[at]: at for at in range(start, end) if there[b[at]] == 1}
    both = [(at, places[a[at]]) for at in range(low, high) if here[a[at]] == 1 and a[at] in places]
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(both):
        pile = bisect_left(tops, place)
        before.append(piles[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            piles.append(number)
        else:
            tops[pile], piles[pile] = place, number
    row, number = [], piles[-1] if piles else -1
    while number >= 0:
        row.append(both[number])
        number = before[number]
    return row[::-1]


def _shortest(a: list[int], b: list[int], budget: list[int]) -> list[tuple[int, int]]:
    """What two blocks have in common on the shortest way from one to the other (Myers); nothing when that is far."""
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for depth in range(MOST_EDITS if budget[0] > 0 else 0):
        trace.append(dict(reached))
        for diagonal in range(-depth, depth + 1, 2):
            down = diagonal == -depth or (diagonal != depth and reached[diagonal - 1] < reached[diagonal + 1])
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            y = x - diagonal
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
                budget[0] -= 1
            budget[0] -= 1
            reached[diagonal] = x
            if x >= len(a) and y >= len(b):
                return _way_back(trace, len(a), len(b))
        if budget[0] < 0:
            return []
    return []


def _way_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for depth in range(len(trace) - 1, -1, -1):
        reached, diagonal = trace[depth], x - y
        down = diagonal == -depth or (diagonal != depth and reached[diagonal - 1] < reached[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        from_x = reached[before]
        from_y = from_x - before
        while x > max(from_x, 0) and y > max(from_y, 0) and (x, y) != (from_x, from_y):
            if x == (from_x if down else from_x + 1) and depth:
                break
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]


def _beginning(edit: Edit) -> Edit:
    """As much of a change as a page shows: what stands behind is neither paired nor counted."""
    return Edit(edit.low, min(edit.high, edit.low + MOST_ROWS), edit.start, min(edit.end, edit.start + MOST_ROWS))


def _changed(before: list[str], after: list[str], edit: Edit, counts: Counter[str], budget: list[int]) -> Iterator[Row]:
    """The rows of one change: lines that belong together stand below each other."""
    low, start = edit.low, edit.start
    for x, y in (*_pairs(before, after, edit), (edit.high, edit.end)):
        for at in range(low, x):
            counts["del"] += bool(before[at].strip())
            yield Row("del", at + 1, None, _whole("del", before[at]))
        for at in range(start, y):
            counts["add"] += bool(after[at].strip())
            yield Row("add", None, at + 1, _whole("ins", after[at]))
        if x < edit.high and y < edit.end:
            counts["both"] += 1
            left, right = words(before[x], after[y], budget)
            yield Row("del", x + 1, None, left)
            yield Row("add", None, y + 1, right)
        low, start = x + 1, y + 1


def _pairs(before: list[str], after: list[str], edit: Edit) -> list[tuple[int, int]]:
    """Which old line became which new one: the likeness of all pairs together is as great as can be, in order."""
    rows, columns = edit.high - edit.low, edit.end - edit.start
    if not rows or not columns:
        return []
    if rows * columns > MOST_PAIRS:
        near = ((edit.low + at, edit.start + at) for at in range(min(rows, columns)))
        return [(x, y) for x, y in near if _likeness(_bag(before[x]), _bag(after[y])) >= ALIKE]
    left = [_bag(line) for line in before[edit.low : edit.high]]
    right = [_bag(line) for line in after[edit.start : edit.end]]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    likeness = [[_likeness(one, other) for other in right] for one in left]
    for x in range(rows - 1, -1, -1):
        for y in range(columns - 1, -1, -1):
            paired = likeness[x][y] + best[x + 1][y + 1] if likeness[x][y] >= ALIKE else 0.0
            best[x][y] = max(paired, best[x + 1][y], best[x][y + 1])
    pairs, x, y = [], 0, 0
    while x < rows and y < columns:
        if likeness[x][y] >= ALIKE and best[x][y] == likeness[x][y] + best[x + 1][y + 1]:
            pairs.append((edit.low + x, edit.start + y))
            x, y = x + 1, y + 1
        elif best[x + 1][y] >= best[x][y + 1]:
            x += 1
        else:
            y += 1
    return pairs


def _bag(line: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(line) if not token.isspace())


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """0 nothing in common, 1 the same words."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _without_crumbs(found: list[Edit], before: list[str]) -> list[Edit]:
    """Changes between which nothing but blanks or a sign stayed are read as one."""
    joined: list[Edit] = []
    for edit in found:
        last = joined[-1] if joined else None
        between = "".join(before[last.high : edit.low]) if last else ""
        if last and not any(sign.isalnum() for sign in between) and len(between) < 3:
            joined[-1] = Edit(last.low, edit.high, last.start, edit.end)
        else:
            joined.append(edit)
    return joined


def _same(before: list[str], at: int, shift: int) -> Row:
    return Row("same", at + 1, at + shift + 1, _whole("", before[at]))


def _whole(mark: str, line: str) -> list[Piece]:
    return [Piece(mark, line)] if line else []


def _piece(mark: str, tokens: list[str]) -> list[Piece]:
    return _whole(mark, "".join(tokens))


def places_of(lines: list[str]) -> list[str]:
    """For each line the headings that it stands below: "Steps, 1 Read the reason"."""
    places, part, step, number, is_code = [], "", "", 0, False
    for line in lines or [""]:
        is_code ^= bool(_FENCE.match(line))
        heading = None if is_code else _HEADING.match(line)
        named = heading[2].rstrip("# \t") or heading[2].strip() if heading else ""
        if heading and len(heading[1]) <= 2:
            part, step, number = named, "", 0
        elif heading:
            number += 1
            step = f"{number} {named}" if part.lower() == "steps" else named
        places.append(", ".join(one for one in (part, step) if one) or "Beginning of the page")
    return places
