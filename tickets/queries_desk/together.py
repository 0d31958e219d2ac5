"""What stands beside a ticket because it belongs to it, and what a merge would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import connection
from django.db.models import BigIntegerField, CharField, F, IntegerField, Q, QuerySet, Value

from accounts.access import can
from supportdesk.lib.compiled import Compiled, Gap
from tickets import clocks
from tickets.choices import LIVE, UNSOLVED, Category, Clock, MoveKind, RelationKind
from tickets.models import Attachment, Message, Ticket, TicketMove
from tickets.queries_desk import search as searching
from tickets.querysets import TicketQuerySet

MOST_SHOWN = 200
MOST_SUGGESTED = 6

# (kind, whether the other ticket is the far end) -> what stands before the other ticket.
WORDS = {
    ("merged", True): "Merged in",
    ("split", True): "Split off to",
    ("split", False): "Split off from",
    (RelationKind.PARENT, True): "Child",
    (RelationKind.PARENT, False): "Parent",
    (RelationKind.DUPLICATE, True): "Duplicate of",
    (RelationKind.DUPLICATE, False): "Duplicate",
    (RelationKind.CAUSE, True): "Causes",
    (RelationKind.CAUSE, False): "Caused by",
    (RelationKind.BLOCKS, True): "Blocks",
    (RelationKind.BLOCKS, False): "Blocked by",
    (RelationKind.RELATED, True): "Related",
    (RelationKind.RELATED, False): "Related",
}
PLACES = {word: place for place, word in enumerate(dict.fromkeys(WORDS.values()))}


@dataclass(frozen=True)
class Tie:
    """Another ticket, and what it is to this one. `relation` is 0 where only a merge or split ties them."""

    words: str
    pk: int
    subject: str
    category: str
    status: str
    relation: int

    @property
    def is_closed(self) -> bool:
        """Nothing is left to do there."""
        return self.category == Category.CLOSED


@dataclass(frozen=True)
class Ties:
    """Everything that a ticket belongs to, parents first; `progress` is "2 of 5 closed", "" without children."""

    rows: list[Tie]
    progress: str

    @property
    def open_children(self) -> list[int]:
        """Those that somebody still has to solve."""
        return [tie.pk for tie in self.rows if tie.words == "Child" and not tie.is_closed]


def ties_of(ticket: Ticket, person) -> Ties:
    """What a member of staff sees of it. One query, MOST_SHOWN rows at most; none for one that was opened untied."""
    if not can(person, "tickets.see") or not getattr(ticket, "has_ties", True):
        return Ties([], "")
    tying = _tying()
    with connection.cursor() as cursor:
        cursor.execute(tying.sql, tying.filled({"ticket": ticket.pk}))
        rows = cursor.fetchall()
    found = [
        Tie(WORDS[kind, bool(is_far)], pk, subject, category, status, relation)
        for pk, subject, category, status, kind, is_far, relation in rows
    ]
    found.sort(key=lambda tie: (PLACES[tie.words], tie.is_closed, tie.pk))
    children = [tie for tie in found if tie.words == "Child"]
    closed = sum(tie.is_closed for tie in children)
    return Ties(found, f"{closed} of {len(children)} closed" if children else "")


@cache
def _tying() -> Compiled:
    """The tickets that are tied to one, in one of five ways each."""
    ticket = Gap("ticket", BigIntegerField())
    columns = ("pk", "subject", "category", "status__name", "tie", "is_far", "relation")
    nothing = Value(0, IntegerField())

    def rows(found: QuerySet, *, tie, is_far: int, relation=nothing) -> QuerySet:
        found = found.annotate(tie=tie, is_far=Value(is_far, IntegerField()), relation=relation)
        return found.order_by().values_list(*columns)

    base = Ticket.objects.all()
    merged, split = (Value(word, CharField()) for word in ("merged", "split"))
    standing = TicketMove.objects.filter(kind=MoveKind.SPLIT, undone_at=None)
    out, come = F("relations_in__kind"), F("relations_out__kind")
    parts = [
        rows(base.filter(relations_in__one=ticket), tie=out, is_far=1, relation=F("relations_in__pk")),
        rows(base.filter(relations_out__other=ticket), tie=come, is_far=0, relation=F("relations_out__pk")),
        rows(base.filter(pk__in=standing.filter(source=ticket).values("target")), tie=split, is_far=1),
        rows(base.filter(pk__in=standing.filter(target=ticket).values("source")), tie=split, is_far=0),
    ]
    whole = rows(base.filter(merged_into=ticket), tie=merged, is_far=1).union(*parts, all=True)
    return Compiled(*whole[:MOST_SHOWN].query.sql_with_params())


def suggestions(ticket: Ticket, base: TicketQuerySet) -> list[Ticket]:
    """What this ticket most likely is one with: the suggested match, then what the requester asked of late."""
    same = Q(requester=ticket.requester_id) | Q(pk=ticket.may_continue_id or 0)
    rows = base.filter(same, merged_into=None).exclude(pk=ticket.pk).select_related("status", "requester")
    found = list(rows.order_by("-pk")[: MOST_SUGGESTED * 2])
    if ticket.may_continue_id and all(row.pk != ticket.may_continue_id for row in found):
        found += rows.filter(pk=ticket.may_continue_id)
    found.sort(key=lambda row: (row.pk != ticket.may_continue_id, row.category not in UNSOLVED, -row.pk))
    return found[:MOST_SUGGESTED]


def matching(ticket: Ticket, base: TicketQuerySet, text: str, *, person, now: datetime) -> list[Ticket]:
    """Tickets that answer to a number, `#4127`, or a search, the newest first; none for an empty box."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        text = f"#{text[:18]}"
    search = searching.read(text)
    if search.is_empty:
        return []
    found = searching.find(base.exclude(pk=ticket.pk), search, person=person, now=now)
    return list(found.select_related("status", "requester").order_by("-pk")[:MOST_SUGGESTED])


@dataclass(frozen=True)
class Preview:
    """What a merge of one ticket into another would do, in numbers and words."""

    messages: int
    notes: int
    files: int
    watchers: int
    strangers: list
    due: str
    due_at: datetime | None
    opens: bool
    tags: Sequence[str]


def preview(gone: Ticket, survivor: Ticket) -> Preview:
    """Four queries; nothing changes."""
    taking = {survivor.requester_id, *survivor.participants.values_list("person_id", flat=True)}
    coming = [one for one in gone.participants.select_related("person").order_by("pk") if one.person_id not in taking]
    files = Attachment.objects.filter(
        Q(message__in=Message.objects.filter(ticket=gone)) | Q(note__in=gone.notes.all())
    ).count()
    promised = clocks.running(gone) if gone.clocks_paused_at is None else {}
    running = [(at, clock) for row in (clocks.running(survivor), promised) for clock, at in row.items()]
    due_at, clock = min(running) if running else (None, "")
    return Preview(
        messages=gone.messages.count(),
        notes=gone.notes.count(),
        files=files,
        watchers=sum(one.role == "watcher" for one in coming),
        strangers=[] if gone.requester_id in taking else [one.person for one in coming if one.role != "watcher"],
        due=Clock(clock).label if clock else "",
        due_at=due_at,
        opens=gone.category in LIVE and survivor.category not in LIVE,
        tags=[tag for tag in gone.tags if tag not in survivor.tags],
    )


def movable(ticket: Ticket) -> list[Message]:
    """The messages that may be split off, oldest first: nothing held, nothing still on its way. One query."""
    words = ticket.messages.filter(is_held=False, delivery__in=("none", "sent", "failed"))
    return list(words.select_related("person").order_by("created_at", "pk")[:500])
