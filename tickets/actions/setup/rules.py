"""Rules: written, put in order, switched on and off. Each change is a version that is kept."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Max

from accounts import journal
from accounts.models import Person
from tickets.actions.automation.scan import begin_looking
from tickets.actions.setup.door import by_lead
from tickets.choices import RuleMoment
from tickets.models import Rule, RuleVersion
from tickets.refusals import Refused


class CannotChangeRule(Refused):
    """The message may be shown to the person who asked."""


@dataclass(frozen=True)
class Definition:
    """Everything that a rule says. Conditions and steps as `rule_conditions` and `steps` read them."""

    name: str
    events: list[str] = field(default_factory=list)
    moment: str = ""
    minutes: int = 0
    is_before: bool = False
    in_open_hours: bool = False
    all_of: list[dict[str, Any]] = field(default_factory=list)
    any_of: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    stops: bool = False

    def unsaved(self) -> Rule:
        """A rule that says this and stands nowhere, for a dry run."""
        return Rule(**asdict(self))


@by_lead
def create_rule(*, definition: Definition, by: Person, now: datetime) -> Rule:
    """Write a rule down, switched off and last in order. Raises CannotChangeRule."""
    _check(definition, None)
    last = Rule.objects.aggregate(last=Max("position"))["last"] or 0
    rule = Rule.objects.create(**asdict(definition), position=last + 1)
    _keep_version(rule, definition, by, now)
    _record(rule, "tickets.create_rule", by, now)
    return rule


@by_lead
def change_rule(*, rule: Rule, definition: Definition, by: Person, now: datetime) -> Rule:
    """Let a rule say something else from now on. Switched on, it stays so. Nothing new: nothing changes."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    _check(definition, rule)
    if all(getattr(rule, name) == value for name, value in asdict(definition).items()):
        return rule
    for name, value in asdict(definition).items():
        setattr(rule, name, value)
    rule.version, rule.problem = rule.version + 1, ""
    rule.save()
    _keep_version(rule, definition, by, now)
    begin_looking(rule=rule, now=now)
    _record(rule, "tickets.change_rule", by, now)
    return rule


@by_lead
def switch_on(*, rule: Rule, with_present: bool, by: Person, now: datetime) -> Rule:
    """Let a rule act. `with_present`: also on tickets whose moment has passed already, as the dry run lists them."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if not rule.is_enabled:
        rule.is_enabled, rule.problem, rule.version = True, "", rule.version + 1
        rule.acts_from = None if with_present or not rule.moment else now
        rule.save()
        _copy_version(rule, by, now)
        begin_looking(rule=rule, now=now)
        _record(rule, "tickets.switch_rule_on", by, now, with_present=with_present)
    return rule


@by_lead
def switch_off(*, rule: Rule, by: Person, now: datetime) -> Rule:
    """Let a rule rest. What it found and did not do yet is not done."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    if rule.is_enabled:
        rule.is_enabled = False
        rule.save(update_fields=["is_enabled"])
        _record(rule, "tickets.switch_rule_off", by, now)
    return rule


@by_lead
def move_rule(*, rule: Rule, earlier: bool, by: Person, now: datetime) -> None:
    """Change places with the rule before or after. At the end of the list nothing happens."""
    rows = list(Rule.objects.select_for_update().order_by("position", "pk"))
    at = next((number for number, one in enumerate(rows) if one.pk == rule.pk), None)
    to = None if at is None else at + (-1 if earlier else 1)
    if at is None or to is None or not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    for number, one in enumerate(rows, start=1):
        if one.position != number:
            Rule.objects.filter(pk=one.pk).update(position=number)
    _record(rule, "tickets.move_rule", by, now, earlier=earlier)


@by_lead
def remove_rule(*, rule: Rule, by: Person, now: datetime) -> None:
    """Forget a rule and what it did; the journal keeps its words, and tickets keep what happened to them."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    Rule.objects.filter(position__gt=rule.position).update(position=F("position") - 1)
    name, key = rule.name, rule.pk
    rule.delete()
    journal.record(by=by, action="tickets.remove_rule", subject=f"tickets.rule:{key}", data={"name": name}, now=now)


def _check(definition: Definition, rule: Rule | None) -> None:
    if Rule.objects.filter(name__iexact=definition.name).exclude(pk=rule.pk if rule else 0).exists():
        raise CannotChangeRule(f"There is already a rule called {definition.name}")
    if bool(definition.events) == bool(definition.moment):
        raise CannotChangeRule("A rule waits either for something that happens or for a moment")
    if not definition.steps:
        raise CannotChangeRule("Say what the rule does")
    if definition.is_before and definition.moment != RuleMoment.DUE:
        raise CannotChangeRule("Only a promise has a time before it")


def _keep_version(rule: Rule, definition: Definition, by: Person, now: datetime) -> None:
    RuleVersion.objects.create(rule=rule, number=rule.version, definition=asdict(definition), by=by, made_at=now)


def _copy_version(rule: Rule, by: Person, now: datetime) -> None:
    last = RuleVersion.objects.filter(rule=rule).order_by("-number")[:1].get()
    RuleVersion.objects.create(rule=rule, number=rule.version, definition=last.definition, by=by, made_at=now)


def _record(rule: Rule, action: str, by: Person, now: datetime, **data: object) -> None:
    told = {"name": rule.name, "version": rule.version, **data}
    journal.record(by=by, action=action, subject=f"tickets.rule:{rule.pk}", data=told, now=now)
