"""Rules that most desks want, to begin with. Nothing of them is kept before somebody saves it."""

from dataclasses import dataclass

from tickets import steps
from tickets.choices import Happened, Priority, RuleMoment
from tickets.models import Rule


@dataclass(frozen=True)
class Recipe:
    """A usual rule: what it is called, and what it is good for."""

    key: str
    name: str
    good_for: str


RECIPES = {
    one.key: one
    for one in (
        Recipe("escalate", "Escalate to the lead", "A customer has waited four open hours: the lead is told once."),
        Recipe("warn", "Raise what is at risk", "A promise is about to break: its priority rises by one."),
        Recipe("owner", "Give new tickets out", "A new ticket goes to the next person of its team who is at work."),
        Recipe("stuck", "Find what is stuck", "A ticket stood in its state for a week: the assignee is told."),
    )
}


def recipe(key: str) -> Rule | None:
    """The rule of a recipe, kept nowhere; None for no recipe."""
    if key not in RECIPES:
        return None
    name = RECIPES[key].name
    if key == "escalate":
        waits = {"moment": RuleMoment.CUSTOMER_WAITS, "minutes": 4 * 60, "in_open_hours": True}
        return Rule(name=name, steps=[{"do": "escalate", "value": ""}], **waits)
    if key == "warn":
        urgent = [{"field": "priority", "op": "is_not", "value": Priority.URGENT}]
        return Rule(name=name, events=[Happened.AT_RISK], all_of=urgent, steps=[{"do": "raise", "value": ""}])
    if key == "owner":
        nobodys = [{"field": "assignee", "op": "is", "value": "nobody"}]
        given = [{"do": "assign", "value": steps.IN_TURN}]
        return Rule(name=name, events=[Happened.CREATED], all_of=nobodys, steps=given)
    told = [{"do": "tell", "value": steps.OWNER}]
    return Rule(name=name, moment=RuleMoment.IN_STATE, minutes=7 * 24 * 60, steps=told)
