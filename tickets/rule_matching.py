"""Which tickets a rule fits, as one query. The dry run, the search by the minute and the rule itself all ask here."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from tickets import open_hours, rule_conditions
from tickets.choices import Author, Category, RuleMoment
from tickets.models import Message, Rule, RuleRun, Ticket
from tickets.rule_conditions import Asked


def _newest(author: str) -> Any:
    words = Message.objects.standing().filter(ticket=OuterRef("pk"), author=author, is_held=False, auto_reply="")
    return Subquery(words.order_by("-pk").values("created_at")[:1], output_field=DateTimeField())


MOMENTS: dict[str, Any] = {
    RuleMoment.CREATED: F("created_at"),
    RuleMoment.CUSTOMER_WAITS: F("waiting_since"),
    RuleMoment.CUSTOMER_WROTE: _newest(Author.CUSTOMER),
    RuleMoment.AGENT_WROTE: _newest(Author.AGENT),
    RuleMoment.IN_STATE: Coalesce(F("state_since"), F("created_at")),
    RuleMoment.DUE: F("sla_due_at"),
    RuleMoment.CLOSED: F("closed_at"),
}


def fitting(rule: Rule, asked: Asked) -> Any:
    """The tickets that a rule would act on at this moment, by its conditions, and its moment where it waits for one.

    Unsolved ones, unless the rule counts from the close or asks for closed tickets. Merged ones never. Each carries
    `moment_at`, the moment of a rule on time.
    """
    tickets = Ticket.objects.filter(merged_into__isnull=True)
    tickets = tickets.filter(rule_conditions.query(rule.all_of, rule.any_of, asked))
    if not rule.moment:
        return tickets if asked.message_id or _asks_for_closed(rule) else tickets.unsolved()
    tickets = tickets.filter(category=Category.CLOSED) if rule.moment == RuleMoment.CLOSED else tickets.unsolved()
    tickets = tickets.annotate(moment_at=MOMENTS[rule.moment]).filter(moment_at__isnull=False)
    tickets = tickets.filter(Q(imported_at=None) | Q(moment_at__gt=F("imported_at")))  # it happened here
    return tickets.filter(_has_come(rule, asked))


def fits(rule: Rule, ticket_id: int, asked: Asked) -> bool:
    """Whether a rule on events fits a ticket to which one happened."""
    tickets = Ticket.objects.filter(pk=ticket_id, merged_into__isnull=True)
    return tickets.filter(rule_conditions.query(rule.all_of, rule.any_of, asked)).exists()


def not_yet_met(rule: Rule, tickets: Any) -> Any:
    """Without tickets on which a rule on time acted for the same moment already, whatever came of it."""
    met = RuleRun.objects.filter(rule=rule.pk, ticket=OuterRef("pk"), cause=rule.moment, cause_at=OuterRef("moment_at"))
    return tickets.exclude(Exists(met))


def _asks_for_closed(rule: Rule) -> bool:
    return any(
        one.get("field") == "state" and one.get("op") == "is" and one.get("value") == f"category:{Category.CLOSED}"
        for one in [*rule.all_of, *rule.any_of]
    )


def _has_come(rule: Rule, asked: Asked) -> Q:
    """The moment lies far enough back, or close enough ahead, for each calendar. No bound on the other side: whatever
    was missed while nobody looked is still found."""
    whole = _reached(rule, None, asked.now)
    if rule.in_open_hours:
        hours = asked.hours
        whole &= ~Q(service_level__in=list(hours.of_level)) | Q(service_level__isnull=True)
        for key, calendar in hours.calendars.items():
            levels = [level for level, used in hours.of_level.items() if used == key]
            whole |= Q(service_level__in=levels) & _reached(rule, calendar, asked.now)
        always = [level for level, used in hours.of_level.items() if used not in hours.calendars]
        whole |= Q(service_level__in=always) & _reached(rule, None, asked.now)
    if rule.acts_from is not None:
        whole &= _passed_since(rule, asked)
    return whole


def _reached(rule: Rule, calendar: Any, now: datetime) -> Q:
    if rule.is_before:
        until = open_hours.so_long_after(calendar, now, rule.minutes)
        return Q(moment_at__lte=until) if until else Q()
    since = open_hours.so_long_before(calendar, now, rule.minutes)
    return Q(moment_at__lte=since) if since else Q(pk__in=[])


def _passed_since(rule: Rule, asked: Asked) -> Q:
    """Only moments that came true after the rule was told to look from now on."""
    assert rule.acts_from is not None  # noqa: S101 - for the type checker; the caller asked
    earlier = Rule(moment=rule.moment, minutes=rule.minutes, is_before=rule.is_before, in_open_hours=rule.in_open_hours)
    return ~_has_come(earlier, Asked(rule.acts_from))
