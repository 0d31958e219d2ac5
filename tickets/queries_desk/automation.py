"""What the desk does by itself, as its pages show it: a dry run, the log, macros, who is away. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from tickets import rule_conditions, rule_matching, steps
from tickets.choices import Happened, RuleMoment, RunState
from tickets.models import Absence, Distribution, Macro, NudgePlan, Rule, RuleRun, RuleVersion, Team, TeamMember
from tickets.rule_conditions import Asked

PAGE = 50
MOST_COUNTED = 1000
PATIENCE_MS = 4000
MOST_MACROS = 300
WAITS = "the customer began to wait for us"


@dataclass(frozen=True)
class Preview:
    """The tickets on which a rule would act now: one page of (ticket, what would happen) and how many in all.

    `total` stops at 1,000, `is_more` says that there are more. `following` is the key to go on after, None at the end.
    `is_too_slow`: the question takes too long to be asked beside everybody's work.
    """

    rows: list[tuple[Any, list[str]]]
    total: int = 0
    is_more: bool = False
    following: int | None = None
    is_too_slow: bool = False


def preview(rule: Rule, *, now: datetime, after: int | None) -> Preview:
    """A dry run of a rule, kept or not: exactly the tickets that the rule itself would find. Changes nothing."""
    fitting = rule_matching.fitting(rule, Asked(now))
    fitting = rule_matching.not_yet_met(rule, fitting) if rule.moment else fitting
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            found = _page(fitting, after)
            counted = len(fitting.order_by().values_list("pk")[: MOST_COUNTED + 1])
    except OperationalError:
        return Preview([], is_too_slow=True)
    page = found[:PAGE]
    return Preview(
        rows=[(ticket, _foretold(rule, ticket)) for ticket in page],
        total=min(counted, MOST_COUNTED),
        is_more=counted > MOST_COUNTED,
        following=page[-1].pk if len(found) > PAGE else None,
    )


def _page(fitting: Any, after: int | None) -> list:
    rows = fitting.select_related("requester", "team", "assignee", "status").order_by("pk")
    return list((rows.filter(pk__gt=after) if after else rows)[: PAGE + 1])


def _foretold(rule: Rule, ticket: Any) -> list[str]:
    return [steps.in_words(one) for one in rule.steps if not steps.is_so(one, ticket)]


@dataclass(frozen=True)
class Line:
    """A rule as the list shows it."""

    rule: Rule
    when: str
    conditions: str
    does: str
    broken: bool
    last_at: datetime | None


def rule_lines() -> list[Line]:
    """Every rule in order, with when it last met a ticket. A few queries more for the names that each one uses."""
    newest = RuleRun.objects.filter(rule=OuterRef("pk")).exclude(state=RunState.WAITING).order_by("-pk")
    rules = Rule.objects.annotate(last_at=Subquery(newest.values("at")[:1]))
    return [
        Line(
            rule=rule,
            when=when_in_words(rule),
            conditions=conditions_in_words(rule),
            does=steps.all_in_words(rule.steps),
            broken=is_broken(rule),
            last_at=rule.last_at,
        )
        for rule in rules.order_by("position", "pk")
    ]


def when_in_words(rule: Rule) -> str:
    """ "A ticket is created or the customer writes", "4 h of open time after it was created" """
    if not rule.moment:
        labels = [str(Happened(event).label) for event in rule.events if event in Happened.values]
        return " or ".join([labels[0], *(label[0].lower() + label[1:] for label in labels[1:])]) if labels else ""
    hours, minutes = divmod(rule.minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    span = " ".join(part for part in parts if part) or "As soon as"
    open_time = " of open time" if rule.in_open_hours and rule.minutes else ""
    relation = " before" if rule.is_before else " after" if rule.minutes else ""
    since = WAITS if rule.moment == RuleMoment.CUSTOMER_WAITS else RuleMoment(rule.moment).label
    return f"{span}{open_time}{relation} {since}"


def conditions_in_words(rule: Rule) -> str:
    """Every condition in one line."""
    all_of = " and ".join(rule_conditions.in_words(one) for one in rule.all_of)
    any_of = " or ".join(rule_conditions.in_words(one) for one in rule.any_of)
    return f"{all_of}, and: {any_of}" if all_of and any_of else all_of or any_of or "Every ticket"


def is_broken(rule: Rule) -> bool:
    """Something that the rule names is gone: it has to be seen, or nobody ever learns why nothing happens."""
    conditions = [*rule.all_of, *rule.any_of]
    return any(rule_conditions.is_broken(one) for one in conditions) or any(steps.is_broken(one) for one in rule.steps)


def runs(*, rule: Rule | None, ticket: int | None, state: str, before: int | None) -> tuple[list[RuleRun], int | None]:
    """What rules did, the newest first, by pages. One query."""
    rows = RuleRun.objects.select_related("rule", "ticket").exclude(state=RunState.WAITING)
    if rule is not None:
        rows = rows.filter(rule=rule)
    if ticket is not None:
        rows = rows.filter(ticket=ticket)
    if state in RunState.values:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def versions(rule: Rule) -> list[RuleVersion]:
    """How the rule stood, the newest first."""
    return list(rule.versions.select_related("by").order_by("-number")[:PAGE])


def macros_for(person) -> list[Macro]:
    """Everybody's macros, those of the person's teams, and their own; what is used most comes first. One query."""
    return list(seen_macros(person).select_related("team").order_by("-uses", "name", "pk")[:MOST_MACROS])


def seen_macros(person) -> QuerySet[Macro]:
    """Everybody's macros, those of the person's teams, and their own."""
    shared = Q(owner__isnull=True, team__isnull=True)
    return Macro.objects.filter(shared | Q(owner=person) | Q(team__in=person.team_memberships.values("team")))


def shared_macros() -> list[Macro]:
    """Macros of everybody and of teams, by name."""
    return list(Macro.objects.filter(owner__isnull=True).select_related("team").order_by("name", "pk"))


def own_macros(person) -> list[Macro]:
    """A person's own macros, by name."""
    return list(Macro.objects.filter(owner=person).order_by("name", "pk"))


def teams_at_work() -> list[Team]:
    """Every team with its members, their absences, its rotation and its reminders. Two queries."""
    members = TeamMember.objects.select_related("person__absence").order_by("person__name", "pk")
    teams = Team.objects.select_related("distribution", "nudge_plan").prefetch_related(Prefetch("members", members))
    return list(teams.order_by("name", "pk"))


def absence_of(person, now: datetime) -> Absence | None:
    """The person's absence while it lasts."""
    return Absence.objects.filter(Q(until__isnull=True) | Q(until__gt=now), person=person).first()


def absent_people(now: datetime) -> dict[int, Absence]:
    """Everybody who is away now, by their key. One query."""
    rows = Absence.objects.filter(Q(until__isnull=True) | Q(until__gt=now))
    return {row.person_id: row for row in rows}


def rotation_of(team: Team) -> Distribution:
    """How the team hands out tickets; the usual way where nobody said."""
    return Distribution.objects.filter(team=team).first() or Distribution(team=team)


def reminders_of(team: Team) -> NudgePlan:
    """How the team reminds customers; the usual way where nobody said."""
    return NudgePlan.objects.filter(team=team).first() or NudgePlan(team=team, **SUGGESTED)


SUGGESTED = {
    "first_text": "Hello,\n\nwe answered your question about “{ticket_subject}” and have not heard from you since. "
    "Does it work now, or is something still open?",
    "second_text": "Hello,\n\nwe are still waiting for your answer about “{ticket_subject}”. If we hear nothing, "
    "we will close it in a few days. You can open it again at any time.",
    "close_text": "Hello,\n\nwe have not heard from you, so we closed “{ticket_subject}”. Answer this mail and it is "
    "open again.",
}
