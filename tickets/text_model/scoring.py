"""Weighing a text with a trained model, in plain Python: a hundred rows of weights are added up."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tickets.text_model.features import BUT_ONE, NEXT, pairs_in, parts_of, words_in

SHOWN_WORDS = 3
# A word that is named has this share of everything that speaks for the reason.
WORTH_NAMING = 0.08


@dataclass(frozen=True)
class Asked:
    """What to look up for a text: words and pairs, and the parts of each word in case that it is not known."""

    words: list[str]
    names: list[str]
    parts: list[str]
    part_of: list[str]


def asked_of(text: str) -> Asked:
    """What the model wants to know of a text."""
    words = words_in(text)
    distinct = list(dict.fromkeys(words))
    parts = [(part, word) for word in distinct for part in parts_of(word)]
    return Asked(distinct, [*distinct, *pairs_in(words)], [part for part, _ in parts], [word for _, word in parts])


@dataclass(frozen=True)
class Likely:
    """A reason, how likely it is (0 to 1), and the words that speak for it, the strongest first."""

    pk: int
    share: float
    because: tuple[str, ...] = ()


@dataclass
class Weights:
    """What was found of a model: its reasons, what each starts with, and packed rows by word, pair or word's part."""

    reasons: Sequence[int]
    start: bytes
    rows: list[tuple[str, bytes]] = field(default_factory=list)


def likelihoods(asked: Asked, found: Weights, *, allowed: Iterable[int], habit: Mapping[int, float]) -> list[Likely]:
    """The `allowed` reasons of the model, the likeliest first. `habit` adds points by reason.

    `found.rows` names a part by the word whose part it is. Without any row nothing is known, and nothing is answered.
    """
    if not found.rows:
        return []
    scale = 1 / math.sqrt(len(asked.words) or 1)
    unpack = struct.Struct(f"<{len(found.reasons)}e").unpack
    said: dict[str, list[float]] = {}
    for name, packed in found.rows:
        for word, part in _credited(name):
            row = [weight * part for weight in unpack(packed)]
            before = said.get(word)
            said[word] = row if before is None else [a + b for a, b in zip(before, row, strict=True)]
    totals = [scale * sum(column) for column in zip(*said.values(), strict=True)]
    scores = {
        pk: total + start + habit.get(pk, 0)
        for pk, total, start in zip(found.reasons, totals, unpack(found.start), strict=True)
    }
    return _in_order({pk: score for pk, score in scores.items() if pk in set(allowed)}, found.reasons, said)


def _credited(name: str) -> list[tuple[str, float]]:
    """Whose words a row is: a pair's are shared."""
    for between in (BUT_ONE, NEXT):
        if between in name:
            one, other = name.split(between)
            return [(one, 0.5), (other, 0.5)] if one != other else [(one, 1.0)]
    return [(name, 1.0)]


def _in_order(scores: dict[int, float], reasons: Sequence[int], said: dict[str, list[float]]) -> list[Likely]:
    if not scores:
        return []
    most = max(scores.values())
    raised = {pk: math.exp(score - most) for pk, score in scores.items()}
    total = sum(raised.values())
    order = sorted(raised, key=lambda pk: (-raised[pk], pk))
    best = order[0]
    column = list(reasons).index(best)
    because = _because({word: row[column] - sum(row) / len(row) for word, row in said.items()})
    return [Likely(pk, raised[pk] / total, because if pk == best else ()) for pk in order]


def _because(points: dict[str, float]) -> tuple[str, ...]:
    spoke = {word: number for word, number in points.items() if number > 0}
    enough = WORTH_NAMING * sum(spoke.values())
    strongest = sorted(spoke, key=lambda word: (-spoke[word], word))[:SHOWN_WORDS]
    return tuple(word for word in strongest if spoke[word] >= enough)
