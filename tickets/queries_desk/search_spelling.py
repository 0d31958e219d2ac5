"""When a search finds nothing: the nearest spelling that finds something, and what each part of it costs (U16)."""

import re
import time
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection

from tickets.models import DeskWord
from tickets.queries_desk.search import MOST, Search, look, read
from tickets.queries_desk.search_grammar import And, Not, Or, Tree, Words, all_of, conjuncts, leaves
from tickets.querysets import TicketQuerySet

WORD = re.compile(r"[^\W\d_]{3,40}")
MOST_NEAR = 40
MOST_OFFERS = 5
SECONDS = 0.08
NEAR = (
    "SELECT word, texts FROM tickets_deskword WHERE word %% %s ORDER BY similarity(word, %s) DESC, texts DESC LIMIT %s"
)


@dataclass(frozen=True)
class Offer:
    """Another search, and how many tickets it finds. `without` is the part that it leaves out, "" for a spelling."""

    q: str
    count: str
    without: str = ""


@dataclass(frozen=True)
class Hint:
    """What might help: a spelling, and fewer conditions."""

    spelling: Offer | None
    offers: list[Offer]


def hint_for(base: TicketQuerySet, search: Search, *, person, now: datetime) -> Hint:
    """For a search that found nothing. Bounded in time; what takes longer is not offered."""
    until = time.monotonic() + SECONDS
    spelling = _spelling(base, search, person, now)
    offers: list[Offer] = []
    parts = conjuncts(search.tree)
    for part in parts if len(parts) > 1 else ():
        left = until - time.monotonic()
        if left <= 0 or len(offers) == MOST_OFFERS:
            break
        rest = all_of(one for one in parts if one is not part)
        count = _count(base, rest.typed if rest else "", person, now, left / 2)
        if count != "0":
            offers.append(Offer(rest.typed if rest else "", count, part.typed))
    return Hint(spelling, offers)


def _spelling(base: TicketQuerySet, search: Search, person, now: datetime) -> Offer | None:
    asked = [leaf for leaf in leaves(search.tree) if isinstance(leaf, Words)]
    known = _known([word for leaf in asked for word in WORD.findall(leaf.text.lower())])
    mended: dict[Words, Words] = {}
    for leaf in asked:
        text = WORD.sub(
            lambda found: found[0] if found[0].lower() in known else nearest(found[0]) or found[0], leaf.text
        )
        if text != leaf.text:
            mended[leaf] = replace(leaf, text=text, typed=leaf.typed.replace(leaf.text, text))
    if not mended or search.tree is None:
        return None
    tree = _with(search.tree, mended)
    count = _count(base, tree.typed, person, now, SECONDS / 2)
    return None if count == "0" else Offer(tree.typed, count)


def nearest(word: str) -> str:
    """The word of this desk that is most likely meant, "" when none is near. One query."""
    plain = word.lower()
    with connection.cursor() as cursor:
        cursor.execute(NEAR, [plain, plain, MOST_NEAR])
        rows = cursor.fetchall()
    most = 1 if len(plain) <= 4 else 2 if len(plain) <= 9 else 3
    near = [(steps(plain, other, most), -texts, other) for other, texts in rows if other != plain]
    return min((entry for entry in near if entry[0] <= most), default=(0, 0, ""))[2]


def steps(one: str, other: str, most: int) -> int:
    """How many letters to add, drop, change or swap with their neighbour; beyond `most` only that it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, last, row = row, before, [at]
        for place, sign in enumerate(other, 1):
            cost = min(row[place - 1] + 1, before[place] + 1, before[place - 1] + (letter != sign))
            if last and place > 1 and letter == other[place - 2] and one[at - 2] == sign:
                cost = min(cost, last[place - 2] + 1)
            row.append(cost)
    return row[-1]


def _known(words: list[str]) -> set[str]:
    return set(DeskWord.objects.filter(word__in=words, texts__gt=0).values_list("word", flat=True)) if words else set()


def _count(base: TicketQuerySet, q: str, person, now: datetime, seconds: float) -> str:
    found = look(base, read(q), person=person, now=now, wanted=MOST + 1, seconds=seconds)
    if len(found.tickets) > MOST:
        return f"{MOST:,}+"
    return str(len(found.tickets)) if found.is_whole or not found.tickets else f"{len(found.tickets)}+"


def _with(tree: Tree, mended: dict[Words, Words]) -> Tree:
    match tree:
        case And(parts):
            return And(tuple(_with(part, mended) for part in parts))
        case Or(parts):
            return Or(tuple(_with(part, mended) for part in parts))
        case Not(part):
            return Not(_with(part, mended))
        case Words():
            return mended.get(tree, tree)
        case _:
            return tree
