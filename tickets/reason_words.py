"""Which contact reason fits a ticket: its words against the words of closed tickets, in a way that can be explained."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# The subject says most; a long mail's end says little about why it was written.
ASKED_CHARACTERS = 2000
MOST_WORDS = 40
SHORTEST_WORD = 3
STEM = 7
WORD_LENGTH = 24
# A guess has to be this much likelier than chance: e to the power of it.
CONVINCING = 0.9
NAME_COUNTS = 1.6
EARLIER_COUNTS = 1.2

COMMON_WORDS = """
the and for you your our are was were with that this have has had not but can could would will from they them there
their what when which who how why all any get got its just like more new now one out please regards hello dear
thank thanks best hallo bonjour danke merci und der die das ein eine ich sie wir ist les des une vous nous est pour
did does been being about also into only some than then very here help need want know
"""
COMMON = frozenset(COMMON_WORDS.split())


@lru_cache(maxsize=1024)
def _of_name(name: str) -> frozenset[str]:
    """The beginnings of a reason's words. A desk has some dozens of names, and each ticket is held against all."""
    return frozenset(stem[:5] for stem in stems(name))


def stems(text: str) -> list[str]:
    """The words of a text in order, cut so that endings do not matter, without numbers and the commonest."""
    signs = "".join(sign if sign.isalnum() else " " for sign in text.casefold())
    words = (word for word in signs.split() if len(word) >= SHORTEST_WORD and not word.isdigit() and word not in COMMON)
    return [word[:STEM] for word in words]


def words_of(subject: str, asked: str) -> set[str]:
    """What is counted and looked up for a ticket: at most MOST_WORDS, the subject's first."""
    found = dict.fromkeys([*stems(subject), *stems(asked[:ASKED_CHARACTERS])])
    return {word.replace("\x00", "")[:WORD_LENGTH] for word in list(found)[:MOST_WORDS]}


@dataclass(frozen=True)
class Guess:
    """A reason's key, and the words that speak for it."""

    pk: int
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A reason's key, how many points speak for it, and the words that do."""

    pk: int
    points: float
    because: tuple[str, ...] = ()


def ranked(
    words: Iterable[str],
    *,
    names: Mapping[int, str],
    learned: Mapping[int, Mapping[str, int]],
    earlier: Mapping[int, int],
) -> list[Ranked]:
    """`names` (whole names by key), the likeliest first; those for which nothing speaks by how often they were used.

    `learned` holds, for each reason, how many of its closed tickets had a word ("" counts the tickets); `earlier` how
    often the same customer asked for it before. Points are how much likelier a word is under a reason than anywhere,
    for words that speak for it; the reason's own name and the customer's habit add to them.
    """
    words = set(words)
    total = sum(counts.get("", 0) for counts in learned.values())
    everywhere: dict[str, int] = {}
    for counts in learned.values():
        for word, number in counts.items():
            everywhere[word] = everywhere.get(word, 0) + number
    asked_before = sum(earlier.values())
    begun = {word[:5] for word in words}
    found = []
    for pk, name in names.items():
        points = _points(words, learned.get(pk, {}), everywhere, total)
        own = _of_name(name) & begun
        score = sum(points.values()) + NAME_COUNTS * len(own)
        score += EARLIER_COUNTS * earlier.get(pk, 0) / asked_before if asked_before else 0
        found.append(Ranked(pk, score, tuple(sorted(points, key=lambda word: -points[word])[:3])))
    used = {pk: learned.get(pk, {}).get("", 0) for pk in names}
    return sorted(found, key=lambda one: (-one.points, -used[one.pk], names[one.pk].casefold(), one.pk))


def guess_of(order: Sequence[Ranked]) -> Guess | None:
    """The first of `ranked` where enough speaks for it; None where it could as well be another."""
    first = order[0] if order else None
    return Guess(first.pk, first.because) if first and first.points >= CONVINCING else None


def _points(words: set[str], counts: Mapping[str, int], everywhere: Mapping[str, int], total: int) -> dict[str, float]:
    """How much each word speaks for a reason: the logarithm of how much likelier it is there, where it is likelier."""
    tickets = counts.get("", 0)
    if not tickets:
        return {}
    found = {}
    for word in words:
        if counts.get(word, 0) > 0:
            here = (counts[word] + 0.5) / (tickets + 1)
            anywhere = (everywhere[word] + 0.5) / (total + 1)
            ratio = math.log(here / anywhere) + math.log1p(counts[word]) / 2
            if here >= anywhere:
                found[word] = ratio
    return found
