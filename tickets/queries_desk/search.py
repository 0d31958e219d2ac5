"""The search box: what was asked, and the newest tickets that answer it. Never an error (S25, S53), never a long wait.

A search walks back from the newest ticket and stops when it has enough or when BUDGET is used up; then it says how far
it came, and the next page goes on from there. Rare words, and filters that few tickets pass, are answered as a whole at
once.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q

from tickets.queries_desk.search_dates import stretch
from tickets.queries_desk.search_filters import FILTERS, Condition
from tickets.queries_desk.search_grammar import (
    LONGEST,
    And,
    Field,
    Leaf,
    Not,
    Number,
    Or,
    Tree,
    Words,
    all_of,
    clean,
    conjuncts,
    leaves,
    tree_of,
    wanted_words,
)
from tickets.queries_desk.search_numbers import with_old_numbers
from tickets.queries_desk.search_words import Meanings, Span, expected, having_any, marks_of, meanings_of
from tickets.querysets import TicketQuerySet

__all__ = ["LONGEST", "MOST", "Found", "Search", "find", "look", "read"]

MOST = 1000
BUDGET_SECONDS = 0.06
# No statement may starve the rest of the desk, whatever the planner thinks of it.
STATEMENT_MS = 100
PROBE_MS = 40
FEW = 3000
AT_ONCE = 800
FIRST_WIDTH = 2048


@dataclass
class Search:
    """What was understood. `q` is what stood in the box, cleaned; `ignored` is what meant nothing.

    `queries` are the words that a match may have, as the database reads them, once somebody looked.
    """

    q: str
    tree: Tree | None = None
    ignored: list[str] = field(default_factory=list)
    queries: dict[Words, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing to look for."""
        return self.tree is None

    @property
    def words(self) -> list[Words]:
        """Every word and phrase, also those that are left out."""
        return [leaf for leaf in leaves(self.tree) if isinstance(leaf, Words)]

    @property
    def filters(self) -> list[Field]:
        """Every `name:value`."""
        return [leaf for leaf in leaves(self.tree) if isinstance(leaf, Field)]


@dataclass(frozen=True)
class Found:
    """Tickets by their number, the newest first, at most as many as were wanted.

    `is_whole`: there are no more. Else the search came down to number `looked_to`, which it looked at.
    """

    tickets: list[int]
    is_whole: bool
    looked_to: int


def read(text: str) -> Search:
    """Take the box apart."""
    q = clean(text)
    tree, ignored = tree_of(q, FILTERS)
    return Search(q, tree, ignored)


def find(base: TicketQuerySet, search: Search, *, person, now: datetime) -> TicketQuerySet:
    """The tickets of `base` that match, to be ordered and cut by the caller. With words in it, the newest MOST.

    Filters alone stay what they are: a condition that holds for any number of tickets.
    """
    if search.words:
        return base.filter(pk__in=look(base, search, person=person, now=now).tickets)
    resolved = _resolved(search, person, now)
    return base.filter(resolved.q_of(resolved.tree)) if resolved.tree else base.none()


def look(
    base: TicketQuerySet, search: Search, *, person, now: datetime, below: int | None = None, wanted: int = MOST + 1,
    seconds: float = BUDGET_SECONDS,
) -> Found:  # fmt: skip
    """The newest `wanted` tickets of `base` with numbers below `below` that match. A few queries, bounded in time."""
    until = time.monotonic() + seconds
    resolved = _resolved(search, person, now)
    if resolved.tree is None:
        return Found([], True, 0)
    with _bounded(STATEMENT_MS):
        walk = _Walk(base, resolved, below, wanted)
        return walk.down(until)


@dataclass
class _Resolved:
    """A tree of which every part means something, with what its leaves are to the database."""

    tree: Tree | None
    conditions: dict[Field, Condition]
    meanings: Meanings
    before: datetime | None = None

    def q_of(self, tree: Tree) -> Condition:
        """A tree without words as a condition."""
        match tree:
            case Field():
                return self.conditions[tree]
            case Number(value):
                return Q(pk=value)
            case Not(part):
                return ~self.q_of(part)
            case And(parts) | Or(parts):
                connector = Q.AND if isinstance(tree, And) else Q.OR
                return Q(*(self.q_of(part) for part in parts), _connector=connector)
        raise TypeError(tree)


def _resolved(search: Search, person, now: datetime) -> _Resolved:
    conditions: dict[Field, Condition] = {}
    for leaf in dict.fromkeys(search.filters):
        condition = FILTERS[leaf.name](leaf.value, person, now)
        if condition is not None:
            conditions[leaf] = condition
        else:
            _ignore(search, leaf.typed)
    meanings = meanings_of(search.words)
    for words, query in meanings.queries.items():
        if not query:
            _ignore(search, words.typed)
    known = {*conditions, *(words for words, query in meanings.queries.items() if query)}
    tree = with_old_numbers(_pruned(search.tree, known))
    search.queries = {words: meanings.queries[words] for words in wanted_words(tree)}
    return _Resolved(tree, conditions, meanings, _before(tree, now))


def _before(tree: Tree | None, now: datetime) -> datetime | None:
    """Before when every message of every match was written; None when the search does not say."""
    days = [part for part in conjuncts(tree) if isinstance(part, Field) and part.name in ("before", "on")]
    found = [(part.name, stretch(part.value, now)) for part in days]
    ends = [times[0] if name == "before" else times[1] for name, times in found if times and times[0] < times[1]]
    return min(ends, default=None)


def _ignore(search: Search, typed: str) -> None:
    if typed not in search.ignored:
        search.ignored.append(typed)


def _pruned(tree: Tree | None, known: set) -> Tree | None:
    """The tree without leaves that mean nothing."""
    match tree:
        case None | Number():
            return tree
        case Not(part):
            kept = _pruned(part, known)
            return None if kept is None else Not(kept)
        case And(parts) | Or(parts):
            left = tuple(one for one in (_pruned(part, known) for part in parts) if one is not None)
            return left[0] if len(left) == 1 else type(tree)(left) if left else None
        case _:
            return tree if tree in known else None


class _bounded:
    """A transaction in which no statement runs longer than `milliseconds` or on more than one processor.

    What held before holds after it, inside a larger transaction too.
    """

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds
        self._transaction = transaction.atomic()

    def __enter__(self) -> None:
        self._transaction.__enter__()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('max_parallel_workers_per_gather'), "
                "set_config('statement_timeout', %s, true), set_config('max_parallel_workers_per_gather', '0', true)",
                [str(self._milliseconds)],
            )
            self._before = cursor.fetchone()[:2]

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true), "
                    "set_config('max_parallel_workers_per_gather', %s, true)",
                    self._before,
                )
        self._transaction.__exit__(kind, error, trace)


@dataclass(frozen=True)
class _Driver:
    """What every match has at least one of: words, expected in `cost` texts, or known tickets."""

    words: tuple[Words, ...] = ()
    tickets: tuple[int, ...] = ()
    cost: int = 0


class _Walk:
    """One search, from a ticket number downwards."""

    def __init__(self, base: TicketQuerySet, resolved: _Resolved, below: int | None, wanted: int) -> None:
        self.resolved, self.meanings = resolved, resolved.meanings
        parts = conjuncts(resolved.tree)
        plain = [part for part in parts if not any(isinstance(leaf, Words) for leaf in leaves(part))]
        self.base = base.filter(*(resolved.q_of(part) for part in plain)) if plain else base
        self.narrowed = any(not isinstance(part, Not) for part in plain)
        self.tree = all_of(part for part in parts if part not in plain)
        self.words = list(dict.fromkeys(leaf for leaf in leaves(self.tree) if isinstance(leaf, Words)))
        self.fields = list(dict.fromkeys(leaf for leaf in leaves(self.tree) if isinstance(leaf, Field)))
        self.high = self.meanings.newest + 1 if below is None else min(below, self.meanings.newest + 1)
        self.wanted = wanted
        self.driver = self._driver()

    def down(self, until: float) -> Found:
        """Look until there is enough, the end, or no time left."""
        known = self._few_passing()
        if known is not None:
            matching = self._matching([pk for pk in known if pk < self.high])
            return Found(matching[: self.wanted], len(matching) <= self.wanted, 0)
        found: list[int] = []
        try:
            for low, matching in self._steps():
                found += matching
                self.high = low
                if len(found) >= self.wanted:
                    return Found(found[: self.wanted], False, found[self.wanted - 1])
                if low > 0 and time.monotonic() > until:
                    return Found(found, False, low)
        except OperationalError:  # even a small step takes too long just now
            return Found(found, False, self.high)
        return Found(found, True, 0)

    def _few_passing(self) -> list[int] | None:
        """The tickets that pass the filters alone, the newest first, when they are few and words are many."""
        if not self.narrowed or (self.driver is not None and self.driver.cost <= FEW):
            return None
        try:
            with _bounded(PROBE_MS):
                passing = list(self.base.order_by().values_list("pk", flat=True)[: MOST + 1])
        except OperationalError:
            return None
        return sorted(passing, reverse=True) if len(passing) <= MOST else None

    def _steps(self) -> Iterator[tuple[int, list[int]]]:
        """(down to which number it was looked, what was found), from the newest down to 0."""
        width = self._first_width()
        while self.high > 0:
            low = max(0, self.high - width) // FIRST_WIDTH * FIRST_WIDTH if width < self.high else 0
            try:
                with transaction.atomic():
                    candidates, low = self._candidates(Span(low, self.high))
                    matching = self._matching(candidates)
            except OperationalError:  # slower than the statistics say: take smaller steps, then ticket by ticket
                if self.driver is None and width <= FIRST_WIDTH:
                    raise
                if width <= FIRST_WIDTH or self.driver is None:
                    self.driver = None
                width = max(FIRST_WIDTH, min(width, self.high) // 64) if self.driver else FIRST_WIDTH
                continue
            yield low, matching
            if len(candidates) < AT_ONCE // 4:
                width *= 4

    def _first_width(self) -> int:
        if self.driver is None:
            return FIRST_WIDTH
        if self.driver.cost <= FEW:
            return self.high
        width = max(FIRST_WIDTH, int(AT_ONCE * self.meanings.newest / self.driver.cost))
        return width * 16 if self.resolved.before else width  # the newest part holds little of what is that old

    def _candidates(self, span: Span) -> tuple[list[int], int]:
        """The newest of `span` that may match, and down to which number they reach."""
        if self.driver is None:
            rows = self.base.filter(pk__gte=span.low, pk__lt=span.high).order_by("-pk")
            found = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        else:
            named = [pk for pk in self.driver.tickets if span.low <= pk < span.high]
            having: list[int] = []
            if self.driver.words:
                everywhere = span.low == 0 and self.high > self.meanings.newest
                having = having_any(
                    self.driver.words,
                    self.meanings,
                    None if everywhere else span,
                    limit=AT_ONCE,
                    before=self.resolved.before,
                )
            found = sorted({*named, *having}, reverse=True)
            if len(having) == AT_ONCE:
                found = [pk for pk in found if pk >= having[-1]]
                return found, having[-1]
        return found, found[-1] if len(found) == AT_ONCE else span.low

    def _matching(self, candidates: list[int]) -> list[int]:
        """Those of `candidates` that match, in their order."""
        if not candidates:
            return []
        columns = {
            f"field_{number}": ExpressionWrapper(Q(self.resolved.conditions[leaf]), output_field=BooleanField())
            for number, leaf in enumerate(self.fields)
        }
        rows = self.base.filter(pk__in=candidates).annotate(**columns).values_list("pk", *columns)
        passed = {pk: dict(zip(self.fields, marks, strict=True)) for pk, *marks in rows}
        if self.tree is None or (self.driver is not None and self._is_driver_enough()):
            return [pk for pk in candidates if pk in passed]
        words = marks_of(list(passed), self.words, self.meanings) if passed else {}
        nothing = (False,) * len(self.words)
        known: list[Leaf] = [*self.fields, *self.words]
        marks = {
            pk: dict(zip(known, (*fields.values(), *words.get(pk, nothing)), strict=True))
            for pk, fields in passed.items()
        }
        return [pk for pk in candidates if pk in marks and _holds(self.tree, pk, marks[pk])]

    def _is_driver_enough(self) -> bool:
        alone = self.tree.parts if isinstance(self.tree, Or) else (self.tree,)
        return all(isinstance(part, Words | Number) for part in alone)

    def _driver(self) -> _Driver | None:
        estimates = expected(self.words, self.meanings) if self.tree else {}
        return _needed(self.tree, estimates) if self.tree else None


def _needed(tree: Tree, estimates: dict[Words, int]) -> _Driver | None:
    """The cheapest set of leaves of which every match has at least one; None when there is no such set."""
    match tree:
        case Words():
            return _Driver(words=(tree,), cost=estimates[tree])
        case Number(value):
            return _Driver(tickets=(value,), cost=1)
        case And(parts):
            found = [one for one in (_needed(part, estimates) for part in parts) if one is not None]
            return min(found, key=lambda one: one.cost, default=None)
        case Or(parts):
            each = [_needed(part, estimates) for part in parts]
            if any(one is None for one in each):
                return None
            drivers = [one for one in each if one is not None]
            return _Driver(
                tuple(dict.fromkeys(words for one in drivers for words in one.words)),
                tuple(dict.fromkeys(pk for one in drivers for pk in one.tickets)),
                sum(one.cost for one in drivers),
            )
        case _:
            return None


def _holds(tree: Tree, pk: int, marks: dict[Leaf, bool]) -> bool:
    match tree:
        case And(parts):
            return all(_holds(part, pk, marks) for part in parts)
        case Or(parts):
            return any(_holds(part, pk, marks) for part in parts)
        case Not(part):
            return not _holds(part, pk, marks)
        case Number(value):
            return pk == value
        case _:
            return marks[tree]
