"""The desk's own fields: which ones a ticket has, what counts as a value, and how a value is read. Reads only.

Everybody who takes values in (pages, the API, the customer's form, rules) uses `clean_value`; everybody who filters by
one uses `with_value`. Values are plain JSON on the ticket: text, number, true, an ISO date, an option's key, or keys.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import OuterRef, Q

from supportdesk.lib.compiled import CompiledRows
from tickets.choices import FieldKind
from tickets.models import CustomField, Ticket
from tickets.refusals import Refused

LONGEST_LINE = 500
LONGEST_TEXT = 10_000
LONGEST_ADDRESS = 2000
LARGEST = Decimal(10) ** 12
YES = {"yes", "true", "1", "on"}
NO = {"no", "false", "0", "off"}
_is_address = URLValidator(schemes=["http", "https"])


class BadValue(Refused):
    """The value is not one that the field can hold. The message names the field."""


class FieldsMissing(Refused):
    """Fields that have to be filled in before closing. `fields` holds them."""

    def __init__(self, fields: list[CustomField]) -> None:
        named = ", ".join(field.name for field in fields)
        super().__init__(f"Fill in before closing: {named}.")
        self.fields = fields


def all_fields(*, archived: bool = False) -> list[CustomField]:
    """The fields in their order, each with `team_ids`. One query."""
    return _reading(archived=archived).fetch({})


@cache
def _reading(*, archived: bool) -> CompiledRows[CustomField]:
    through = CustomField.teams.through.objects.filter(customfield=OuterRef("pk")).order_by("team")
    rows = CustomField.objects.annotate(team_ids=ArraySubquery(through.values("team_id")))
    rows = rows if archived else rows.filter(archived_at=None)
    return CompiledRows(rows.order_by("position", "pk"))


def applies(field: CustomField, ticket: Ticket) -> bool:
    """Whether a ticket of this type and team has the field. `field` comes from `all_fields`."""
    teams = getattr(field, "team_ids", [])
    return (not field.types or ticket.type in field.types) and (not teams or ticket.team_id in teams)


def fields_of(ticket: Ticket) -> list[CustomField]:
    """The fields in use that a ticket has. One query."""
    return [field for field in all_fields() if applies(field, ticket)]


def missing_at_close(ticket: Ticket) -> list[CustomField]:
    """Required fields without a value. One query."""
    return [field for field in fields_of(ticket) if field.is_required_at_close and field.key not in ticket.custom]


def check_close(ticket: Ticket) -> None:
    """Raises FieldsMissing."""
    missing = missing_at_close(ticket)
    if missing:
        raise FieldsMissing(missing)


def clean_value(field: CustomField, given: Any) -> Any:
    """The value as it is stored, None for an empty one. Takes text as people type it and JSON as programs send it.

    Raises BadValue.
    """
    if isinstance(given, str):
        given = given.replace("\x00", "").strip()
    if given is None or given == "" or given == []:
        return None
    return _CLEANERS[FieldKind(field.kind)](field, given)


def shown(field: CustomField, value: Any) -> str:
    """A stored value in words, "" for none. Options that were retired keep their label."""
    if value is None:
        return ""
    if field.kind == FieldKind.TRUTH:
        return "Yes" if value else "No"
    if field.kind == FieldKind.DATE:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            return str(value)
        return f"{day.day} {day:%B %Y}"
    if field.kind in (FieldKind.CHOICE, FieldKind.SEVERAL):
        labels = {option["key"]: option["label"] for option in field.options}
        keys = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(key, str(key)) for key in keys)
    return str(value)


def filled(ticket: Ticket, fields: Iterable[CustomField]) -> list[tuple[CustomField, str]]:
    """Each field with its value in words."""
    return [(field, shown(field, ticket.custom.get(field.key))) for field in fields]


def with_value(name: str, text: str) -> Q | None:
    """Tickets whose field `name` (its key, or its name) holds `text`; None where that means nothing. One query.

    Served by the GIN index over `Ticket.custom`. For the search box and lists: `field:serial=A-17`.
    """
    wanted = name.strip().casefold()
    known = [field for field in all_fields(archived=True) if wanted in (field.key, field.name.casefold())]
    if not known:
        return None
    field = known[0]
    if text.strip() == "*":
        return Q(custom__has_key=field.key)
    try:
        value = clean_value(field, text)
    except BadValue:
        return None
    return None if value is None else Q(custom__contains={field.key: value})


def read_filter(text: str) -> Q | None:
    """What `key=value` in an address or a search means, None when it means nothing."""
    name, equals, value = text.partition("=")
    return with_value(name, value) if equals else None


def by_key(fields: Iterable[CustomField]) -> Mapping[str, CustomField]:
    """For looking up."""
    return {field.key: field for field in fields}


def _refuse(field: CustomField, what: str) -> BadValue:
    return BadValue(f"{field.name}: {what}")


def _line(field: CustomField, given: Any) -> str:
    if not isinstance(given, str):
        raise _refuse(field, "write text.")
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in given).split())
    if len(text) > LONGEST_LINE:
        raise _refuse(field, f"write at most {LONGEST_LINE} characters.")
    return text


def _long(field: CustomField, given: Any) -> str:
    if not isinstance(given, str):
        raise _refuse(field, "write text.")
    if len(given) > LONGEST_TEXT:
        raise _refuse(field, f"write at most {LONGEST_TEXT:,} characters.")
    return given.replace("\r\n", "\n").replace("\r", "\n")


def _number(field: CustomField, given: Any) -> int | float:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise _refuse(field, "write a number.")
    text = str(given)
    try:
        number = Decimal(text.replace(",", ".")) if len(text) <= 40 and text.isascii() else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or "_" in text:
        raise _refuse(field, "write a number like 12 or 12.5.")
    if abs(number) > LARGEST:
        raise _refuse(field, "write a smaller number.")
    if number != number.quantize(Decimal("0.000001")):
        raise _refuse(field, "write at most six digits after the point.")
    if field.smallest is not None and number < field.smallest:
        raise _refuse(field, f"write {field.smallest.normalize():f} or more.")
    if field.largest is not None and number > field.largest:
        raise _refuse(field, f"write {field.largest.normalize():f} or less.")
    return int(number) if number == number.to_integral_value() else float(number)


def _date(field: CustomField, given: Any) -> str:
    try:
        day = date.fromisoformat(given) if isinstance(given, str) and len(given) == 10 else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2200:
        raise _refuse(field, "write a day like 2026-11-27.")
    return day.isoformat()


def _truth(field: CustomField, given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = given.casefold() if isinstance(given, str) else ""
    if word not in YES | NO:
        raise _refuse(field, "say yes or no.")
    return word in YES


def _option(field: CustomField, given: Any) -> str:
    wanted = given.casefold() if isinstance(given, str) else None
    for option in field.options:
        if wanted is not None and wanted in (option["key"].casefold(), option["label"].casefold()):
            return option["key"]
    names = ", ".join(option["label"] for option in field.options if option["is_active"])
    raise _refuse(field, f"choose one of {names}."[:300])


def _options(field: CustomField, given: Any) -> list[str]:
    several = given.split(",") if isinstance(given, str) else given
    if not isinstance(several, list | tuple) or len(several) > 100:
        raise _refuse(field, "choose some of the options.")
    chosen = {_option(field, each.strip() if isinstance(each, str) else each) for each in several}
    return [option["key"] for option in field.options if option["key"] in chosen]


def _address(field: CustomField, given: Any) -> str:
    try:
        if not isinstance(given, str) or len(given) > LONGEST_ADDRESS:
            raise ValidationError("")
        _is_address(given)
    except (ValidationError, ValueError):
        raise _refuse(field, "write a whole web address that starts with https://.") from None
    return given


_CLEANERS = {
    FieldKind.TEXT: _line,
    FieldKind.LONG: _long,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.TRUTH: _truth,
    FieldKind.CHOICE: _option,
    FieldKind.SEVERAL: _options,
    FieldKind.ADDRESS: _address,
}
