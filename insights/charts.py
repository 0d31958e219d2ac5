"""Bars and lines as numbers for an SVG: arithmetic only, the template draws."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT, TOP, FLOOR = 36.0, 1164.0, 20.0, 216.0
MOST_LABELS = 14


@dataclass(frozen=True)
class Bar:
    """A bar, with its label where there is room for one."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws."""

    bars: list[Bar]
    line: str
    dots: list[tuple[float, float]]
    grid: list[tuple[float, int]]


def chart(heights: Sequence[int], line: Sequence[int], labels: Sequence[str]) -> Chart:
    """Bars of `heights` and a line through `line`, over the same places, on one scale from zero."""
    top = ceiling(max([*heights, *line, 1]))
    slot = (RIGHT - LEFT) / max(1, len(heights))
    width = max(2.0, slot * 0.62)
    every = -(-len(labels) // MOST_LABELS)
    middles = [LEFT + slot * (number + 0.5) for number in range(len(heights))]
    bars = [
        Bar(
            round(middle - width / 2, 1), _y(value, top), round(width, 1), round(FLOOR - _y(value, top), 1),
            round(middle, 1), label if number % every == 0 else "",
        )
        for number, (middle, value, label) in enumerate(zip(middles, heights, labels, strict=True))
    ]  # fmt: skip
    dots = [(round(middle, 1), _y(value, top)) for middle, value in zip(middles, line, strict=True)]
    path = " ".join(f"{'L' if number else 'M'}{x} {y}" for number, (x, y) in enumerate(dots))
    steps = 4 if top % 4 == 0 else (5 if top % 5 == 0 else (2 if top % 2 == 0 else 1))
    grid = [(_y(top * number // steps, top), top * number // steps) for number in range(steps + 1)]
    return Chart(bars, path, dots if len(dots) <= MOST_LABELS * 3 else [], grid)


def ceiling(value: int) -> int:
    """The least 1, 2 or 5 times a power of ten, or 4 times, that is not below `value`."""
    size = 1
    while True:
        for nice in (1, 2, 4, 5, 8, 10):
            if nice * size >= value:
                return nice * size
        size *= 10


def _y(value: int, top: int) -> float:
    return round(FLOOR - (FLOOR - TOP) * value / top, 1)


# A line over months: 270 high, WIDE or half as wide, with room on the right for what it is now.
LINE_LEFT, LINE_ROOM, LINE_TOP, LINE_FLOOR = 34.0, 84.0, 34.0, 240.0
WIDE, HALF = 1180.0, 590.0


@dataclass(frozen=True)
class Pin:
    """A numbered mark of what was changed, between the dots."""

    x: float
    number: int


@dataclass(frozen=True)
class Line:
    """A line through the values that are known; `path` has a gap where one is not."""

    path: str
    area: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Lines:
    """One or more lines over the same months, on one scale from zero. `right` is where the last month stands."""

    width: float
    right: float
    lines: list[Line]
    labels: list[tuple[float, str]]
    grid: list[tuple[float, str]]
    pins: list[Pin]
    goal_y: float | None


def lines(
    series: Sequence[Sequence[float | None]], labels: Sequence[str], *, pins: Sequence[float] = (),
    goal: float | None = None, width: float = WIDE,
) -> Lines:  # fmt: skip
    """`pins` are places between the months: 0 is the first dot, 1.5 halfway from the second to the third."""
    known = [value for values in series for value in values if value is not None]
    top = scale([*known, *([goal] if goal is not None else [])])
    right = width - LINE_ROOM
    step = (right - LINE_LEFT) / max(1, len(labels) - 1)
    steps = next((count for count in (5, 4, 3, 6) if _is_round(top / count)), 4)
    grid = [(_line_y(top * number / steps, top), _short(top * number / steps)) for number in range(steps + 1)]
    return Lines(
        width=width,
        right=right,
        lines=[_line(values, top, step) for values in series],
        labels=[(round(LINE_LEFT + step * number, 1), label) for number, label in enumerate(labels)],
        grid=grid,
        pins=[Pin(round(LINE_LEFT + step * place, 1), number) for number, place in enumerate(_apart(pins, step), 1)],
        goal_y=None if goal is None else _line_y(goal, top),
    )


def scale(values: Sequence[float]) -> float:
    """A round top for these values: 10 for 9.4, 0.5 for 0.31, 150 for 132. 1 for nothing."""
    most = max([*values, 0])
    if most <= 0:
        return 1
    size = 10.0 ** math.floor(math.log10(most))
    return next(nice * size for nice in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if nice * size >= most * (1 - 1e-9))


@dataclass(frozen=True)
class Spark:
    """A small row of bars, 14 wide each and 36 high, with a dashed line where something was fixed."""

    width: int
    bars: list[tuple[float, float, float, str]]
    fix_x: float | None


def spark(values: Sequence[int], *, fixed_before: int | None = None, is_hot: bool = False) -> Spark:
    """`fixed_before` is the number of the first bar after the fix; `is_hot` marks the last as unsolved."""
    most = max([*values, 1])
    bars = []
    for number, value in enumerate(values):
        height = round(33.0 * value / most, 1)
        after = fixed_before is not None and number >= fixed_before
        kind = " after" if after else " hot" if is_hot and number == len(values) - 1 else ""
        bars.append((14.0 * number + 1, round(36 - height, 1), height, kind))
    return Spark(14 * len(values), bars, None if fixed_before is None else 14.0 * fixed_before)


def _line(values: Sequence[float | None], top: float, step: float) -> Line:
    parts: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((round(LINE_LEFT + step * number, 1), _line_y(value, top)))
    parts = [part for part in parts if part]
    drawn = ["M" + " L".join(f"{x} {y}" for x, y in part) for part in parts]
    areas = [
        f"{path} L{part[-1][0]} {LINE_FLOOR} L{part[0][0]} {LINE_FLOOR}Z"
        for path, part in zip(drawn, parts, strict=True)
    ]
    return Line(" ".join(drawn), " ".join(areas), [dot for part in parts for dot in part])


def _is_round(value: float) -> bool:
    return round(value / 10 ** math.floor(math.log10(value)), 6) in (1, 2, 2.5, 5)


def _line_y(value: float, top: float) -> float:
    return round(LINE_FLOOR - (LINE_FLOOR - LINE_TOP) * value / top, 1)


def _apart(places: Sequence[float], step: float) -> list[float]:
    # Two pins never lie on each other: a later one moves a pin's width to the right.
    width, found = 22 / step, list[float]()
    for place in places:
        found.append(max(place, found[-1] + width) if found else place)
    return found


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
