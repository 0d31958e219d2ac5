"""The list pane: which view, which page of it, and what stands before and after the open ticket."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from accounts.access import can
from tickets.access import tickets_for
from tickets.models import Ticket
from tickets.queries_desk import inbox as views
from tickets.queries_desk import search as searching
from tickets.queries_desk.saved_views import as_view, is_broken, named_for, tickets_of
from tickets.querysets import TicketQuerySet
from tickets.views.desk import words
from tickets.views.desk.pages import Place, keep_for_rail
from tickets.views.desk.searched import Searched, searched_of

SEARCH = "search"
SEARCH_VIEW = views.View(SEARCH, "Search", lambda tickets: tickets, order="pk", newest_first=True)
PAGE = views.PAGE_SIZE + 1


@dataclass(frozen=True)
class Row:
    """A line of the list."""

    ticket: Ticket
    sla: words.Sla
    address: str
    is_current: bool
    subject: str = ""
    excerpt: str = ""


@dataclass(frozen=True)
class Shelf:
    """The views with their counts, and a page of one of them. `position` is the open ticket's place, 0 when unknown."""

    place: Place
    view: views.View
    tabs: list[tuple[views.View, str]]
    rows: list[Row]
    next_address: str
    search: searching.Search | None
    is_broken: bool
    position: int
    total: str
    previous: Row | None
    following: Row | None
    searched: Searched | None = None
    has_day: bool = False

    @property
    def has_saved(self) -> bool:
        """Whether the reader sees any saved view."""
        return any(view.saved for view, _ in self.tabs)

    @property
    def has_mentions(self) -> bool:
        """Whether somebody called the reader in a note that they have not seen."""
        return any(view.slug == "mentions" and count != "0" for view, count in self.tabs)


@dataclass(frozen=True)
class Listing:
    """What a place means for one person."""

    view: views.View
    tickets: QuerySet
    search: searching.Search | None = None
    found: searching.Found | None = None
    is_whole: bool = True


def everything_in(
    place: Place, known: dict[str, views.View], base: TicketQuerySet, *, person, now: datetime, wanted: int,
    seconds: float,
) -> Listing | None:  # fmt: skip
    """As `listing`, on all pages: what somebody acts on who acts on all. `is_whole` is false where words were looked
    for and `wanted` tickets, or `seconds`, were not enough.
    """
    search = searching.read(place.q) if place.view == SEARCH else None
    if search and not search.words:
        return Listing(SEARCH_VIEW, searching.find(base, search, person=person, now=now), search)
    return listing(replace(place, after=""), known, base, person=person, now=now, wanted=wanted, seconds=seconds)


def listing(
    place: Place,
    known: dict[str, views.View],
    base: TicketQuerySet,
    *,
    person,
    now: datetime,
    wanted: int = PAGE,
    seconds: float = searching.BUDGET_SECONDS,
) -> Listing | None:
    """The tickets of `base` that stand in `place`; None for a view that this desk does not have.

    `wanted` and `seconds`: of a search, how many tickets at most, and how long it may look for them. One page and one
    ticket more, unless somebody counts or wants to act on all.
    """
    if place.view == SEARCH:
        search = searching.read(place.q)
        below = views.below(place.after, SEARCH_VIEW)
        found = searching.look(base, search, person=person, now=now, below=below, wanted=wanted, seconds=seconds)
        return Listing(SEARCH_VIEW, base.filter(pk__in=found.tickets), search, found, found.is_whole)
    view = known.get(place.view)
    if view is None:
        return None
    if view.saved:
        most = max(wanted, searching.MOST + 1)
        tickets, search, is_whole = tickets_of(view.saved, base, person=person, now=now, wanted=most, seconds=seconds)
        return Listing(view, tickets, search, is_whole=is_whole)
    return Listing(view, view.narrow(base))


def known_views(person, now: datetime) -> dict[str, views.View]:
    """Every view of a member of staff by its slug, the saved ones last. One query."""
    teams, saved = named_for(person)
    return {**views.views_for(person, now, teams), **{one.slug: as_view(one) for one in saved}}


def shelf_of(request: HttpRequest, place: Place, now: datetime, current: Ticket | None = None) -> Shelf:
    """Three queries: teams and saved views, counts, and one page of tickets. 404 for an unknown view."""
    base = tickets_for(request.user)
    known = known_views(request.user, now)
    wanted = searching.MOST + 1 if current is None and not place.after else PAGE
    here = listing(place, known, base, person=request.user, now=now, wanted=wanted)
    if here is None:
        raise Http404
    counted = views.numbers_for(request.user, known, now)
    keep_for_rail(request, counted)
    counts = counted.views
    if here.search or place.after or not can(request.user, "tickets.see"):
        listed = views.page_of(views.with_drafts(here.tickets, request.user), here.view, place.after)
    else:
        listed = views.first_page_of(here.view, request.user, now)
    next_cursor = listed.next_cursor
    if here.found and not (next_cursor or here.found.is_whole):
        next_cursor = views.cursor_below(here.found.looked_to, here.view)
    seen = searched_of(here.search, here.found, listed.tickets) if here.search and here.found else None
    rows = [
        Row(ticket, words.sla(ticket, now), place.ticket_address(ticket.pk), current is not None and ticket == current,
            **(seen.marked(ticket) if seen else {}))
        for ticket in listed.tickets
    ]  # fmt: skip
    if seen and not rows and current is None:
        seen = seen.with_hint(base, person=request.user, now=now)
    at = next((number for number, row in enumerate(rows) if row.is_current), None)
    return Shelf(
        place=place,
        view=here.view,
        tabs=[(one, views.shown_count(counts[slug]) if slug in counts else "") for slug, one in known.items()],
        rows=rows,
        next_address=replace(place, after=next_cursor).list_address() if next_cursor else "",
        search=here.search,
        is_broken=bool(here.view.saved and here.search and is_broken(here.search)),
        position=0 if at is None or place.after else at + 1,
        total=views.shown_count(counts[place.view]) if place.view in counts else "",
        previous=rows[at - 1] if at else None,
        following=_following(rows, at),
        searched=seen,
        has_day=counted.has_day,
    )


def _following(rows: list[Row], at: int | None) -> Row | None:
    if at is None:
        return rows[0] if rows else None
    return rows[at + 1] if at + 1 < len(rows) else None
