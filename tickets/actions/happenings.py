"""Notices what a verb did to a ticket, for the rules that wait for it and for the rotation of its team.

Called where every verb ends, by `keeping.keep`. Nothing acts here: rows and timers are written in the verb's own
transaction, and a worker lets the rules act right after it committed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

import timers
from tickets.choices import LIVE, Distributing, Happened
from tickets.models import Happening, Rule, Ticket

LOOK_AT_RULES = "tickets.happened"
HAND_OUT = "tickets.hand_out"

# Every mail and every click asks, so it is not composed anew each time.
WHO_WAITS = """
select exists(select from tickets_rule where is_enabled and events && %(events)s::varchar[]),
  exists(select from tickets_distribution
    where team_id = %(team)s and (not %(is_free)s or mode <> %(by_hand)s))
"""


@dataclass(frozen=True)
class Chain:
    """What the rule that is acting now was set off by, and how many rules lie between."""

    cause: str
    depth: int


_chain: ContextVar[Chain | None] = ContextVar("chain", default=None)


@contextmanager
def chained(cause: str, depth: int) -> Iterator[None]:
    """Whatever happens in the block was done by a rule, `depth` rules after `cause`."""
    token = _chain.set(Chain(cause, depth))
    try:
        yield
    finally:
        _chain.reset(token)


def also(ticket: Ticket, event: str) -> None:
    """Something happened that the row's columns do not show; told when the ticket is kept."""
    ticket.__dict__.setdefault("_also_happened", []).append(event)


def told_before(ticket: Ticket) -> None:
    """What stands on this new ticket was told already, on the ticket that it came from: nothing is created for rules
    that greet, acknowledge or sort what comes in.
    """
    ticket.__dict__["_told_before"] = True


Waiting = dict[tuple[int, bool, tuple[str, ...]], tuple[bool, bool]]


def notice(ticket: Ticket, *, now: datetime, known: Waiting | None = None) -> None:
    """Tell the rules and the rotation what changed since the row was locked, if anybody waits for it.

    One query when something changed and nobody waits; none when `known` has the
    answer from another ticket of the same transaction. A ticket that was merged away is nobody's business.
    """
    before = ticket.__dict__.get("_noticed", ticket.__dict__.get("_as_it_was"))
    ticket.__dict__["_noticed"] = {**{name: ticket.__dict__[name] for name in _WATCHED}, "tags": list(ticket.tags)}
    is_new = ticket.visit == 1
    news = [] if is_new and ticket.__dict__.get("_told_before") else _events(ticket, before, is_new)
    events = [*news, *ticket.__dict__.pop("_also_happened", [])]
    wants_owner = _wants_owner(ticket, before, is_new)
    if ticket.merged_into_id or not (events or wants_owner):
        return
    key = (ticket.team_id, ticket.assignee_id is None, tuple(events))
    known = {} if known is None else known
    if key not in known:
        known[key] = _who_waits(ticket, events)
    ruled, handed = known[key]
    if wants_owner and handed:
        timers.schedule(kind=HAND_OUT, subject=ticket.pk, visit=ticket.visit, due_at=now)
    if ruled:
        _tell(ticket, events, now)


def tell(ticket: Ticket, event: str, *, message_id: int = 0, now: datetime) -> None:
    """Something happened beside the row: a note, a rating. Belongs into the transaction of what it tells about."""
    if not ticket.merged_into_id and Rule.objects.filter(is_enabled=True, events__overlap=[event]).exists():
        _tell(ticket, [event], now, message_id)


_WATCHED = ("status_id", "category", "assignee_id", "team_id", "priority", "last_message_id", "snoozed_until")


def _events(ticket: Ticket, before: dict | None, is_new: bool) -> list[str]:
    if is_new:
        return [Happened.CREATED]
    if before is None:
        return []
    changed = {name for name in _WATCHED if before[name] != ticket.__dict__[name]}
    found = [event for name, event in _EVENT_OF.items() if name in changed]
    if set(before["tags"]) != set(ticket.tags):
        found.append(Happened.TAGS)
    if before["last_message_id"] < ticket.last_message_id:
        # Whose words they are is known to whoever looks, when they can no longer be taken back.
        found += [Happened.CUSTOMER_WROTE, Happened.AGENT_WROTE]
    return found


_EVENT_OF: dict[str, str] = {
    "status_id": Happened.STATE,
    "assignee_id": Happened.ASSIGNEE,
    "team_id": Happened.TEAM,
    "priority": Happened.PRIORITY,
}


def _wants_owner(ticket: Ticket, before: dict | None, is_new: bool) -> bool:
    """New, moved, given back, opened again, out of snooze; or the customer wrote and its owner may be away."""
    if ticket.category not in LIVE or ticket.snoozed_until is not None:
        return False
    if is_new:
        return ticket.assignee_id is None
    if before is None:
        return False
    was_out = before["category"] not in LIVE or before["snoozed_until"] is not None
    wrote = before["last_message_id"] < ticket.last_message_id
    if ticket.assignee_id is not None:
        return was_out or wrote
    return was_out or before["assignee_id"] is not None or before["team_id"] != ticket.team_id


def _who_waits(ticket: Ticket, events: list[str]) -> tuple[bool, bool]:
    is_free = ticket.assignee_id is None
    with connection.cursor() as cursor:
        cursor.execute(
            WHO_WAITS,
            {"events": events, "team": ticket.team_id, "by_hand": Distributing.BY_HAND, "is_free": is_free},
        )
        return cursor.fetchone()


def _tell(ticket: Ticket, events: list[str], now: datetime, message_id: int = 0) -> None:
    chain = _chain.get()
    wrote = {Happened.CREATED, Happened.CUSTOMER_WROTE, Happened.AGENT_WROTE} & set(events)
    happening = Happening.objects.create(
        ticket=ticket,
        events=events,
        message_id=message_id or (ticket.last_message_id if wrote else 0),
        cause=chain.cause if chain else "",
        depth=chain.depth if chain else 0,
        at=now,
    )
    timers.schedule(kind=LOOK_AT_RULES, subject=happening.pk, due_at=now)
