"""The desk's own fields: what is asked about tickets. A field is archived, never removed, so no value is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Max
from django.utils.text import slugify

from accounts import journal
from accounts.models import Person
from supportdesk.lib.locks import take_transaction_lock
from tickets.actions.setup.door import by_admin
from tickets.choices import FieldKind, TicketType
from tickets.models import CustomField, Team
from tickets.refusals import Refused

MOST_FIELDS = 100
MOST_OPTIONS = 100
WITH_OPTIONS = (FieldKind.CHOICE, FieldKind.SEVERAL)


class CannotChangeField(Refused):
    """The message may be shown to the admin who asked."""


@dataclass(frozen=True)
class Definition:
    """Everything about a field but its kind and its key. `options` are labels in their order."""

    name: str
    help_text: str = ""
    options: Sequence[str] = ()
    smallest: Decimal | None = None
    largest: Decimal | None = None
    types: Collection[str] = ()
    teams: Collection[Team] = field(default_factory=tuple)
    is_required_at_close: bool = False
    is_for_customers: bool = False


@by_admin
def create_field(*, kind: str, definition: Definition, by: Person, now: datetime) -> CustomField:
    """Ask something new about tickets. Raises CannotChangeField."""
    take_transaction_lock("tickets.custom_fields")
    if CustomField.objects.filter(archived_at=None).count() >= MOST_FIELDS:
        raise CannotChangeField(f"{MOST_FIELDS} fields are in use. Archive one that nobody needs.")
    _check(definition, kind, None)
    last = CustomField.objects.aggregate(last=Max("position"))["last"]
    row = CustomField(key=_free_key(definition.name), kind=kind, position=0 if last is None else last + 1)
    _put(row, definition)
    _record(row, "tickets.create_field", by, now)
    return row


@by_admin
def change_field(*, row: CustomField, definition: Definition, by: Person, now: datetime) -> CustomField:
    """Ask it in another way. Its kind and key stay; an option that is left out is retired and stays readable."""
    row = CustomField.objects.select_for_update().get(pk=row.pk)
    _check(definition, row.kind, row)
    _put(row, definition)
    _record(row, "tickets.change_field", by, now)
    return row


@by_admin
def archive_field(*, row: CustomField, by: Person, now: datetime) -> None:
    """Ask it no longer. Tickets keep their values."""
    if CustomField.objects.filter(pk=row.pk, archived_at=None).update(archived_at=now):
        _record(row, "tickets.archive_field", by, now)


@by_admin
def bring_back_field(*, row: CustomField, by: Person, now: datetime) -> None:
    """Ask it again; the values are still there."""
    row = CustomField.objects.select_for_update().get(pk=row.pk)
    if row.archived_at is None:
        return
    _check_name(row.name, row)
    row.archived_at = None
    row.save(update_fields=["archived_at"])
    _record(row, "tickets.bring_back_field", by, now)


@by_admin
def move_field(*, row: CustomField, up: bool, by: Person, now: datetime) -> None:
    """One place up or down among the fields in use. At the end already: nothing happens."""
    rows = list(CustomField.objects.select_for_update().filter(archived_at=None).order_by("position", "pk"))
    at = next((place for place, each in enumerate(rows) if each.pk == row.pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is None or to is None or not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    for place, each in enumerate(rows):
        each.position = place
    CustomField.objects.bulk_update(rows, ["position"])
    _record(row, "tickets.move_field", by, now)


def _put(row: CustomField, definition: Definition) -> None:
    row.name, row.help_text = definition.name, definition.help_text
    row.options = _options(row, definition.options) if row.kind in WITH_OPTIONS else []
    is_number = row.kind == FieldKind.NUMBER
    row.smallest, row.largest = (definition.smallest, definition.largest) if is_number else (None, None)
    row.types = [word for word in TicketType.values if word in definition.types]
    row.is_required_at_close, row.is_for_customers = definition.is_required_at_close, definition.is_for_customers
    row.save()
    row.teams.set(definition.teams)


def _check(definition: Definition, kind: str, row: CustomField | None) -> None:
    if kind not in FieldKind.values:
        raise CannotChangeField("Choose what the field holds")
    _check_name(definition.name, row)
    if kind in WITH_OPTIONS and not definition.options:
        raise CannotChangeField("Write at least one option, each on a line of its own")
    if len(definition.options) > MOST_OPTIONS:
        raise CannotChangeField(f"Write at most {MOST_OPTIONS} options")
    low, high = definition.smallest, definition.largest
    if low is not None and high is not None and low > high:
        raise CannotChangeField("The smallest number is above the largest")


def _check_name(name: str, row: CustomField | None) -> None:
    twin = CustomField.objects.filter(name__iexact=name, archived_at=None).exclude(pk=row.pk if row else 0)
    if twin.exists():
        raise CannotChangeField(f"There is already a field called {name}")


def _options(row: CustomField, labels: Sequence[str]) -> list[dict]:
    """Labels that were there keep their keys, whatever became of them since; what is left out is retired."""
    known = {option["label"].casefold(): option for option in row.options}
    taken = {option["key"] for option in row.options}
    options = []
    for label in dict.fromkeys(labels):
        option = known.pop(label.casefold(), None)
        key = option["key"] if option else _free(slugify(label).replace("-", "_")[:60] or "option", taken)
        taken.add(key)
        options.append({"key": key, "label": label, "is_active": True})
    return options + [{**option, "is_active": False} for option in known.values()]


def _free_key(name: str) -> str:
    taken = set(CustomField.objects.values_list("key", flat=True))
    return _free(slugify(name).replace("-", "_")[:34] or "field", taken)


def _free(wanted: str, taken: Collection[str]) -> str:
    number, key = 2, wanted
    while key in taken:
        key, number = f"{wanted}_{number}", number + 1
    return key


def _record(row: CustomField, action: str, by: Person, now: datetime) -> None:
    data = {"key": row.key, "name": row.name, "kind": row.kind}
    journal.record(by=by, action=action, subject=f"tickets.custom_field:{row.pk}", data=data, now=now)
