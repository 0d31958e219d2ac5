"""What the tests of the desk's own doings share."""

from datetime import UTC, datetime

from accounts.models import Person
from tests.factories.tickets import WEDNESDAY
from tickets import rule_conditions, steps
from tickets.actions.setup.rules import Definition, create_rule, switch_on
from tickets.choices import Happened
from tickets.models import Rule, Ticket, TicketEvent
from timers.actions.sweep import sweep


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """March 2026; the 4th is a Wednesday. The desk opens from 9 to 17, Monday to Friday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def when(field: str, op: str, value: str) -> dict:
    return rule_conditions.read(field=field, op=op, value=value)


def do(what: str, value: str = "") -> dict:
    return steps.read(do=what, value=value, for_macro=False)


def make_rule(
    by: Person, *todo: dict, name: str = "", now: datetime = WEDNESDAY, present: bool = True, **fields
) -> Rule:
    """A rule that is switched on, last in order; on new tickets unless told otherwise."""
    if "moment" not in fields:
        fields.setdefault("events", [Happened.CREATED])
    name = name or f"Rule {Rule.objects.count() + 1}"
    rule = create_rule(definition=Definition(name=name, steps=list(todo), **fields), by=by, now=now)
    return switch_on(rule=rule, with_present=present, by=by, now=now)


def work(now: datetime) -> None:
    """Let the timers do all that is due, and what follows from it at once."""
    for _ in range(12):
        if not sweep(now=now).done:
            return
    raise AssertionError("It never ends.")


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "status", "assignee").get(pk=ticket.pk)


def said(ticket: Ticket, kind: str = "rule") -> list[str]:
    rows = TicketEvent.objects.filter(ticket=ticket, kind=kind).order_by("pk")
    return list(rows.values_list("text", flat=True))
