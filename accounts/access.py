"""Who may do what. Everything that is not written here is denied; the table stands in README.md too."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Model

from accounts import journal
from accounts.choices import Role

EVERYBODY_IN = frozenset(Role)
WORKERS = frozenset({Role.AGENT, Role.LEAD, Role.ADMIN})

ACTIONS: dict[str, frozenset[Role]] = {
    "people.see": EVERYBODY_IN,
    "people.change": WORKERS,
    "people.deactivate": frozenset({Role.LEAD, Role.ADMIN}),
    "staff.deactivate": frozenset({Role.ADMIN}),
    "identity.check": WORKERS,
    "resets.send": WORKERS,
    "addresses.change": frozenset({Role.LEAD, Role.ADMIN}),
    "addresses.approve": frozenset({Role.LEAD, Role.REVIEWER, Role.ADMIN}),
    "accounts.cancel": WORKERS,
    "events.see": EVERYBODY_IN - {Role.EDITOR},
    "organisations.see": EVERYBODY_IN,
    "organisations.change": WORKERS,
    "roles.change": frozenset({Role.ADMIN}),
    "second_factor.reset": frozenset({Role.ADMIN}),
    "staff.invite": frozenset({Role.ADMIN}),
    "journal.see": frozenset({Role.LEAD, Role.ADMIN, Role.OBSERVER}),
    "tickets.see": EVERYBODY_IN - {Role.EDITOR},
    "tickets.work": WORKERS,
    "processes.work": EVERYBODY_IN - {Role.EDITOR, Role.OBSERVER},
    "tickets.export": frozenset({Role.LEAD, Role.ADMIN}),
    "desk.set_up": frozenset({Role.ADMIN}),
    "desk.automate": frozenset({Role.LEAD, Role.ADMIN}),
    "reviews.decide": frozenset({Role.REVIEWER}),
    "articles.write": frozenset({Role.EDITOR, Role.AGENT, Role.LEAD, Role.ADMIN}),
    "articles.publish": frozenset({Role.EDITOR, Role.ADMIN}),
    "insights.see": frozenset({Role.LEAD, Role.ADMIN, Role.OBSERVER}),
    "orders.see": EVERYBODY_IN - {Role.EDITOR},
    "orders.work": WORKERS,
    "holds.decide": frozenset({Role.LEAD, Role.REVIEWER, Role.ADMIN}),
    "money.see": frozenset({Role.LEAD, Role.REVIEWER, Role.ADMIN, Role.OBSERVER}),
    "money.look_after": frozenset({Role.LEAD, Role.REVIEWER, Role.ADMIN}),
    "money.give": WORKERS,
    "money.set_up": frozenset({Role.ADMIN}),
    "store.see": frozenset({Role.LEAD, Role.ADMIN, Role.OBSERVER}),
    "store.set_up": frozenset({Role.ADMIN}),
    "invoices.see": EVERYBODY_IN - {Role.EDITOR},
    "invoices.work": WORKERS,
    "invoices.correct": frozenset({Role.LEAD, Role.REVIEWER, Role.ADMIN}),
    "invoices.export": frozenset({Role.LEAD, Role.ADMIN}),
    "training.give": WORKERS,
    "training.see": frozenset({Role.LEAD, Role.ADMIN, Role.OBSERVER}),
    "training.set_up": frozenset({Role.LEAD, Role.ADMIN}),
}

# An admin needs a second admin for these (S27).
NEVER_ONESELF = frozenset({"roles.change", "second_factor.reset", "staff.deactivate", "people.deactivate"})


class NotAllowed(PermissionDenied):
    """This person may not do this. The message may be shown to them."""


def can(person, action: str, obj: object = None) -> bool:
    """Whether `person` may do `action`, on `obj` where one is given. Unknown actions are a mistake and raise KeyError.

    Some actions nobody does to themselves, whatever they hold: see NEVER_ONESELF.
    """
    allowed = ACTIONS[action]
    if not (person and person.is_authenticated and person.is_active) or allowed.isdisjoint(person.roles):
        return False
    return not (action in NEVER_ONESELF and obj == person)


def has_role(person, *roles: str) -> bool:
    """Whether `person` holds one of `roles` now."""
    return bool(person and person.is_authenticated and not person.roles.isdisjoint(roles))


def require(person, action: str, obj: object = None, *, now: datetime) -> None:
    """Raise NotAllowed unless `person` may. The attempt of somebody signed in is journalled.

    Call it before the transaction begins, or the entry is lost with the rollback.
    """
    if can(person, action, obj):
        return
    if person and person.is_authenticated:
        subject = obj if isinstance(obj, Model) else person
        journal.record(by=person, action="accounts.refused", subject=subject, data={"tried": action}, now=now)
    raise NotAllowed("You may not do this. Ask an admin of this desk.")
