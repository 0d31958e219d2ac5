"""Which texts are learned from, and which are held out to measure what was learned."""

import random
from collections.abc import Sequence

SEED = 7
HELD_OUT = 5  # a fifth


def split(labels: Sequence[int], *, seed: int = SEED) -> tuple[list[int], list[int]]:
    """Numbers of the texts to learn from and of those held out: a fifth of each label's, by a draw that is the same
    each time.
    """
    by_label: dict[int, list[int]] = {}
    for number, label in enumerate(labels):
        by_label.setdefault(label, []).append(number)
    held: set[int] = set()
    draw = random.Random(seed)  # noqa: S311 - a fair draw, nothing secret
    for label in sorted(by_label):
        mine = by_label[label]
        draw.shuffle(mine)
        held.update(mine[: round(len(mine) / HELD_OUT)])
    return [number for number in range(len(labels)) if number not in held], sorted(held)
