"""The inbox: its views, their capped counts, and their pages by keyset."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.core import signing
from django.core.exceptions import EmptyResultSet
from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, QuerySet

from accounts.access import can
from mail.models import OutgoingMail, RawMail
from supportdesk.lib.compiled import Compiled, CompiledRows, Gap, compiled_count, one_row
from tickets.choices import Category
from tickets.models import DayRun, Draft, Mention, Message, SavedView, Ticket
from tickets.querysets import TicketQuerySet
from tickets.source_choices import RunState

PAGE_SIZE = 25
COUNT_CAP = 1000
# Names the sort of a cursor, so that a cursor of one view means nothing in another.
CURSOR_SALT = "tickets.inbox"

# What a row of the list shows. Whatever else is read of it costs a query a row, which the tests count.
SHOWN = (
    "subject", "snippet", "category", "priority", "tags", "created_at", "last_message_at", "last_message_id",
    "is_unread", "has_failed_delivery", "came_back", "snoozed_until", "sla_due_at", "sla_started_at", "next_action_at",
    "closed_at", "visit", "support", "requester__name", "requester__email", "assignee__name", "assignee__email",
    "service_level__warn_at_percent",
)  # fmt: skip

Narrow = Callable[[TicketQuerySet], QuerySet]


@dataclass(frozen=True)
class View:
    """One way to look at the tickets. `order` names a column that is never empty in this view."""

    slug: str
    name: str
    narrow: Narrow
    order: str = "next_action_at"
    newest_first: bool = False
    is_main: bool = False
    empty: str = "Nothing here."
    saved: SavedView | None = None


def views_for(person, now: datetime, teams: list[tuple[int, str]]) -> dict[str, View]:
    """The views of a member of staff by their slug, in the order in which they are shown."""
    first, last = _fixed_views(person, now)
    return {view.slug: view for view in (*first, *(_team_view(pk, name) for pk, name in teams), *last)}


def _fixed_views(person, now) -> tuple[list[View], list[View]]:
    """Those that every desk has, before the teams and behind them. A value may be a gap (see `compiled`)."""
    first = [
        View("mine", "Mine", lambda q: q.awaiting_agent().filter(assignee=person), is_main=True,
             empty="Nothing waits for you."),
        View("unassigned", "Unassigned", lambda q: q.awaiting_agent().unassigned(), is_main=True,
             empty="Every ticket has somebody who looks after it."),
        View("overdue", "Overdue", lambda q: q.awaiting_agent().overdue(now), is_main=True,
             empty="No promise is broken."),
        View("all", "All open", lambda q: q.unsolved(), empty="There is no open ticket."),
        View("waiting", "Waiting", lambda q: q.paused(), empty="We wait for nobody."),
        View("snoozed", "Snoozed", lambda q: q.snoozed(), order="snoozed_until", empty="No ticket is snoozed."),
    ]  # fmt: skip
    last = [
        View("mentions", "Mentions", lambda q: _calling(q, person), order="pk", newest_first=True,
             empty="Nobody called you in a note."),
        View("drafts", "Drafts", lambda q: _drafted(q, person), order="pk", newest_first=True,
             empty="You have sent everything that you wrote."),
        View("failed", "Failed delivery", lambda q: q.undelivered(), order="pk", newest_first=True,
             empty="Every reply arrived."),
        View("held", "Held mails", _held, order="pk", newest_first=True, empty="No mail is held back."),
        View("closed", "Closed", lambda q: q.filter(category=Category.CLOSED), order="closed_at", newest_first=True,
             empty="No ticket was closed yet."),
    ]  # fmt: skip
    return first, last


def _team_view(team, name: str) -> View:
    return View(
        f"team:{team}",
        name,
        lambda q: q.awaiting_agent().filter(team=team),
        empty=f"Nothing waits for {name}.",
    )


def _held(tickets: TicketQuerySet) -> QuerySet:
    return tickets.filter(Exists(Message.objects.filter(ticket=OuterRef("pk"), is_held=True)))


def _calling(tickets: TicketQuerySet, person) -> QuerySet:
    return tickets.filter(pk__in=Mention.objects.filter(person=person, seen_at__isnull=True).values("ticket"))


def _drafted(tickets: TicketQuerySet, person) -> QuerySet:
    return tickets.filter(pk__in=Draft.objects.filter(person=person).values("ticket"))


def with_drafts(tickets: QuerySet, person) -> QuerySet:
    """Each ticket says in `has_draft` whether this person is writing on it."""
    return tickets.annotate(has_draft=Exists(Draft.objects.filter(person=person, ticket=OuterRef("pk"))))


UNCOUNTED = "closed"


@cache
def _counting(cap: int) -> dict[str, Compiled]:
    """How each fixed view is counted, by its slug, and `team`."""
    found = {slug: view for slug, view in _with_gaps().items() if slug != UNCOUNTED}
    return {slug: compiled_count(view.narrow(Ticket.objects.all()), cap) for slug, view in found.items()}


def _with_gaps() -> dict[str, View]:
    """The fixed views by their slug, and `team`, with gaps for the person, the team and the time."""
    number, moment = BigIntegerField(), DateTimeField()
    first, last = _fixed_views(Gap("person", number), Gap("now", moment))
    team = _team_view(Gap("team", number), "")
    return {**{view.slug: view for view in (*first, *last)}, "team": team}


@cache
def _counting_mail(cap: int) -> tuple[Compiled, Compiled]:
    return compiled_count(RawMail.objects.quarantined(), cap), compiled_count(OutgoingMail.objects.to_look_at(), cap)


@cache
def _counting_day() -> Compiled:
    """Whether somebody's start of the day is not done yet: one, or none."""
    runs = DayRun.objects.filter(person=Gap("person", BigIntegerField()), done_at__isnull=True)
    now = Gap("now", DateTimeField())
    return compiled_count(runs.exclude(state=RunState.EXCUSED).filter(day__begins_at__lte=now, day__ends_at__gt=now), 1)


@dataclass(frozen=True)
class Numbers:
    """What the inbox counts: tickets by view, mail that needs a person, and whether the reader's day has to begin."""

    views: dict[str, int]
    mail: int
    has_day: bool = False


def numbers_for(person, views: dict[str, View], now: datetime) -> Numbers:
    """How many tickets each view but `closed` and the saved ones holds, and the mail, up to the cap. One query."""
    slugs = [slug for slug, view in views.items() if slug != UNCOUNTED and view.saved is None]
    if not can(person, "tickets.see"):
        return Numbers(dict.fromkeys(slugs, 0), 0)
    given = {"person": person.pk, "now": now}
    known, cap = _counting(COUNT_CAP + 1), COUNT_CAP + 1
    columns: list[tuple[Compiled, dict]] = []
    for slug in slugs:
        kind, _, team = slug.partition(":")
        columns.append((known[kind], {**given, "team": int(team)} if team else given))
    works = can(person, "tickets.work")
    if works:
        columns += [(column, given) for column in (_counting_day(), *_counting_mail(cap))]
    counted = one_row(columns)
    has_day, *mail = counted[len(slugs) :] if works else [0]
    return Numbers(dict(zip(slugs, counted, strict=False)), min(sum(mail), cap), bool(has_day))


def rail_numbers(person, now: datetime) -> Numbers:
    """The same for pages outside the inbox: what waits for the person, and the mail. One query."""
    return numbers_for(person, {"mine": _fixed_views(person, now)[0][0]}, now)


def capped_count(rows: QuerySet) -> int:
    """How many rows a query has, up to COUNT_CAP + 1. One query."""
    try:
        return one_row([(compiled_count(rows, COUNT_CAP + 1), {})])[0]
    except EmptyResultSet:  # somebody who may see no ticket
        return 0


def shown_count(number: int) -> str:
    """The count as it is written: exact up to the cap, then "1,000+"."""
    return f"{COUNT_CAP:,}+" if number > COUNT_CAP else str(number)


@dataclass(frozen=True)
class Page:
    """Some rows of a view, and the cursor behind the last one ("" at the end)."""

    tickets: list[Ticket]
    next_cursor: str


def page_of(tickets: QuerySet, view: View, cursor: str = "") -> Page:
    """The page after `cursor`, the first one when it is empty or not ours. One query."""
    return _page(list(_rows_of(tickets, view, cursor)[: PAGE_SIZE + 1]), view)


def first_page_of(view: View, person, now: datetime) -> Page:
    """The first page of a view that is neither a search nor saved, for somebody who may see tickets. One query."""
    kind, _, team = view.slug.partition(":")
    given = {"person": person.pk, "now": now, "team": int(team or 0)}
    return _page(_first_pages(PAGE_SIZE + 1)[kind].fetch(given), view)


@cache
def _first_pages(length: int) -> dict[str, CompiledRows[Ticket]]:
    """How the first page of each fixed view is read, by its slug, and `team`."""
    views, person = _with_gaps(), Gap("person", BigIntegerField())
    tickets = {slug: with_drafts(view.narrow(Ticket.objects.all()), person) for slug, view in views.items()}
    return {slug: CompiledRows(_rows_of(tickets[slug], view, "")[:length]) for slug, view in views.items()}


def _rows_of(tickets: QuerySet, view: View, cursor: str) -> QuerySet:
    rows = tickets.select_related("requester", "assignee", "service_level").only(*SHOWN)
    return _behind_cursor(rows, view, cursor)


def _page(found: list[Ticket], view: View) -> Page:
    shown = found[:PAGE_SIZE]
    return Page(shown, _cursor(shown[-1], view) if len(found) > PAGE_SIZE else "")


def keys_of(tickets: QuerySet, view: View, cursor: str = "") -> list[tuple[int, int]]:
    """Numbers and visits of the same page. One query."""
    return list(_behind_cursor(tickets, view, cursor).values_list("pk", "visit")[:PAGE_SIZE])


def in_order(tickets: QuerySet, view: View) -> QuerySet:
    """All of a view, as it lists them."""
    return _behind_cursor(tickets, view, "")


def _behind_cursor(rows: QuerySet, view: View, cursor: str) -> QuerySet:
    name, sign = view.order, "-" if view.newest_first else ""
    after = _position(cursor, view)
    if after:
        rows = rows.filter(_behind(name, after, newest_first=view.newest_first))
    return rows.order_by(f"{sign}pk") if name == "pk" else rows.order_by(f"{sign}{name}", f"{sign}pk")


def _behind(name: str, after: tuple[str, int], *, newest_first: bool) -> Q:
    direction = "lt" if newest_first else "gt"
    if name == "pk":
        return Q(**{f"pk__{direction}": after[1]})
    # The first half lets the index start at the right place; the second is exact.
    return Q(**{f"{name}__{direction}e": after[0]}) & (
        Q(**{f"{name}__{direction}": after[0]}) | Q(**{f"pk__{direction}": after[1]})
    )


def _cursor(ticket: Ticket, view: View) -> str:
    value = "" if view.order == "pk" else getattr(ticket, view.order).isoformat()
    return signing.dumps([view.order, value, ticket.pk], salt=CURSOR_SALT, compress=False)


def cursor_below(pk: int, view: View) -> str:
    """The cursor behind every ticket from `pk` on, for a view that is ordered by number."""
    return signing.dumps([view.order, "", pk], salt=CURSOR_SALT, compress=False)


def below(cursor: str, view: View) -> int | None:
    """The number below which the page after `cursor` lies, None for the first page."""
    after = _position(cursor, view)
    return after[1] if after else None


def _position(cursor: str, view: View) -> tuple[str, int] | None:
    try:
        order, value, pk = signing.loads(cursor, salt=CURSOR_SALT) if cursor else ("", "", 0)
    except (signing.BadSignature, ValueError):
        return None
    return (value, pk) if order == view.order else None
