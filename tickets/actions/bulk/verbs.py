"""What can be done to many tickets at once. Each verb is the row's own verb; nothing here has rules of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import Person
from tickets import clocks, may_close
from tickets.actions import assign, snooze, state
from tickets.actions.automation import macros
from tickets.actions.details import MOST_TAGS
from tickets.actions.keeping import Line, default_status
from tickets.actions.many import Promises
from tickets.choices import Category, Priority, TicketType
from tickets.models import ContactReason, Macro, ServiceLevel, Status, Team, Ticket
from tickets.refusals import Refused


class CannotAct(Refused):
    """What was to be given to the tickets is no longer there, or never was."""


@dataclass
class Batch:
    """What the verbs of one transaction share."""

    by: Person
    now: datetime
    promises: Promises = field(default_factory=Promises)
    statuses: dict[str, Status] = field(default_factory=dict)
    levels: dict[int, ServiceLevel | None] = field(default_factory=dict)

    def status(self, category: str) -> Status:
        """The state that tickets enter, read once."""
        if category not in self.statuses:
            self.statuses[category] = default_status(category)
        return self.statuses[category]

    def level(self, team: Team) -> ServiceLevel | None:
        """The service level of a team, read once."""
        if team.pk not in self.levels:
            self.levels[team.pk] = clocks.level_for(team)
        return self.levels[team.pk]


@dataclass(frozen=True)
class Verb:
    """`load` makes rows of the job's arguments, `act` changes a locked row: a line for its thread, or None where it is
    so already. `did` says it in the strip: “closed”, “given to Priya”. A verb that keeps its tickets itself has `alone`
    instead, which is told the job's key, so that it acts once. All of them raise Refused."""

    name: str
    label: str
    parts: tuple[str, ...]
    load: Callable[[dict], Any]
    act: Callable[[Ticket, Any, Batch], Line | None]
    did: Callable[[Any], str]
    alone: Callable[[Ticket, Any, Batch, str], tuple[str, ...] | None] | None = None


def _person(arguments: dict) -> Person | None:
    if arguments.get("to") is None:
        return None
    person = Person.objects.filter(pk=arguments["to"]).first()
    if person is None:
        raise CannotAct("That person is not here any more.")
    assign.must_work_here(person)
    return person


def _team(arguments: dict) -> Team:
    team = Team.objects.select_related("service_level__calendar").filter(pk=arguments["team"]).first()
    if team is None:
        raise CannotAct("That team is not here any more.")
    return team


def _reason(arguments: dict) -> ContactReason | None:
    if arguments.get("reason") is None:
        return None
    reason = ContactReason.objects.filter(pk=arguments["reason"]).first()
    if reason is None:
        raise CannotAct("That contact reason is not here any more.")
    return reason


def _word(name: str, known: type[Priority] | type[TicketType]) -> Callable[[dict], str]:
    def load(arguments: dict) -> str:
        if arguments.get(name) not in known.values:
            raise CannotAct("Choose one of the list.")
        return arguments[name]

    return load


def _until(arguments: dict) -> dict:
    return {**arguments, "until": datetime.fromisoformat(arguments["until"])}


def _nothing(arguments: dict) -> None:
    return None


def _assign(row: Ticket, to: Person | None, batch: Batch) -> Line | None:
    return assign.give(row, to=to, by=batch.by)


def _send(row: Ticket, team: Team, batch: Batch) -> Line | None:
    return assign.send_to(
        row, team=team, by=batch.by, now=batch.now, level=batch.level(team), promise_of=batch.promises
    )


def _set_priority(row: Ticket, priority: str, batch: Batch) -> Line | None:
    if row.priority == priority:
        return None
    row.priority = priority
    clocks.promise_again(row, batch.promises(row), batch.now)
    return Line("changed", f"{batch.by.shown_name} changed priority to {priority}.")


def _set_type(row: Ticket, type: str, batch: Batch) -> Line | None:
    if row.type == type:
        return None
    row.type = type
    return Line("changed", f"{batch.by.shown_name} changed type to {type}.")


def _tag(row: Ticket, tag: str, batch: Batch) -> Line | None:
    if tag in row.tags:
        return None
    if len(row.tags) >= MOST_TAGS:
        raise CannotAct(f"A ticket carries {MOST_TAGS} tags at most.")
    row.tags = [*row.tags, tag]
    return Line("changed", f"{batch.by.shown_name} added the tag {tag}.")


def _untag(row: Ticket, tag: str, batch: Batch) -> Line | None:
    if tag not in row.tags:
        return None
    row.tags = [one for one in row.tags if one != tag]
    return Line("changed", f"{batch.by.shown_name} took off the tag {tag}.")


def _snooze(row: Ticket, given: dict, batch: Batch) -> Line | None:
    snooze.check_until(given["until"], batch.now)
    if row.snoozed_until == given["until"]:
        return None
    return snooze.put_away(
        row, until=given["until"], by=batch.by, wakes_on=given.get("wakes_on", ""), stays=given.get("stays", False)
    )


def _why(arguments: dict) -> tuple[ContactReason | None, bool]:
    return _reason(arguments), bool(arguments.get("unanswered"))


def _close(row: Ticket, why: tuple[ContactReason | None, bool], batch: Batch) -> Line | None:
    reason, unanswered = why
    if row.category != Category.CLOSED:
        may_close.check(row)
        may_close.check_answered(row, reason=reason, unanswered=unanswered)
    promise, status = batch.promises(row), batch.status(Category.CLOSED)
    return state.close(row, by=batch.by, reason=reason, status=status, promise=promise, now=batch.now)


def _set_reason(row: Ticket, reason: ContactReason | None, batch: Batch) -> Line | None:
    return state.say_reason(row, reason=reason, by=batch.by)


def _reopen(row: Ticket, _: None, batch: Batch) -> Line | None:
    if row.category in clocks.LIVE:
        return state.reopen(row, by=batch.by, status=None, promise=batch.promises(row), now=batch.now)
    promise, status = batch.promises(row), batch.status(Category.OPEN)
    return state.reopen(row, by=batch.by, status=status, promise=promise, now=batch.now)


def _wait(row: Ticket, _: None, batch: Batch) -> Line | None:
    if row.category == Category.WAITING:
        return None
    promise, status = batch.promises(row), batch.status(Category.WAITING)
    return state.wait(row, by=batch.by, status=status, promise=promise, now=batch.now)


def _mark_read(row: Ticket, _: None, batch: Batch) -> Line | None:
    if not row.is_unread:
        return None
    row.is_unread = False
    return Line("", "")


def _macro(arguments: dict) -> Macro:
    macro = Macro.objects.filter(pk=arguments["macro"]).first()
    if macro is None:
        raise CannotAct("That macro is not here any more.")
    return macro


def _apply(row: Ticket, macro: Macro, batch: Batch, key: str) -> tuple[str, ...] | None:
    """The parts of the ticket that the macro may have changed; None where it had nothing to do."""
    use = macros.apply(macro=macro, ticket=row.pk, by=batch.by, now=batch.now, key=key, undoable=False)
    return tuple(macros.parts_of(macro)) if use.text else None


KNOWN = [
    Verb("assign", "Assign", ("assignee",), _person, _assign,
         lambda to: f"given to {to.shown_name}" if to else "given back to their teams"),
    Verb("team", "Move to a team", ("team",), _team, _send, lambda team: f"moved to {team.name}"),
    Verb("priority", "Set the priority", ("priority",), _word("priority", Priority), _set_priority,
         lambda priority: f"set to {Priority(priority).label.lower()} priority"),
    Verb("type", "Set the type", ("type",), _word("type", TicketType), _set_type,
         lambda type: f"made a {TicketType(type).label.lower()}"),
    Verb("tag", "Add a tag", ("tags",), lambda given: given["tag"], _tag, lambda tag: f"tagged {tag}"),
    Verb("untag", "Take off a tag", ("tags",), lambda given: given["tag"], _untag, lambda tag: f"freed of {tag}"),
    Verb("snooze", "Snooze", ("state",), _until, _snooze, lambda given: "snoozed"),
    Verb("close", "Close", ("state",), _why, _close, lambda why: "closed"),
    Verb("reason", "Set the contact reason", ("reason",), _reason, _set_reason, lambda reason: "given a reason"),
    Verb("wait", "Wait for the customers", ("state",), _nothing, _wait, lambda _: "set to waiting"),
    Verb("reopen", "Open again", ("state",), _nothing, _reopen, lambda _: "opened again"),
    Verb("read", "Mark as read", ("seen",), _nothing, _mark_read, lambda _: "marked as read"),
    Verb("macro", "Apply a macro", (), _macro, lambda row, macro, batch: None,
         lambda macro: f"treated with “{macro.name}”", alone=_apply),
]  # fmt: skip
VERBS = {verb.name: verb for verb in KNOWN}
