"""Tell the agents: a decision leaves a private note on the conversation that it belongs to, and opens it again."""

from datetime import datetime

from selfservice.choices import Kind, Verdict
from selfservice.models import Decision
from selfservice.review_kinds import SORTS
from selfservice.review_tickets import ticket_of
from supportdesk.lib import money
from tickets import clocks
from tickets.actions import state
from tickets.actions.keeping import keep, locked_survivor, write_event
from tickets.actions.note import write_note

DONE = {
    (Kind.CREDIT, Verdict.APPROVE): "The credit limit is {amount} now.",
    (Kind.CREDIT, Verdict.KEEP): "The credit limit was not raised.",
    (Kind.CREDIT, Verdict.CLOSE): "The account was closed for credit.",
    (Kind.CREDIT, Verdict.REJECT): "The held order was cancelled.",
    (Kind.TAX, Verdict.APPROVE): "The tax certificate was approved{until}.",
    (Kind.TAX, Verdict.REJECT): "The tax certificate was rejected. Orders from now on are taxed.",
    (Kind.REFUND, Verdict.APPROVE): "A refund of {amount} was approved and is on its way.",
    (Kind.REFUND, Verdict.REJECT): "The refund was not approved.",
}


def tell_ticket(decision: Decision, *, now: datetime) -> int | None:
    """A note, and the ticket opened again where it was out of sight. Answers its number, None where there is none.

    Belongs in the transaction of the decision, before whatever is journalled: a ticket is locked first.
    """
    sort = SORTS[Kind(decision.kind)]
    row = sort.model._default_manager.get(pk=decision.subject)
    ticket = ticket_of(getattr(row, "ticket", None), getattr(row, "by_id", None))
    if ticket is None:
        return None
    kept = locked_survivor(ticket)
    write_note(ticket=kept, by=decision.by, text=words_of(decision), now=now)
    promise = clocks.promise_for(kept)
    if line := state.reopen(kept, by=decision.by, status=None, promise=promise, now=now):
        keep(kept, promise=promise, now=now)
        write_event(kept, kind=line.kind, text=line.text, by=decision.by, now=now, is_public=line.is_public)
    return kept.pk


def words_of(decision: Decision) -> str:
    """What agents read: the number, what was decided, and why."""
    amount = money.shown(decision.amount, decision.currency) if decision.amount is not None else ""
    until = f" until {decision.valid_until:%-d %B %Y}" if decision.valid_until else ""
    said = DONE[Kind(decision.kind), Verdict(decision.verdict)].format(amount=amount, until=until)
    why = f"\nThe customer reads: {decision.reason}" if decision.reason else ""
    return f"{decision.number}, {decision.who}: {said}{why}"
