"""What the demo's desk does by itself: two rules that act and one that rests, macros, reminders for billing."""

from datetime import datetime

from accounts.models import Person
from tickets import rule_conditions, steps
from tickets.actions.setup.macros import save_macro
from tickets.actions.setup.rules import Definition, create_rule, switch_on
from tickets.actions.setup.teamwork import set_nudges
from tickets.choices import Happened, RuleMoment
from tickets.models import Team
from tickets.queries_desk.automation import SUGGESTED

MACROS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "Parts request": (
        "Hello {customer_first_name},\n\nthank you for the photo. The missing parts leave our warehouse today.",
        [("type", "Request"), ("add_tags", "parts")],
    ),
    "Needs a lead": ("", [("assign", "the lead"), ("priority", "High")]),
    "Wait for the purchase order": (
        "Hello {customer_first_name},\n\nas soon as your purchase order is here, we ship.",
        [("add_tags", "purchase-order"), ("follow_up", "72 h")],
    ),
}


def make(*, by: Person, now: datetime) -> None:
    """Set it up. What lies there already is left alone: rules count from now on."""
    waits = Definition(
        name="Escalate to the lead",
        moment=RuleMoment.CUSTOMER_WAITS,
        minutes=4 * 60,
        in_open_hours=True,
        steps=[_step("escalate")],
    )
    urgent = rule_conditions.read(field="priority", op="is_not", value="Urgent")
    at_risk = Definition(
        name="Raise what is at risk", events=[Happened.AT_RISK], all_of=[urgent], steps=[_step("raise")]
    )
    invoice = rule_conditions.read(field="subject", op="contains", value="invoice")
    sorts = Definition(
        name="Invoices go to billing",
        events=[Happened.CREATED],
        all_of=[invoice],
        steps=[_step("team", "Billing"), _step("add_tags", "invoice")],
    )
    for definition in (waits, at_risk):
        rule = create_rule(definition=definition, by=by, now=now)
        switch_on(rule=rule, with_present=False, by=by, now=now)
    create_rule(definition=sorts, by=by, now=now)
    for name, (text, todo) in MACROS.items():
        kept = [steps.read(do=do, value=value, for_macro=True) for do, value in todo]
        save_macro(macro=None, name=name, text=text, steps=kept, is_own=False, team=None, by=by, now=now)
    set_nudges(
        team=Team.objects.get(name="Billing"), is_enabled=False, first_after=5, second_after=5, close_after=10,
        first_text=SUGGESTED["first_text"], second_text=SUGGESTED["second_text"], close_text=SUGGESTED["close_text"],
        by=by, now=now,
    )  # fmt: skip


def _step(do: str, value: str = "") -> dict:
    return steps.read(do=do, value=value, for_macro=False)
