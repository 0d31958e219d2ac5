"""Training in a process of its own, which may be killed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 170
MEGABYTES = 3_000
BYTES = 2
PROJECT = Path(__file__).resolve().parents[2]


class CannotTrain(Exception):
    """The training did not come to an end. What was trained before stays."""


@dataclass(frozen=True)
class Lesson:
    """`names` of reasons, and texts with the number of theirs."""

    names: list[str]
    texts: list[str]
    labels: list[int]


@dataclass(frozen=True)
class Learned:
    """What came of a lesson. `packed` holds two bytes a reason for each of `features`, in order."""

    features: list[str]
    start: list[float]
    packed: bytes
    n: int
    top1: float
    top3: float
    counts_top1: float

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Each feature with the weights of all reasons."""
        size = BYTES * len(self.start)
        for number, name in enumerate(self.features):
            yield name, self.packed[number * size : (number + 1) * size]


def train_apart(lesson: Lesson, *, seconds: int = SECONDS) -> Learned:
    """Train a model. Raises CannotTrain when time or memory did not suffice."""
    command = [sys.executable, "-P", "-s", "-m", "tickets.text_model.child", str(MEGABYTES), str(seconds)]
    # One thread: the other core is for those who work. No secrets.
    environment = {"PYTHONPATH": str(PROJECT), "PATH": os.defpath, "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
    text = json.dumps({"names": lesson.names, "texts": lesson.texts, "labels": lesson.labels}).encode()
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, timeout=seconds + 5, env=environment, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        raise CannotTrain("Training took too long.") from None
    return _read(done.stdout)


def _read(answer: bytes) -> Learned:
    line, _, packed = answer.partition(b"\n")
    try:
        learned = Learned(packed=packed, **json.loads(line))
    except (ValueError, TypeError):  # killed by a limit, or broken down
        raise CannotTrain("Training broke down.") from None
    if len(packed) != BYTES * len(learned.features) * len(learned.start):
        raise CannotTrain("Training ended before its answer did.")
    return learned


def numbered(reasons: Sequence[str]) -> tuple[list[str], list[int]]:
    """Names in order, and the number of each text's: what a Lesson wants."""
    names = sorted(set(reasons))
    number = {name: place for place, name in enumerate(names)}
    return names, [number[reason] for reason in reasons]
