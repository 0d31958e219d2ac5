"""The bars of invoice questions as numbers for an SVG of 1180 by 250: arithmetic only, the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from insights.charts import FLOOR, LEFT, RIGHT, TOP, ceiling
from insights.queries_invoice_month import Bar


@dataclass(frozen=True)
class Column:
    """A month's bar; `number` counts the months in which something was done, 0 where nothing was."""

    bar: Bar
    x: float
    y: float
    width: float
    height: float
    middle: float
    number: int


@dataclass(frozen=True)
class Drawn:
    """Everything that the template draws."""

    columns: list[Column]
    grid: list[tuple[float, str]]


def drawn(bars: Sequence[Bar]) -> Drawn:
    """Rates as bars, on one scale from zero."""
    top = ceiling(max([1, *(int(-(-bar.rate // 1)) for bar in bars if bar.rate is not None)]))
    slot = (RIGHT - LEFT) / max(1, len(bars))
    columns, number = [], 0
    for place, bar in enumerate(bars):
        number += bool(bar.actions)
        middle, width = LEFT + slot * (place + 0.5), slot * 0.56
        y = _y(bar.rate or 0, top)
        columns.append(
            Column(
                bar, round(middle - width / 2, 1), y, round(width, 1), round(FLOOR - y, 1), round(middle, 1),
                number if bar.actions else 0,
            )
        )  # fmt: skip
    steps = 4 if top % 4 == 0 else (5 if top % 5 == 0 else (2 if top % 2 == 0 else 1))
    return Drawn(columns, [(_y(top * step // steps, top), _short(top * step // steps)) for step in range(steps + 1)])


def _short(value: int) -> str:
    """Narrow enough for the margin: 2.5k for 2,500."""
    return f"{value / 1000:g}k" if value >= 1_000 else str(value)


def _y(value: float, top: int) -> float:
    return round(FLOOR - (FLOOR - TOP) * value / top, 1)
