"""States as this desk calls them. A category is never without its default."""

from datetime import datetime

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.choices import Category
from tickets.models import Status, Ticket
from tickets.refusals import Refused


class CannotChangeStatus(Refused):
    """The message may be shown to the admin who asked."""


@by_admin
def add_status(*, name: str, category: str, by: Person, now: datetime) -> Status:
    """Add a state at the end of its category. The first of a category becomes its default."""
    states = _locked()
    _check_name(name, states, None)
    siblings = [state for state in states if state.category == category]
    status = Status.objects.create(
        name=name,
        category=category,
        is_default=not any(state.is_default for state in siblings),
        position=max((state.position for state in states), default=0) + 1,
    )
    _record(status, "tickets.add_status", by, now, name=name, category=category)
    return status


@by_admin
def rename_status(*, status: Status, name: str, by: Person, now: datetime) -> Status:
    """Call a state differently. Its category stays: it carries the meaning."""
    states = _locked()
    status = _find(states, status)
    _check_name(name, states, status)
    before, status.name = status.name, name
    status.save(update_fields=["name"])
    _record(status, "tickets.rename_status", by, now, before=before, name=name)
    return status


@by_admin
def make_default(*, status: Status, by: Person, now: datetime) -> Status:
    """Tickets that enter the category from now on get this state."""
    status = _find(_locked(), status)
    if status.is_default:
        return status
    Status.objects.filter(category=status.category, is_default=True).update(is_default=False)
    status.is_default = True
    status.save(update_fields=["is_default"])
    _record(status, "tickets.make_status_default", by, now, category=status.category)
    return status


@by_admin
def move_status(*, status: Status, steps: int, by: Person, now: datetime) -> None:
    """Move a state up (negative) or down within its category; at an end it stays where it is."""
    states = _locked()
    status = _find(states, status)
    ordered = in_order(states)
    siblings = [state for state in ordered if state.category == status.category]
    place = siblings.index(status)
    target = min(max(place + steps, 0), len(siblings) - 1)
    if target == place:
        return
    siblings.insert(target, siblings.pop(place))
    rest = iter(siblings)
    renumbered = [next(rest) if state.category == status.category else state for state in ordered]
    for position, state in enumerate(renumbered, start=1):
        state.position = position
    Status.objects.bulk_update(renumbered, ["position"])
    _record(status, "tickets.move_status", by, now, place=target + 1)


@by_admin
def remove_status(*, status: Status, by: Person, now: datetime) -> int:
    """Remove a state; its tickets take the category's default. Returns how many. Raises CannotChangeStatus."""
    states = _locked()
    status = _find(states, status)
    if status.is_default:
        raise CannotChangeStatus(
            f"{status.name} is the default of its category. Make another state the default first, then remove this one."
        )
    heir = next((state for state in states if state.category == status.category and state.is_default), None)
    if heir is None:
        raise CannotChangeStatus(f"Choose a default for {Category(status.category).label} first.")
    moved = Ticket.objects.filter(status=status).update(status=heir)
    _record(status, "tickets.remove_status", by, now, name=status.name, moved=moved, to=heir.pk)
    status.delete()
    return moved


def in_order(states: list[Status]) -> list[Status]:
    """As lists show them: by category in the order of a ticket's life, then by place."""
    categories = list(Category)
    return sorted(states, key=lambda state: (categories.index(Category(state.category)), state.position, state.pk))


def _locked() -> list[Status]:
    """Every state, locked: each rule here is about all of them, and there are a dozen."""
    return list(Status.objects.select_for_update().order_by("pk"))


def _find(states: list[Status], wanted: Status) -> Status:
    for state in states:
        if state.pk == wanted.pk:
            return state
    raise CannotChangeStatus("Somebody removed this state a moment ago.")


def _check_name(name: str, states: list[Status], status: Status | None) -> None:
    if any(state.name.casefold() == name.casefold() and state != status for state in states):
        raise CannotChangeStatus(f"There is already a state called {name}")


def _record(status: Status, action: str, by: Person, now: datetime, **data: object) -> None:
    journal.record(by=by, action=action, subject=f"tickets.status:{status.pk}", data=data, now=now)
