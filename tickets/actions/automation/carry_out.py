"""Does the steps of a rule or a macro to one locked ticket: all of them or none, and the row is kept once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Person
from tickets import clocks, custom_fields, may_close, steps
from tickets.actions import notify
from tickets.actions.assign import change_team
from tickets.actions.automation import customer_mail, distribute
from tickets.actions.details import MOST_TAGS
from tickets.actions.keeping import keep, move, write_event
from tickets.actions.note import write_note
from tickets.choices import Category, Priority, Role
from tickets.models import ContactReason, Participant, ReplyTemplate, Status, Team, Ticket
from tickets.refusals import Refused

# What steps of a macro may change, as `tickets.actions.deeds` takes it back.
PARTS = {
    "state": "state",
    "snooze": "state",
    "priority": "priority",
    "raise": "priority",
    "type": "type",
    "add_tags": "tags",
    "remove_tags": "tags",
    "team": "team",
    "assign": "assignee",
    "follow_up": "follow_up",
    "reason": "reason",
}


class CannotCarryOut(Refused):
    """A step cannot be done to this ticket, so none was. The sentence is for staff."""


@dataclass
class Work:
    """A ticket that is being changed: by whom (None: by a rule), under which name, and what was done so far.

    `closes_over`: it was closed over a customer who waits, which needs a reason by the end of the steps (B6).
    """

    row: Ticket
    by: Person | None
    name: str
    now: datetime
    said: list[str] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    closes_over: bool = False


def carry_out(row: Ticket, todo: Sequence[dict], *, by: Person | None, name: str, now: datetime) -> list[str]:
    """Do `todo` to a row from `keeping.locked`; answers what changed, in words, nothing for what was so already.

    The caller's transaction or savepoint takes everything back when this raises CannotCarryOut or another Refused.
    Nothing is journalled here: that is the caller's last statement.
    """
    work = Work(row, by, name, now)
    for one in todo:
        do = _WORKS.get(one.get("do", ""))
        if do is None:
            raise CannotCarryOut("One of its steps is no longer known.")
        do(work, one.get("value"))
    if work.closes_over and row.contact_reason_id is None:
        raise may_close.CustomerWaits(row)
    if work.said:
        keep(row, promise=clocks.promise_for(row), now=now)
    for act in work.after:
        act()
    return work.said


def _row_of(model: Any, pk: Any, what: str) -> Any:
    found = model.objects.filter(pk=pk).first() if isinstance(pk, int) else None
    if found is None:
        raise CannotCarryOut(f"The {what} that it names is gone.")
    return found


def _person(pk: Any) -> Person:
    person = _row_of(Person, pk, "person")
    if not person.is_staff_member:
        raise CannotCarryOut(f"{person.shown_name} does not work here any more.")
    return person


def _state(work: Work, value: Any) -> None:
    row, status = work.row, _row_of(Status, value, "state")
    if row.status_id == status.pk:
        return
    promise = clocks.promise_for(row)
    if row.category == Category.CLOSED and status.category != Category.CLOSED:
        move(row, Category.OPEN, promise=promise, now=work.now)
    closes = status.category == Category.CLOSED and row.category != Category.CLOSED
    if closes:
        may_close.check(row)
        work.closes_over = row.waiting_since is not None
        row.closed_by, row.closed_unanswered = work.by, row.waiting_since is not None
        row.is_unread, row.came_back, row.has_failed_delivery = False, "", False
    move(row, status.category, promise=promise, now=work.now, status=status)
    row.snoozed_until = None
    work.said.append(f"state to {status.name}")
    if closes:
        words = f"Closed by {work.by.shown_name}." if work.by else "Closed automatically."
        work.after.append(lambda: _event(work, "closed", words, is_public=True))


def _event(work: Work, kind: str, words: str, *, is_public: bool = False) -> None:
    write_event(work.row, kind=kind, text=words, by=work.by, now=work.now, is_public=is_public)


def _set_priority(work: Work, value: str) -> None:
    if work.row.priority == value:
        return
    if value not in Priority.values:
        raise CannotCarryOut("The priority that it names is gone.")
    work.row.priority = value
    clocks.promise_again(work.row, clocks.promise_for(work.row), work.now)
    work.said.append(f"priority to {Priority(value).label}")


def _raise_priority(work: Work, _: Any) -> None:
    order = Priority.values
    at = order.index(work.row.priority)
    _set_priority(work, order[min(at + 1, len(order) - 1)])


def _type(work: Work, value: Any) -> None:
    if work.row.type != value:
        work.row.type = str(value)
        work.said.append(f"type to {work.row.get_type_display()}")


def _add_tags(work: Work, value: Any) -> None:
    new = [tag for tag in value or [] if tag not in work.row.tags]
    if len(work.row.tags) + len(new) > MOST_TAGS:
        raise CannotCarryOut(f"A ticket carries {MOST_TAGS} tags at most.")
    if new:
        work.row.tags = [*work.row.tags, *new]
        work.said.append(f"tags + {', '.join(new)}")


def _remove_tags(work: Work, value: Any) -> None:
    gone = [tag for tag in work.row.tags if tag in (value or [])]
    if gone:
        work.row.tags = [tag for tag in work.row.tags if tag not in gone]
        work.said.append(f"tags − {', '.join(gone)}")


def _team(work: Work, value: Any) -> None:
    team = _row_of(Team.objects.select_related("service_level", "lead").model, value, "team")
    if work.row.team_id != team.pk:
        change_team(work.row, team, work.now)
        work.said.append(f"team to {team.name}")


def _assign(work: Work, value: Any) -> None:
    row = work.row
    if value == steps.IN_TURN:
        to: Person | None = distribute.next_person(row, now=work.now)
        if to is None:
            return
    elif value == steps.NOBODY:
        to = None
    elif value == steps.LEAD:
        to = row.team.lead
        if to is None:
            raise CannotCarryOut(f"{row.team.name} has no lead.")
    elif value == steps.ME:
        to = work.by
        if to is None:
            raise CannotCarryOut("Only a macro can give a ticket to whoever applies it.")
    else:
        to = _person(value)
    if row.assignee_id != (to.pk if to else None):
        row.assignee = to
        work.said.append(f"given to {to.shown_name}" if to else f"given back to {row.team.name}")


def _snooze(work: Work, value: Any) -> None:
    if work.row.category == Category.CLOSED:
        raise CannotCarryOut("A closed ticket needs no snooze.")
    work.row.snoozed_until = work.now + timedelta(hours=int(value))
    work.row.follow_up_at, work.row.came_back = None, ""
    work.row.wakes_on, work.row.stays_snoozed = "", False  # what an earlier snooze waited for is over
    work.said.append(f"snoozed for {value} h")


def _follow_up(work: Work, value: Any) -> None:
    if work.row.category == Category.CLOSED:
        raise CannotCarryOut("A closed ticket has no follow-up.")
    work.row.follow_up_at, work.row.came_back = work.now + timedelta(hours=int(value)), ""
    work.said.append(f"follow-up in {value} h")


def _reason(work: Work, value: Any) -> None:
    reason = _row_of(ContactReason, value, "contact reason")
    if work.row.contact_reason_id != reason.pk:
        work.row.contact_reason = reason
        work.said.append(f"reason to {reason.name}")


def _field(work: Work, value: Any) -> None:
    found = value if isinstance(value, dict) else {}
    field = custom_fields.by_key(custom_fields.all_fields()).get(str(found.get("key")))
    if field is None or not custom_fields.applies(field, work.row):
        raise CannotCarryOut("The field that it fills in is not one of this ticket's fields.")
    clean = custom_fields.clean_value(field, found.get("value"))
    if work.row.custom.get(field.key) != clean:
        held = {**work.row.custom, field.key: clean}
        work.row.custom = {key: kept for key, kept in held.items() if kept is not None}
        work.said.append(f"{field.name} to {custom_fields.shown(field, clean) or 'nothing'}")


def _watch(work: Work, value: Any) -> None:
    person = _person(value)
    if person.pk == work.row.requester_id:
        return
    _, added = Participant.objects.get_or_create(
        ticket=work.row, person=person, defaults={"role": Role.WATCHER, "added_at": work.now}
    )
    if added:
        work.row.is_watched = True
        work.said.append(f"{person.shown_name} watches")


def _note(work: Work, value: Any) -> None:
    write_note(ticket=work.row, by=work.by, text=str(value), now=work.now)
    work.said.append("a note")


def _tell(work: Work, value: Any) -> None:
    row = work.row
    if value == steps.OWNER:
        people = [row.assignee] if row.assignee else notify.escalation_of(row)
    elif value in (steps.LEAD, steps.TEAM):
        people = notify.escalation_of(row) if value == steps.LEAD else notify.team_of(row)
    else:
        people = [_person(value)]
    if not people:
        raise CannotCarryOut(f"There is nobody to tell: {row.team.name} has neither a lead nor members.")
    notify.tell(people, row, what=f"The rule “{work.name}” applies", now=work.now)
    work.said.append(f"told {', '.join(person.shown_name for person in people)}")


def _mail(work: Work, value: Any) -> None:
    template = ReplyTemplate.objects.filter(pk=value, owner=None).first() if isinstance(value, int) else None
    if template is None:
        raise CannotCarryOut("The template that it mails is gone, so the customer got nothing.")
    customer_mail.write_to_customer(work.row, body=template.body, now=work.now)
    work.said.append(f"mailed “{template.name}”")


def _escalate(work: Work, _: Any) -> None:
    _raise_priority(work, None)
    people = notify.escalation_of(work.row)
    if not people:
        raise CannotCarryOut(f"There is nobody to tell: {work.row.team.name} has neither a lead nor members.")
    waits = work.row.waiting_since
    what = f"The customer waits since {waits:%d %B %Y, %H:%M} UTC" if waits else f"“{work.name}” escalates it"
    notify.tell(people, work.row, what=what, now=work.now)
    work.row.is_unread = True
    work.said.append(f"told {', '.join(person.shown_name for person in people)}")


_WORKS: dict[str, Callable[[Work, Any], None]] = {
    "state": _state,
    "priority": _set_priority,
    "raise": _raise_priority,
    "type": _type,
    "add_tags": _add_tags,
    "remove_tags": _remove_tags,
    "team": _team,
    "assign": _assign,
    "snooze": _snooze,
    "follow_up": _follow_up,
    "reason": _reason,
    "field": _field,
    "watch": _watch,
    "note": _note,
    "tell": _tell,
    "mail": _mail,
    "escalate": _escalate,
}
