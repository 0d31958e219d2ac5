"""What a rule may ask about a ticket. Each condition is a part of one SQL query, so that a dry run and the rule itself
can never disagree. Nothing that an admin types is a pattern: text is found as it is written, without regard to case.

A stored condition is {"field": "team", "op": "is", "value": 3}. What it names may be gone later: then it fits nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery

from accounts.models import Organisation, Person
from mail.models import Mailbox
from tickets import custom_fields, open_hours
from tickets.choices import Author, Category, Channel, Priority, TicketType
from tickets.models import Attachment, ContactReason, Message, Status, Team
from tickets.refusals import Refused
from tickets.support_choices import Support, Verdict

LONGEST_TEXT = 200
MOST = 20
OFFERED = 200
NAMED = 8
GONE = "(gone)"
NOBODY = "nobody"


class CannotRead(Refused):
    """A condition or a step does not say something that this desk knows."""


@dataclass
class Asked:
    """The moment of asking, and the message that it is about where there is one."""

    now: datetime
    message_id: int = 0

    @cached_property
    def hours(self) -> open_hours.Hours:
        """The desk's calendars, read once."""
        return open_hours.read()


@dataclass(frozen=True)
class Field:
    """Something that a rule can ask for. `read` makes a stored value of typed text and raises CannotRead."""

    label: str
    operators: dict[str, str]
    read: Callable[[str], Any]
    shown: Callable[[Any], str]
    query: Callable[[Any, Asked], Q]
    offers: Callable[[], list[str]] = list


IS = {"is": "is", "is_not": "is not"}
HAS = {"has": "has", "has_not": "has not"}
CONTAINS = {"contains": "contains", "contains_not": "does not contain"}
NEGATIVE = {"is_not", "has_not", "contains_not"}
OPERATORS = IS | CONTAINS | HAS


def read(*, field: str, op: str, value: str) -> dict[str, Any]:
    """A condition to keep, from what was typed. Raises CannotRead with a sentence."""
    known = FIELDS.get(field)
    if known is None:
        raise CannotRead("Choose what the condition asks about.")
    if op not in known.operators:
        allowed = " or ".join(f"“{words}”" for words in known.operators.values())
        raise CannotRead(f"{known.label} is asked with {allowed}.")
    return {"field": field, "op": op, "value": known.read(_line(value))}


def query(all_of: Sequence[dict], any_of: Sequence[dict], asked: Asked) -> Q:
    """Tickets for which every condition of `all_of` holds, and one of `any_of` where there are any."""
    whole = Q()
    for one in all_of:
        whole &= _query(one, asked)
    if any_of:
        some = Q()
        for one in any_of:
            some |= _query(one, asked)
        whole &= some
    return whole


def in_words(condition: dict) -> str:
    """ "Team is Billing" """
    known = FIELDS.get(condition.get("field", ""))
    if known is None:
        return "Something that this desk no longer knows"
    op = known.operators.get(condition.get("op", ""), "is")
    return f"{known.label} {op} {known.shown(condition.get('value'))}"


def typed(condition: dict) -> dict[str, str]:
    """A kept condition as the form shows it again."""
    known = FIELDS.get(condition.get("field", ""))
    value = known.shown(condition.get("value")) if known else ""
    return {"field": condition.get("field", ""), "op": condition.get("op", ""), "value": value}


def is_broken(condition: dict) -> bool:
    """What the condition names is gone."""
    known = FIELDS.get(condition.get("field", ""))
    return known is None or known.shown(condition.get("value")) == GONE


def _query(condition: dict, asked: Asked) -> Q:
    known = FIELDS.get(condition.get("field", ""))
    if known is None:
        return Q(pk__in=[])
    found = known.query(condition.get("value"), asked)
    return ~found if condition.get("op") in NEGATIVE else found


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_TEXT]


def _text(text: str) -> str:
    if not text:
        raise CannotRead("Enter what to look for.")
    return text


def _address(text: str) -> str:
    return _text(text).lower()


def _tag(text: str) -> str:
    tag = text.lower().lstrip("#").strip()
    if not tag or len(tag) > 60:
        raise CannotRead("Enter one tag, at most 60 characters long.")
    return tag


def choice(choices: Sequence[tuple[str, Any]], what: str) -> Callable[[str], str]:
    """Reads one of fixed words. Raises CannotRead with all of them."""

    def read_choice(text: str) -> str:
        for value, label in choices:
            if text.lower() in (str(value).lower(), str(label).lower()):
                return str(value)
        known = ", ".join(str(label) for _, label in choices)
        raise CannotRead(f"“{text}” is no {what}. There are: {known}." if text else f"Enter a {what}: {known}.")

    return read_choice


def label_of(choices: Sequence[tuple[str, Any]]) -> Callable[[Any], str]:
    """The label of a fixed word."""
    return lambda value: str(dict(choices).get(value, value))


def named(model: type[Model], what: str, column: str = "name") -> Callable[[str], int]:
    """Reads the name of a row and answers its key. Raises CannotRead with the names that there are."""

    def read_row(text: str) -> int:
        found = _shared(model).filter(**{f"{column}__iexact": text}).order_by("pk").first() if text else None
        if found is None:
            raise CannotRead(_none_such(text, what, _names(model, column, NAMED)))
        return found.pk

    return read_row


def name_of(model: type[Model], column: str = "name") -> Callable[[Any], str]:
    """The name of the row with a key, or a word that it is gone."""

    def show(pk: Any) -> str:
        row = model._default_manager.filter(pk=pk).first() if isinstance(pk, int) else None
        return str(getattr(row, column)) if row else GONE

    return show


def offered(model: type[Model], column: str = "name") -> Callable[[], list[str]]:
    """The names that a field suggests."""
    return lambda: _names(model, column, OFFERED)


def _shared(model: type[Model]) -> QuerySet:
    """Without what somebody keeps for themselves: a rule is everybody's."""
    rows = model._default_manager.all()
    return rows.filter(owner=None) if any(one.name == "owner" for one in model._meta.get_fields()) else rows


def _names(model: type[Model], column: str, most: int) -> list[str]:
    return [str(getattr(row, column)) for row in _shared(model).order_by(column, "pk")[:most]]


def _none_such(text: str, what: str, names: list[str]) -> str:
    known = ", ".join(names) or "none yet"
    return f"“{text}” is no {what} of this desk. There are: {known}." if text else f"Enter a {what}: {known}."


def staff(text: str) -> int:
    """The key of a member of staff, by address or name. Raises CannotRead."""
    known = Person.objects.staff()
    found = known.filter(Q(email__iexact=text) | Q(name__iexact=text)).order_by("pk").first() if text else None
    if found is None:
        raise CannotRead(_none_such(text, "member of staff", offered_staff()[:NAMED]))
    return found.pk


def staff_name(value: Any) -> str:
    """The name of a member of staff, or a word that there is none."""
    person = Person.objects.filter(pk=value).first() if isinstance(value, int) else None
    return person.shown_name if person else GONE


def offered_staff() -> list[str]:
    """The names of everybody who works here."""
    return [person.shown_name for person in Person.objects.staff().order_by("name", "pk")[:OFFERED]]


def _assignee(text: str) -> int | str:
    return NOBODY if text.lower() in ("", NOBODY) else staff(text)


def _state(text: str) -> str:
    for category in Category:
        if text.lower() in (category.label.lower(), category.value):
            return f"category:{category.value}"
    found = Status.objects.filter(name__iexact=text).order_by("pk").first() if text else None
    if found is None:
        raise CannotRead(_none_such(text, "state", _offered_states()))
    return f"status:{found.pk}"


def _offered_states() -> list[str]:
    names = Status.objects.order_by("position", "pk").values_list("name", flat=True)
    return [*Category.labels, *(name for name in names[:OFFERED] if name not in Category.labels)]


def _state_shown(value: Any) -> str:
    kind, _, key = str(value).partition(":")
    if kind == "category":
        return label_of(Category.choices)(key)
    return name_of(Status)(int(key) if key.isdigit() else None)


def _state_query(value: Any, asked: Asked) -> Q:
    kind, _, key = str(value).partition(":")
    if kind == "category":
        return Q(category=key)
    return Q(status_id=int(key)) if key.isdigit() else Q(pk__in=[])


def _message(asked: Asked) -> Any:
    rows = Message.objects.filter(ticket=OuterRef("pk"), is_held=False)
    if asked.message_id:
        return rows.filter(pk=asked.message_id)
    newest = Message.objects.filter(ticket=OuterRef("ticket"), author=Author.CUSTOMER, is_held=False).order_by("-pk")
    return rows.filter(pk=Subquery(newest.values("pk")[:1]))


def _yes_no(text: str) -> bool:
    if text.lower() in ("", "yes"):
        return True
    if text.lower() == "no":
        return False
    raise CannotRead("Enter yes or no.")


def _open_query(value: Any, asked: Asked) -> Q:
    hours = asked.hours
    shut = {pk for pk, calendar in hours.calendars.items() if not open_hours.open_now(calendar, asked.now)}
    closed = Q(service_level_id__in=[level for level, calendar in hours.of_level.items() if calendar in shut])
    return Q(service_level__isnull=True) | ~closed if value else closed


def _attachment_query(value: Any, asked: Asked) -> Q:
    files = Attachment.objects.filter(message__ticket=OuterRef("pk"), is_inline=False, message__is_held=False)
    if asked.message_id:
        files = files.filter(message=asked.message_id)
    return Q(Exists(files)) if value else ~Q(Exists(files))


def _field_value(text: str) -> str:
    if custom_fields.read_filter(text) is None:
        names = [field.name for field in custom_fields.all_fields()[:NAMED]]
        raise CannotRead(_none_such(text, "field and value", [f"{name} = …" for name in names]))
    return text


def _field_query(value: Any, _: Asked) -> Q:
    found = custom_fields.read_filter(str(value))
    return Q(pk__in=[]) if found is None else found


def _column(name: str) -> Callable[[Any, Asked], Q]:
    return lambda value, _: Q(**{name: value})


def _shown_yes(value: Any) -> str:
    return "yes" if value else "no"


def _chosen(label: str, choices: Sequence[tuple[str, Any]], what: str, column: str) -> Field:
    labels = [str(name) for _, name in choices]
    return Field(label, IS, choice(choices, what), label_of(choices), _column(column), lambda: labels)


def _row(label: str, model: type[Model], what: str, column: str, name: str = "name") -> Field:
    read_row, show = named(model, what, name), name_of(model, name)
    return Field(label, IS, read_row, show, _column(column), offered(model, name))


FIELDS: dict[str, Field] = {
    "subject": Field("Subject", CONTAINS, _text, str, lambda value, _: Q(subject__icontains=value)),
    "message": Field(
        "Message", CONTAINS, _text, str, lambda value, asked: Q(Exists(_message(asked).filter(text__icontains=value)))
    ),
    "from_address": Field("Customer's address", IS, _address, str, lambda value, _: Q(requester__email=value)),
    "from_domain": Field(
        "Customer's domain", IS, _address, str, lambda value, _: Q(requester__email__endswith=f"@{value.lstrip('@')}")
    ),
    "organisation": _row("Organisation", Organisation, "organisation", "organisation_id"),
    "mailbox": _row("Mailbox", Mailbox, "mailbox", "mailbox_id", "address"),
    "team": _row("Team", Team, "team", "team_id"),
    "assignee": Field(
        "Assigned to",
        IS,
        _assignee,
        lambda value: NOBODY if value == NOBODY else staff_name(value),
        lambda value, _: Q(assignee__isnull=True) if value == NOBODY else Q(assignee_id=value),
        lambda: [NOBODY, *offered_staff()],
    ),
    "state": Field("State", IS, _state, _state_shown, _state_query, _offered_states),
    "priority": _chosen("Priority", Priority.choices, "priority", "priority"),
    "type": _chosen("Type", TicketType.choices, "type", "type"),
    "channel": _chosen("Came by", Channel.choices, "channel", "channel"),
    "support": _chosen("Support", Support.choices, "support", "support"),
    "scope": _chosen("What we support", Verdict.choices, "verdict", "scope"),
    "tag": Field("Tag", HAS, _tag, str, lambda value, _: Q(tags__contains=[value])),
    "reason": _row("Contact reason", ContactReason, "contact reason", "contact_reason_id"),
    "field": Field(
        "Field",
        IS,
        _field_value,
        lambda value: GONE if custom_fields.read_filter(str(value)) is None else str(value),
        _field_query,
        lambda: [f"{field.name} = " for field in custom_fields.all_fields()],
    ),
    "attachment": Field("Attachment", IS, _yes_no, _shown_yes, _attachment_query, lambda: ["yes", "no"]),
    "open_now": Field("Desk open now", IS, _yes_no, _shown_yes, _open_query, lambda: ["yes", "no"]),
}
