"""What every verb does to a ticket's row: lock it, move its state, plan its next date, write down what happened."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.models import BigIntegerField, CharField

import timers
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.compiled import CompiledRows, Gap
from supportdesk.lib.live import announce
from tickets import clocks, open_days
from tickets.actions import closings, happenings, left_behind, publishing, tags, watching
from tickets.choices import LIVE, PAUSED, TRANSITIONS, Category
from tickets.models import Message, Status, Ticket, TicketEvent
from tickets.refusals import Refused

LOOK = "tickets.look"
# A ticket whose every date has passed is looked at again so soon, in case nobody comes.
LOOK_AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Line:
    """What a verb did to a ticket, as its thread says it."""

    kind: str
    text: str
    is_public: bool = False


PromiseOf = Callable[[Ticket], clocks.Promise | None]


class CannotMove(Refused):
    """The state that was asked for does not follow the present one."""


def locked(ticket: Ticket | int) -> Ticket:
    """The ticket's row, locked until the transaction ends. A merged ticket is locked as itself.

    Locked alone and read afterwards: PostgreSQL checks a join again after it waited for a lock, against the state that
    the ticket had before, and would find no row at all when that state has changed meanwhile.
    """
    pk = ticket if isinstance(ticket, int) else ticket.pk
    Ticket.objects.select_for_update().only("pk").get(pk=pk)
    (row,) = _reading().fetch({"ticket": pk})
    remember(row)
    return row


@cache
def _reading() -> CompiledRows[Ticket]:
    rows = Ticket.objects.select_related("team", "status", "requester", "service_level__calendar")
    return CompiledRows(publishing.with_listeners(rows).filter(pk=Gap("ticket", BigIntegerField())))


def remember(ticket: Ticket) -> None:
    """Note how a locked row stands before a verb changes it: once as it was at its last keep, once for `deeds`."""
    as_it_was = {field.attname: ticket.__dict__.get(field.attname) for field in Ticket._meta.concrete_fields}
    ticket.__dict__["_as_it_was"] = {**as_it_was, "tags": list(ticket.tags)}
    ticket.__dict__["_as_locked"] = {**as_it_was, "tags": list(ticket.tags)}


def has_new_reason(ticket: Ticket) -> bool:
    """Whether a verb changed the contact reason of a locked row."""
    before = ticket.__dict__.get("_as_it_was", {}).get("contact_reason_id")
    return before != ticket.contact_reason_id


def locked_survivor(ticket: Ticket | int) -> Ticket:
    """As `locked`, but of the ticket that this one was merged into, however often it is merged meanwhile.

    A lock that turns out to be on a merged ticket is let go before the next is taken: whoever undoes the merge locks
    both in the order of their keys.
    """
    pk = ticket if isinstance(ticket, int) else ticket.pk
    while True:
        kept = transaction.savepoint()
        row = locked(pk)
        if row.merged_into_id is None:
            transaction.savepoint_commit(kept)
            return row
        transaction.savepoint_rollback(kept)
        pk = row.merged_into_id


def locked_with_message(message: Message) -> tuple[Ticket, Message]:
    """A message and the ticket on which it stands now, both locked: a merge may have moved it since it was read.

    As in `locked_survivor`, a lock that turns out to be on the wrong ticket is let go before the next is taken.
    """
    ticket = message.ticket_id
    while True:
        kept = transaction.savepoint()
        row = locked(ticket)
        words = Message.objects.select_for_update().get(pk=message.pk)
        if words.ticket_id == row.pk:
            transaction.savepoint_commit(kept)
            return row, words
        transaction.savepoint_rollback(kept)
        ticket = words.ticket_id


def words_moved_in(ticket: Ticket) -> None:
    """The newest words on a locked row came from another ticket. They are no news: nobody is told of them again."""
    ticket.__dict__["_as_it_was"]["last_message_id"] = ticket.last_message_id


def keep(ticket: Ticket, *, promise: clocks.Promise | None, now: datetime, noticed: bool = False) -> None:
    """Plan the next date, save the row, let one timer look at it again, and tell open screens.

    `noticed` says that whatever is due by now was dealt with, so the timer is set for what comes after.
    """
    if ticket.visit:
        timers.cancel(kind=LOOK, subject=ticket.pk)
    settle(ticket, promise, now)
    if not ticket._state.adding:
        left_behind.note([(ticket, promise)], now=now)
    ticket.save(force_insert=ticket._state.adding, force_update=not ticket._state.adding)
    closings.note(ticket, now=now)
    publishing.tell(ticket, now=now)
    watching.notice(ticket, before=ticket.__dict__.get("_as_it_was"), now=now)
    tags.notice([ticket], now=now)
    if ticket.category != Category.CLOSED:
        due_at = next_look(ticket, promise, now, noticed=noticed)
        timers.schedule(kind=LOOK, subject=ticket.pk, visit=ticket.visit, due_at=due_at)
    if has_new_reason(ticket):
        enqueue_on_commit("tickets.learn_reasons", ticket_ids=[ticket.pk])
    happenings.notice(ticket, now=now)
    announce(ticket.subject_key)


def settle(ticket: Ticket, promise: clocks.Promise | None, now: datetime) -> None:
    """Plan the next date of a row that is about to be saved, and begin its next visit."""
    clocks.plan(ticket, promise, now)
    if ticket.snoozed_until is None:  # it waits for nothing any more
        ticket.wakes_on, ticket.stays_snoozed = "", False
    ticket.visit += 1
    ticket.updated_at = now


def next_look(ticket: Ticket, promise: clocks.Promise | None, now: datetime, *, noticed: bool = False) -> datetime:
    """When the timer of an unsolved ticket falls due."""
    due = [at for at in moments(ticket, promise, now) if at > now or not noticed]
    # Whatever was due is noticed: an unsolved ticket is looked at again all the same, in case nobody comes.
    return min(due, default=now + LOOK_AGAIN)


def moments(ticket: Ticket, promise: clocks.Promise | None, now: datetime) -> list[datetime]:
    """When something about the ticket is due: warnings, breaches, a follow-up, the end of a snooze, a day's neglect."""
    if ticket.next_action_at is None:
        return []
    found = [ticket.follow_up_at, ticket.snoozed_until, *neglect(ticket, promise, now)]
    if ticket.category in LIVE:
        for clock, due_at in clocks.running(ticket).items():
            found += [due_at, promise.warn_at(clock, now, due_at) if promise and due_at > now else None]
    return [at for at in found if at is not None]


def default_status(category: str) -> Status:
    """The state that a ticket enters when only the category was said."""
    (status,) = _statuses().fetch({"category": category})
    return status


@cache
def _statuses() -> CompiledRows[Status]:
    rows = Status.objects.filter(category=Gap("category", CharField()))
    return CompiledRows(rows.order_by("-is_default", "position", "id")[:1])


def move(ticket: Ticket, category: str, *, promise: clocks.Promise | None, now: datetime, status: Status | None = None):
    """Bring a locked ticket into `category` and run, pause or stop its clocks. The caller keeps it.

    Moving to the category that it is in changes the state's name only. Raises CannotMove.
    """
    before = ticket.category
    if ticket.merged_into_id and category != Category.CLOSED:
        raise CannotMove(f"This ticket was merged into ticket {ticket.merged_into_id}. Undo the merge first.")
    if category != before and category not in TRANSITIONS[before]:
        raise CannotMove(
            f"A ticket that is {Category(before).label.lower()} cannot become {Category(category).label.lower()}."
        )
    if category != before or status is not None:
        ticket.status = status or default_status(category)
        ticket.state_since = now
    ticket.category = category
    if category != before:
        _turn_clocks(ticket, before, promise, now)


def _turn_clocks(ticket: Ticket, before: str, promise: clocks.Promise | None, now: datetime) -> None:
    category = ticket.category
    if category == Category.CLOSED:
        ticket.closed_at = now
        ticket.next_response_due_at = ticket.resolution_due_at = ticket.waiting_since = None
        return
    ticket.follow_up_at = None
    if before == Category.CLOSED:
        ticket.closed_at = ticket.closed_by = None
        clocks.start(ticket, promise, now)
    if category in PAUSED:
        clocks.pause(ticket, now)
    elif before in PAUSED:
        clocks.go_on(ticket, promise, now)


def neglect(ticket: Ticket, promise: clocks.Promise | None, now: datetime) -> list[datetime]:
    """When the day's captain is told that a ticket lies past its date, and when its date is breached.

    Of a date to come a moment that is not later than the first: looking then counts anew.
    """
    due_at = ticket.next_action_at
    if due_at is None:
        return []
    if due_at > now:
        return [due_at + open_days.NEARLY]
    calendar = promise.calendar if promise else None
    return [open_days.after(calendar, due_at, span) for span in (open_days.NEARLY, open_days.LEFT)]


def write_event(ticket: Ticket, *, kind: str, text: str, by, now: datetime, is_public: bool = False) -> TicketEvent:
    """A line in the thread that is nobody's words."""
    return TicketEvent.objects.create(
        ticket=ticket, kind=kind, text=text[:300], by=by, created_at=now, is_public=is_public
    )
