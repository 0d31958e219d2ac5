"""Training: multinomial logistic regression by AdaGrad on tf-idf features, and its accuracy on texts it had not seen.

Deterministic: the same texts give the same model. Only `child` imports this module, because numpy stays out of the
web process.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tickets.text_model.features import PART, pairs_in, parts_of, words_in
from tickets.text_model.splitting import SEED, split

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Integers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

SEEN_TWICE = 2
# What was seen most; the rest of a large desk's words are slips of the keyboard.
MOST_FEATURES = 60_000
BATCH = 128
RATE = 0.15
# Texts looked at in all, some of them again and again: 10 rounds through 8,000 texts, 2 through 80,000.
LOOKS = 160_000
MOST_ROUNDS, FEWEST_ROUNDS = 10, 2
PART_COUNTS = 0.35
SPREAD = 12.0


@dataclass(frozen=True)
class Table:
    """Texts as rows of numbers: those of row i are `columns[begins[i]:begins[i + 1]]` with as many `values`."""

    columns: Integers
    values: Floats
    begins: Integers

    def __len__(self) -> int:
        return len(self.begins) - 1


@dataclass(frozen=True)
class Accuracy:
    """Shares of `n` texts whose reason was the first guess, and among the first three."""

    n: int
    top1: float
    top3: float


@dataclass(frozen=True)
class Trained:
    """`weights` has a row for each known word, pair and part, `start` what each reason has without any."""

    features: list[str]
    weights: Floats
    start: Floats


class Learner:
    """Learns from texts; what it has seen of words is fixed with the first texts."""

    def __init__(self, texts: Sequence[str], reasons: int) -> None:
        seen = _seen(texts)
        known = sorted((name for name, count in seen.items() if count >= SEEN_TWICE), key=lambda n: (-seen[n], n))
        self.columns = {name: number for number, name in enumerate(sorted(known[:MOST_FEATURES]))}
        self.rarity = np.array(
            [_rarity(len(texts), seen[name]) * (PART_COUNTS if name[0] == PART else 1) for name in self.columns],
            dtype=np.float32,
        )
        self.weights = np.zeros((len(self.columns), reasons), dtype=np.float32)
        self.moved = np.full((len(self.columns), 1), 1e-3, dtype=np.float32)
        self.start = np.zeros(reasons, dtype=np.float32)
        self._of_word: dict[str, array[int]] = {}

    def table(self, texts: Iterable[str]) -> Table:
        """Texts as numbers, what is unknown left out. A part stands there as often as words of the text have it."""
        columns, begins, scales = array("i"), array("q", [0]), array("f")
        known = self.columns
        for text in texts:
            words = words_in(text)
            distinct = dict.fromkeys(words)
            for word in distinct:
                found = self._of_word.get(word)
                columns.extend(self._columns_of(word) if found is None else found)
            columns.extend(known[pair] for pair in pairs_in(words) if pair in known)
            begins.append(len(columns))
            scales.append(_scale(len(distinct)))
        numbers, ends = np.array(columns, dtype=np.int64), np.array(begins, dtype=np.int64)
        values = np.repeat(np.array(scales, dtype=np.float32), np.diff(ends)) * self.rarity[numbers]
        return Table(numbers, values, ends)

    def _columns_of(self, word: str) -> "array[int]":
        """Of a word and its parts."""
        found = array("i", (self.columns[name] for name in (word, *parts_of(word)) if name in self.columns))
        self._of_word[word] = found
        return found

    def learn(self, table: Table, labels: Integers, *, rounds: int, rate: float = RATE) -> None:
        """Go through the texts `rounds` times, each time in another order and with smaller steps."""
        draw = np.random.default_rng(SEED)
        for number in range(rounds):
            order = draw.permutation(len(table))
            step = rate * (1 - number / rounds)
            for first in range(0, len(order), BATCH):
                self._step(table, labels, order[first : first + BATCH], step)

    def _step(self, table: Table, labels: Integers, rows: Integers, step: float) -> None:
        columns, dense = _dense(table, rows)
        here = self.weights[columns]
        wrong = _likelihoods(dense @ here + self.start)
        wrong[np.arange(len(rows)), labels[rows]] -= 1
        slope = dense.T @ wrong
        self.moved[columns] += (slope * slope).mean(axis=1, keepdims=True)
        self.weights[columns] = here - step * slope / np.sqrt(self.moved[columns])
        self.start -= step * 0.01 * wrong.sum(axis=0)

    def accuracy(self, table: Table, labels: Integers) -> Accuracy:
        """How often the first guess, and one of the first three, is right."""
        if not len(table):
            return Accuracy(0, 0.0, 0.0)
        first = three = 0
        for begin in range(0, len(table), 256):
            rows = np.arange(begin, min(begin + 256, len(table)))
            columns, dense = _dense(table, rows)
            order = np.argsort(-(dense @ self.weights[columns] + self.start), axis=1, kind="stable")
            first += int((order[:, 0] == labels[rows]).sum())
            three += int((order[:, :3] == labels[rows][:, None]).any(axis=1).sum())
        return Accuracy(len(table), first / len(table), three / len(table))

    def trained(self) -> Trained:
        """The model to keep: what a word's parts say is added to the word, so that one row answers for all of it."""
        weighed = self.weights * self.rarity[:, None]
        for name, column in self.columns.items():
            if name[0] != PART and " " not in name:
                for part in parts_of(name):
                    other = self.columns.get(part)
                    if other is not None:
                        weighed[column] += weighed[other]
        return Trained(list(self.columns), weighed / SPREAD, self.start)


def train(texts: Sequence[str], labels: Sequence[int], reasons: int) -> tuple[Trained, Accuracy]:
    """A model of `reasons` reasons (labels 0 and up), and how well it did on a fifth that it had not seen.

    After the measuring it learns from that fifth as well.
    """
    kept, held = split(labels)
    answers = np.array(labels, dtype=np.int64)
    learner = Learner([texts[number] for number in kept], reasons)
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, round(LOOKS / max(1, len(kept)))))
    learner.learn(learner.table([texts[number] for number in kept]), answers[kept], rounds=rounds)
    held_out = learner.table([texts[number] for number in held])
    accuracy = learner.accuracy(held_out, answers[held])
    learner.learn(held_out, answers[held], rounds=2, rate=RATE / 2)
    return learner.trained(), accuracy


def _scale(words: int) -> float:
    """A long text's words count less each."""
    return 1 / (SPREAD * math.sqrt(words or 1))


def _seen(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each word and pair stands; a part as often as the words that have it."""
    seen: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for text in texts:
        found = words_in(text)
        words.update(set(found))
        seen.update(pairs_in(found))
    seen.update(words)
    for word, count in words.items():
        for part in parts_of(word):
            seen[part] += count
    return seen


def _rarity(texts: int, with_it: int) -> float:
    return math.log((1 + texts) / (1 + with_it)) + 1


def _dense(table: Table, rows: Integers) -> tuple[Integers, Floats]:
    """The columns that these rows use, and the rows with those columns alone."""
    begins, ends = table.begins[rows], table.begins[rows + 1]
    lengths = ends - begins
    places = np.repeat(begins - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths) + np.arange(lengths.sum())
    columns, where = np.unique(table.columns[places], return_inverse=True)
    flat = np.repeat(np.arange(len(rows)) * len(columns), lengths) + where
    dense = np.bincount(flat, table.values[places], len(rows) * len(columns)).astype(np.float32)
    return columns, dense.reshape(len(rows), len(columns))


def _likelihoods(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
