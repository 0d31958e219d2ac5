"""Saved views: who sees which, what one of them means just now, and how many tickets each holds."""

import time
from datetime import datetime, timedelta
from functools import lru_cache

from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.db.models import BigIntegerField, Case, Q, QuerySet, Value, When

from supportdesk.lib.compiled import Compiled, Gap
from tickets.choices import Sharing, ViewOrder
from tickets.models import SavedView, Team, TeamMember
from tickets.queries_desk import search as searching
from tickets.queries_desk.inbox import View, capped_count
from tickets.querysets import TicketQuerySet

# One's own first, then the teams', then everybody's.
CIRCLES = Case(*(When(sharing=value, then=place) for place, value in enumerate(Sharing.values)))
COUNTED_EVERY = timedelta(seconds=20)
PATIENCE_SECONDS = 0.6  # for all counts of one question
STATEMENT_TIMEOUT_MS = 250  # for one
KEPT_SECONDS = 3600


def seen_by(person) -> QuerySet[SavedView]:
    """Their own, their teams' and everybody's, in the order in which they are shown."""
    return _seen_by(person.pk).order_by(CIRCLES, "team", "position", "pk")


def _seen_by(number: int | Gap) -> QuerySet[SavedView]:
    teams = TeamMember.objects.filter(person=number).values("team")
    return SavedView.objects.filter(Q(owner=number) | Q(sharing=Sharing.ALL) | Q(sharing=Sharing.TEAM, team__in=teams))


@lru_cache(maxsize=1)
def _naming() -> Compiled:
    """Every team, and the saved views of a person, as rows of one shape."""
    nothing = Value("")
    teams = Team.objects.order_by().values_list(
        Value("team"), "pk", "name", nothing, nothing, nothing, Value(None, BigIntegerField()), Value(0)
    )
    saved = _seen_by(Gap("person", BigIntegerField())).values_list(
        Value("saved"), "pk", "name", "q", "order", "sharing", "team_id", "position"
    )
    return Compiled(*teams.union(saved, all=True).query.sql_with_params())


def named_for(person) -> tuple[list[tuple[int, str]], list[SavedView]]:
    """Numbers and names of all teams, by name; and the saved views that a person sees, as `seen_by`. One query."""
    naming = _naming()
    with connection.cursor() as cursor:
        cursor.execute(naming.sql, naming.filled({"person": person.pk}))
        rows = cursor.fetchall()
    teams = [(pk, name) for kind, pk, name, *_ in rows if kind == "team"]
    saved = [
        SavedView(pk=pk, name=name, q=q, order=order, sharing=sharing, team_id=team, position=position)
        for kind, pk, name, q, order, sharing, team, position in rows
        if kind == "saved"
    ]
    saved.sort(key=lambda one: (Sharing.values.index(one.sharing), one.team_id or 0, one.position, one.pk))
    return sorted(teams, key=lambda team: (team[1].casefold(), team[0])), saved


def as_view(saved: SavedView) -> View:
    """How the inbox lists it. Its `narrow` only leaves out what has no place in its order; the search does the rest."""
    by_date = saved.order == ViewOrder.DUE
    return View(
        slug=saved.slug,
        name=saved.name,
        narrow=(lambda q: q.unsolved()) if by_date else (lambda q: q),
        order="next_action_at" if by_date else "pk",
        newest_first=not by_date,
        empty=f"Nothing matches {saved.name} just now.",
        saved=saved,
    )


def tickets_of(
    saved: SavedView, base: TicketQuerySet, *, person, now: datetime, wanted: int = searching.MOST + 1,
    seconds: float = searching.BUDGET_SECONDS,
) -> tuple[QuerySet, searching.Search, bool]:  # fmt: skip
    """What it finds, nothing once the search is broken; its search; and whether that is all, within `wanted` and
    `seconds`, which bound a search for words.
    """
    search, is_whole = searching.read(saved.q), True
    if search.is_empty:
        return base.none(), search, is_whole
    if search.words:
        found = searching.look(base, search, person=person, now=now, wanted=wanted, seconds=seconds)
        tickets, is_whole = base.filter(pk__in=found.tickets), found.is_whole
    else:
        tickets = searching.find(base, search, person=person, now=now)
    shown = as_view(saved).narrow(tickets)
    return (shown.none() if is_broken(search) else shown), search, is_whole


def is_broken(found: searching.Search) -> bool:
    """Whether a part of a saved search means nothing any more. `found` has been through `find`.

    It meant something when it was saved: without that part it would find other tickets than its name says.
    """
    return bool(found.ignored)


def counts_of(views: list[SavedView], base: TicketQuerySet, *, person, now: datetime) -> dict[int, int | None]:
    """How many tickets each holds, up to the cap; None for one that could not be counted quickly.

    Counted anew at most every COUNTED_EVERY for each person, the oldest first, for PATIENCE_SECONDS in all: a slow
    search never holds up the desk.
    """
    key = f"saved-view-counts:{person.pk}"
    kept: dict[str, list] = cache.get(key) or {}
    due = [view for view in views if _age(kept, view, now) > COUNTED_EVERY]
    ends = time.monotonic() + PATIENCE_SECONDS
    for view in sorted(due, key=lambda view: _age(kept, view, now), reverse=True):
        if time.monotonic() > ends:
            break
        kept[str(view.pk)] = [_count(view, base, person, now), now.timestamp(), view.updated_at.timestamp()]
    if due:
        shown = {str(view.pk) for view in views}
        cache.set(key, {number: entry for number, entry in kept.items() if number in shown}, KEPT_SECONDS)
    return {view.pk: kept.get(str(view.pk), [None])[0] for view in views}


def _age(kept: dict[str, list], view: SavedView, now: datetime) -> timedelta:
    entry = kept.get(str(view.pk))
    if entry is None or entry[2] != view.updated_at.timestamp():
        return timedelta.max
    return timedelta(seconds=now.timestamp() - entry[1])


def _count(saved: SavedView, base: TicketQuerySet, person, now: datetime) -> int | None:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
            return capped_count(tickets_of(saved, base, person=person, now=now)[0])
    except OperationalError:  # it took too long
        return None
