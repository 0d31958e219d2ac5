"""Rules at work: what happened is shown to each rule in order, and a rule acts on a ticket once for each cause.

A timer holds the ticket, the rules and their runs in one transaction, so a worker that is killed leaves all or nothing,
and a second one finds the run. What a rule does may set off others, with the same cause: none acts twice in one chain.
"""

import logging
from datetime import datetime

from django.db import Error, transaction

from accounts.journal import record
from supportdesk.lib.failpoints import failpoint
from tickets import rule_matching
from tickets.actions.automation.carry_out import carry_out
from tickets.actions.happenings import chained
from tickets.actions.keeping import locked, write_event
from tickets.choices import Author, Delivery, Happened, RunState
from tickets.models import Happening, Message, Rule, RuleRun, Ticket
from tickets.refusals import Refused
from tickets.rule_conditions import Asked

logger = logging.getLogger(__name__)

MOST_DEPTH = 5
TEXT_LENGTH = 500


@transaction.atomic
def look(*, happening_id: int, now: datetime) -> datetime | None:
    """Show the rules what happened. None when they have looked; a time while the words can still be taken back."""
    happening = Happening.objects.select_for_update().filter(pk=happening_id).first()
    if happening is None:
        return None
    message = Message.objects.filter(pk=happening.message_id).first() if happening.message_id else None
    if message is not None and message.sends_at is not None and message.sends_at > now:
        return message.sends_at
    row = locked(happening.ticket_id)
    events = _what_happened(happening, message)
    cause = happening.cause or f"event:{happening.pk}"
    happening.delete()
    if row.merged_into_id or not events:
        return None
    waiting = list(Rule.objects.filter(is_enabled=True, events__overlap=events).order_by("position", "pk"))
    if waiting and happening.depth > MOST_DEPTH:
        _stop(row, cause, now)
        return None
    done = _show(row, waiting, cause, Asked(now, _words_of(events, message)), happening.depth, now)
    failpoint("tickets.rules.acted")
    if done:
        record(by=None, action="tickets.rules", subject=row, data={"cause": cause, "rules": done}, now=now)
    return None


@transaction.atomic
def run(*, run_id: int, now: datetime) -> None:
    """Let a rule on time act on the ticket that was found for it, if both still fit."""
    found = RuleRun.objects.select_related("rule").filter(pk=run_id, state=RunState.WAITING).first()
    if found is None:
        return
    try:
        row = locked(found.ticket_id)
    except Ticket.DoesNotExist:
        return
    rule = found.rule
    asked = Asked(now)
    still = rule.is_enabled and rule_matching.fitting(rule, asked).filter(pk=row.pk, moment_at=found.cause_at).exists()
    if not still:
        found.delete()  # it may fit again, for the same moment
        return
    _act(rule, row, found, cause=f"run:{found.pk}", depth=0, now=now)
    failpoint("tickets.rules.acted")
    if found.state == RunState.DONE:
        record(by=None, action="tickets.rules", subject=row, data={"rules": [rule.pk], "run": found.pk}, now=now)


def _what_happened(happening: Happening, message: Message | None) -> list[str]:
    """Without words that were taken back, that a machine wrote, or that are the other side's."""
    events = set(happening.events)
    if message is not None:
        theirs = message.author == Author.CUSTOMER and not message.auto_reply and not message.is_held
        ours = message.author == Author.AGENT and message.delivery != Delivery.CANCELLED
        events -= set() if theirs else {Happened.CUSTOMER_WROTE}
        events -= set() if ours else {Happened.AGENT_WROTE}
    return sorted(events)


def _words_of(events: list[str], message: Message | None) -> int:
    """The message that conditions on words ask about: the customer's new one, else their newest."""
    is_theirs = message is not None and message.author == Author.CUSTOMER
    return message.pk if message is not None and is_theirs and set(events) & WITH_WORDS else 0


WITH_WORDS = {Happened.CREATED, Happened.CUSTOMER_WROTE}


def _show(row: Ticket, waiting: list[Rule], cause: str, asked: Asked, depth: int, now: datetime) -> list[int]:
    done = []
    for rule in waiting:
        if not rule_matching.fits(rule, row.pk, asked):
            continue
        found, is_new = RuleRun.objects.get_or_create(
            rule=rule, ticket=row, cause=cause, cause_at=None, defaults={"version": rule.version, "at": now}
        )
        if not is_new:
            continue
        row = _act(rule, row, found, cause=cause, depth=depth, now=now)
        if found.state == RunState.DONE:
            done.append(rule.pk)
        if rule.stops:
            break
    return done


def _act(rule: Rule, row: Ticket, found: RuleRun, *, cause: str, depth: int, now: datetime) -> Ticket:
    """Carry the steps out, or write down why not. Answers the row as it is then."""
    try:
        with transaction.atomic(), chained(cause, depth + 1):
            said = carry_out(row, rule.steps, by=None, name=rule.name, now=now)
            if said:
                text = f"The rule “{rule.name}”: {', '.join(said)}."
                write_event(row, kind="rule", text=text, by=None, now=now)
        state, text = RunState.DONE, ", ".join(said) or "everything was so already"
    except Error:
        raise  # the database is away or another was quicker: the timer is asked again
    except Refused as refusal:
        state, text = RunState.REFUSED, str(refusal)
    except Exception as error:
        logger.exception("A rule failed", extra={"rule": rule.pk, "ticket": row.pk})
        state, text = RunState.FAILED, f"It failed unexpectedly ({type(error).__name__}); the log has the details."
    found.state, found.text, found.at, found.version = state, text[:TEXT_LENGTH], now, rule.version
    found.save(update_fields=["state", "text", "at", "version"])
    if state == RunState.DONE:
        return row
    Rule.objects.filter(pk=rule.pk).update(problem=text[:300])
    row = locked(row.pk)
    write_event(row, kind="rule_failed", text=f"The rule “{rule.name}” did not act: {text}", by=None, now=now)
    return row


def _stop(row: Ticket, cause: str, now: datetime) -> None:
    """Too many rules set each other off: enough, and everybody can see it."""
    text = f"Rules stopped here: more than {MOST_DEPTH} of them set each other off."
    write_event(row, kind="rule_failed", text=text, by=None, now=now)
    record(by=None, action="tickets.rules_stopped", subject=row, data={"cause": cause}, now=now)
