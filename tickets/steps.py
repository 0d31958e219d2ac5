"""What a rule or a macro may do to a ticket, and how that is typed, kept and said.

A stored step is {"do": "priority", "value": "high"}. `tickets.actions.automation.carry_out` does them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tickets import custom_fields
from tickets import rule_conditions as conditions
from tickets.choices import Priority, TicketType
from tickets.models import ContactReason, CustomField, ReplyTemplate, Status, Team, Ticket
from tickets.rule_conditions import (
    GONE,
    NOBODY,
    CannotRead,
    choice,
    label_of,
    name_of,
    named,
    offered,
    offered_staff,
    staff,
    staff_name,
)

MOST = 12
LONGEST_NOTE = 2000
LONGEST_SNOOZE_HOURS = 14 * 24

ME = "me"
LEAD = "the lead"
OWNER = "the assignee"
TEAM = "the team"
IN_TURN = "next in turn"


@dataclass(frozen=True)
class Step:
    """A kind of step. `reads` makes a stored value of typed text and raises CannotRead; `says` tells what it does."""

    label: str
    reads: Callable[[str], Any]
    shown: Callable[[Any], str]
    says: Callable[[Any], str]
    offers: Callable[[], list[str]] = list
    in_macros: bool = True
    in_rules: bool = True
    hint: str = ""


def read(*, do: str, value: str, for_macro: bool) -> dict[str, Any]:
    """A step to keep, from what was typed. Raises CannotRead with a sentence."""
    step = STEPS.get(do)
    if step is None or not (step.in_macros if for_macro else step.in_rules):
        raise CannotRead("Choose what to do.")
    return {"do": do, "value": step.reads(value.replace("\x00", "").strip())}


def typed(step: dict) -> dict[str, str]:
    """A kept step as the form shows it again."""
    known = STEPS.get(step.get("do", ""))
    return {"do": step.get("do", ""), "value": known.shown(step.get("value")) if known else ""}


def in_words(step: dict) -> str:
    """ "set the priority to High" """
    known = STEPS.get(step.get("do", ""))
    return known.says(step.get("value")) if known else "do something that this desk no longer knows"


def all_in_words(steps: Sequence[dict]) -> str:
    """Every step in one sentence's worth of words."""
    return ", ".join(in_words(step) for step in steps)


def is_broken(step: dict) -> bool:
    """What the step names is gone."""
    known = STEPS.get(step.get("do", ""))
    return known is None or known.shown(step.get("value")) == GONE


def is_so(step: dict, ticket: Ticket) -> bool:
    """Whether a step would change nothing about a ticket as it is."""
    do, value = step.get("do"), step.get("value")
    same: dict[str, Callable[[], bool]] = {
        "state": lambda: ticket.status_id == value,
        "priority": lambda: ticket.priority == value,
        "raise": lambda: ticket.priority == Priority.URGENT,
        "type": lambda: ticket.type == value,
        "team": lambda: ticket.team_id == value,
        "reason": lambda: ticket.contact_reason_id == value,
        "add_tags": lambda: set(value or []) <= set(ticket.tags),
        "remove_tags": lambda: not set(value or []) & set(ticket.tags),
        "assign": lambda: ticket.assignee_id == (None if value == NOBODY else value),
    }
    return do in same and same[do]()


def _state(text: str) -> int:
    return named(Status, "state")(text)


def _tags(text: str) -> list[str]:
    tags = [tag.strip().lower().lstrip("#") for tag in " ".join(text.split()).split(",")]
    found = list(dict.fromkeys(tag for tag in tags if tag))
    if not found:
        raise CannotRead("Enter one tag or several, with commas between them.")
    if len(found) > 20 or any(len(tag) > 60 or not tag.isprintable() for tag in found):
        raise CannotRead("Enter at most 20 tags of at most 60 characters each.")
    return found


def _assignee(text: str) -> int | str:
    word = text.lower()
    return word if word in (NOBODY, ME, LEAD, IN_TURN) else staff(text)


def _assignee_name(value: Any) -> str:
    return value if isinstance(value, str) else staff_name(value)


def _told(text: str) -> int | str:
    word = text.lower()
    return word if word in (OWNER, LEAD, TEAM) else staff(text)


def _hours(text: str) -> int:
    hours = text.lower().removesuffix("hours").removesuffix("hour").removesuffix("h").strip()
    if not (hours.isascii() and hours.isdigit() and len(hours) <= 6) or not 1 <= int(hours) <= LONGEST_SNOOZE_HOURS:
        raise CannotRead(f"Enter a number of hours from 1 to {LONGEST_SNOOZE_HOURS}, which is 14 days.")
    return int(hours)


def _hours_shown(value: Any) -> str:
    return f"{value} hour" if value == 1 else f"{value} hours"


def _note(text: str) -> str:
    if not text:
        raise CannotRead("Write what the note says.")
    if len(text) > LONGEST_NOTE:
        raise CannotRead(f"Write at most {LONGEST_NOTE:,} characters.")
    return text


def _nothing(text: str) -> str:
    return ""


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _field(text: str) -> dict[str, Any]:
    name, equals, value = text.partition("=")
    found = CustomField.objects.filter(name__iexact=name.strip(), archived_at__isnull=True).order_by("pk").first()
    if not equals or found is None:
        names = list(CustomField.objects.filter(archived_at__isnull=True).order_by("position", "pk")[:1])
        example = names[0].name if names else "Region"
        raise CannotRead(f"Enter a field of this desk and its value, like “{example} = something”.")
    try:
        return {"key": found.key, "value": custom_fields.clean_value(found, value)}
    except custom_fields.BadValue as problem:
        raise CannotRead(str(problem)) from None


def _field_shown(value: Any) -> str:
    if not isinstance(value, dict):
        return GONE
    found = CustomField.objects.filter(key=value.get("key"), archived_at__isnull=True).first()
    return f"{found.name} = {custom_fields.shown(found, value.get('value'))}" if found else GONE


def _offered_fields() -> list[str]:
    rows = CustomField.objects.filter(archived_at__isnull=True).order_by("position", "pk")[: conditions.OFFERED]
    return [f"{row.name} = " for row in rows]


_REASON = name_of(ContactReason)
_TEAM = name_of(Team)
_STATUS = name_of(Status)
_TEMPLATE = name_of(ReplyTemplate)
_PRIORITY = label_of(Priority.choices)
_TYPE = label_of(TicketType.choices)

STEPS: dict[str, Step] = {
    "state": Step(
        "Set the state", _state, _STATUS, lambda value: f"set the state to {_STATUS(value)}", offered(Status)
    ),
    "priority": Step(
        "Set the priority",
        choice(Priority.choices, "priority"),
        _PRIORITY,
        lambda value: f"set the priority to {_PRIORITY(value)}",
        lambda: [str(label) for label in Priority.labels],
    ),
    "raise": Step("Raise the priority by one", _nothing, _joined, lambda _: "raise the priority by one"),
    "type": Step(
        "Set the type",
        choice(TicketType.choices, "type"),
        _TYPE,
        lambda value: f"set the type to {_TYPE(value)}",
        lambda: [str(label) for label in TicketType.labels],
    ),
    "add_tags": Step("Add tags", _tags, _joined, lambda value: f"add {_joined(value)}"),
    "remove_tags": Step("Take off tags", _tags, _joined, lambda value: f"take off {_joined(value)}"),
    "team": Step(
        "Move to the team", named(Team, "team"), _TEAM, lambda value: f"move it to {_TEAM(value)}", offered(Team)
    ),
    "assign": Step(
        "Give to",
        _assignee,
        _assignee_name,
        lambda value: f"give it to {_assignee_name(value)}",
        lambda: [NOBODY, LEAD, IN_TURN, ME, *offered_staff()],
        hint="A person, “the lead”, “next in turn”, “nobody”; in a macro also “me”.",
    ),
    "snooze": Step("Snooze for", _hours, _hours_shown, lambda value: f"snooze it for {_hours_shown(value)}"),
    "follow_up": Step("Follow up in", _hours, _hours_shown, lambda value: f"follow up in {_hours_shown(value)}"),
    "reason": Step(
        "Set the contact reason",
        named(ContactReason, "contact reason"),
        _REASON,
        lambda value: f"set the reason to {_REASON(value)}",
        offered(ContactReason),
    ),
    "field": Step(
        "Fill in a field",
        _field,
        _field_shown,
        lambda value: f"set {_field_shown(value)}",
        _offered_fields,
        hint="The field and its value, like “Region = Europe”.",
    ),
    "watch": Step(
        "Let somebody watch it", staff, staff_name, lambda value: f"let {staff_name(value)} watch", offered_staff
    ),
    "note": Step("Add a note", _note, _joined, lambda value: f"note “{str(value)[:60]}”"),
    "tell": Step(
        "Tell by mail",
        _told,
        _assignee_name,
        lambda value: f"tell {_assignee_name(value)}",
        lambda: [OWNER, LEAD, TEAM, *offered_staff()],
        in_macros=False,
        hint="A person, “the assignee”, “the lead” or “the team”.",
    ),
    "mail": Step(
        "Mail the customer the template",
        named(ReplyTemplate, "reply template"),
        _TEMPLATE,
        lambda value: f"mail the customer “{_TEMPLATE(value)}”",
        offered(ReplyTemplate),
        in_macros=False,
    ),
    "escalate": Step(
        "Escalate",
        _nothing,
        _joined,
        lambda _: "tell the lead and raise the priority",
        in_macros=False,
        hint="Tells the lead, or whom the service level names, and raises the priority by one.",
    ),
}
