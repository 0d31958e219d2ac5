"""Decide. Only here are requests for credit, exemption and refunds decided (R33, S33).

A decision is a row that takes effect 30 seconds later, by a timer, so that it can be undone before anything happens
outside. What then happens is the verb of `billing` that belongs to it, once.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

import timers
from accounts import journal
from accounts.access import can
from accounts.models import Person
from billing.actions.numbering import local_day
from billing.linked import flag, link_between
from selfservice.actions import review_carry, review_notes, review_second
from selfservice.actions.review_work import rules, session_for
from selfservice.choices import STANDING, DecisionState, Kind, Verdict
from selfservice.models import Decision, ReviewClaim
from selfservice.refusals import Refused
from selfservice.review_kinds import SORTS, Sort, number_of
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

CARRY_OUT = "selfservice.carry_out"
UNDO = timedelta(seconds=30)
LONGEST_REASON = 500
LONGEST_KEY = 64
FARTHEST = timedelta(days=366 * 20)
VERDICTS = {
    Kind.CREDIT: frozenset(Verdict),
    Kind.TAX: frozenset({Verdict.APPROVE, Verdict.REJECT}),
    Kind.REFUND: frozenset({Verdict.APPROVE, Verdict.REJECT}),
}


class CannotDecide(Refused):
    """Somebody else decided, has it before them, or it is no longer open. Nothing changed."""


class NotYours(CannotDecide):
    """It is the request of somebody who decides, or of an account that is linked to them."""


class WrongAnswer(Refused):
    """The amount, the date or the reason is not one that can be carried out. `field` says which."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


class CannotUndo(Refused):
    """It took effect, or was undone before."""


def decide(
    *,
    kind: str,
    subject: int,
    verdict: str,
    amount: int | None,
    valid_until: date | None,
    reason: str,
    by: Person,
    key: str,
    now: datetime,
) -> Decision:
    """Decide one open request; it takes effect in 30 seconds, or when a second person agrees.

    `amount` is the limit or the refund of an approval, in minor units; `valid_until` the last day of a certificate,
    None where it does not end. Whoever says no gives a `reason`, which the customer reads in these words. The same
    `key` again answers the first decision. Raises CannotDecide, NotYours, WrongAnswer.
    """
    sort = _sort(kind, by)
    _keep_away(sort, subject, by, now)
    answer = _checked(sort, verdict, amount, valid_until, reason, now)
    try:
        with transaction.atomic():
            _lock(sort, subject)
            if same := _sent_before(key, by, kind, subject):
                return same
            row = _open_to(sort, subject, by, now)
            _within(sort, row, answer)
            decision = _written(sort, row, answer, by=by, key=key, now=now)
            failpoint("review.decide.before_commit")
            journal.record(by=by, action="selfservice.decide", subject=decision, data=_told(decision), now=now)
    except IntegrityError:
        # Somebody was quicker by less than a lock; their decision stands now.
        raise CannotDecide(_who_decided(kind, subject)) from None
    failpoint("review.decide.after_commit")
    return decision


def second(*, decision: Decision, agrees: bool, by: Person, now: datetime) -> Decision:
    """A second person agrees, and it takes effect in 30 seconds, or does not, and it is open again (S33).

    Raises CannotDecide, NotYours.
    """
    sort = _sort(decision.kind, by)
    _keep_away(sort, decision.subject, by, now)
    with transaction.atomic():
        row = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        if row.by_id == by.pk:
            raise NotYours("You decided this yourself. Somebody else has to agree.")
        if row.state != DecisionState.SECOND:
            raise CannotDecide(_who_decided(row.kind, row.subject))
        _lock(sort, row.subject)
        _open_to(sort, row.subject, by, now, standing=row)
        row.second, row.second_at = by, now
        if agrees:
            _wait(row, now)
        else:
            row.state, row.done_at, row.outcome = DecisionState.UNDONE, now, f"{by.shown_name} did not agree."
        row.save()
        ReviewClaim.objects.filter(kind=row.kind, subject=row.subject).delete()
        failpoint("review.second.before_commit")
        journal.record(by=by, action="selfservice.second", subject=row, data={"agrees": agrees, **_told(row)}, now=now)
    return row


def undo(*, decision: Decision, by: Person, now: datetime) -> Decision:
    """Take a decision back before it takes effect, without a trace outside (U33). Raises CannotUndo."""
    with transaction.atomic():
        row = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        if by.pk not in (row.by_id, row.second_id):
            raise CannotUndo("Somebody else decided this.")
        if row.state == DecisionState.UNDONE:
            raise CannotUndo(f"{row.number} was undone before. It is open again.")
        is_over = row.carry_out_at is not None and row.carry_out_at <= now
        if row.state not in (DecisionState.SECOND, DecisionState.WAITING) or is_over:
            raise CannotUndo(f"{row.number} took effect 30 seconds after it was decided. It stays.")
        timers.cancel(kind=CARRY_OUT, subject=row.pk)
        row.state, row.done_at, row.outcome = DecisionState.UNDONE, now, f"Undone by {by.shown_name}."
        row.save(update_fields=["state", "done_at", "outcome"])
        failpoint("review.undo.before_commit")
        journal.record(by=by, action="selfservice.undo", subject=row, data=_told(row), now=now)
    return row


@transaction.atomic
def carry_out(*, decision_id: int, now: datetime) -> datetime | None:
    """The time to undo is over: do it, once. Answers when to ask again while it is not."""
    decision = (
        Decision.objects.select_for_update(of=("self",)).select_related("by", "second").filter(pk=decision_id).first()
    )
    if decision is None or decision.state != DecisionState.WAITING or decision.carry_out_at is None:
        return None
    if decision.carry_out_at > now:
        return decision.carry_out_at
    decision.done_at = now
    failpoint("review.carry_out.before_verb")
    try:
        with transaction.atomic():
            review_notes.tell_ticket(decision, now=now)
            failpoint("review.carry_out.told")
            decision.outcome = review_carry.carry(decision, now=now)
        decision.state = DecisionState.DONE
    except review_carry.Overtaken as refusal:
        decision.state, decision.outcome = DecisionState.OVERTAKEN, str(refusal)[:255]
        review_carry.remember(refusal, now=now)
    failpoint("review.carry_out.after_verb")
    decision.save(update_fields=["state", "done_at", "outcome"])
    journal.record(by=decision.by, action="selfservice.carry_out", subject=decision, data=_told(decision), now=now)
    failpoint("review.carry_out.before_commit")
    return None


def _sort(kind: str, by: Person) -> Sort:
    if not can(by, "reviews.decide"):
        raise CannotDecide("Only reviewers decide.")
    if kind not in Kind.values:
        raise CannotDecide("There is no such request.")
    return SORTS[Kind(kind)]


def _keep_away(sort: Sort, subject: int, by: Person, now: datetime) -> None:
    """Nobody decides for themselves or an account that is linked to them: refused, and written down (S33, E7)."""
    row = sort.open().filter(pk=subject).first()
    if row is None:
        return
    customer = sort.customer_of(row)
    if words := link_between(by, customer, asked_by=row.by_id):
        flag(by, customer, f"Tried to decide {number_of(row)}. {words}", now)
        raise NotYours(f"{words} Somebody else decides {number_of(row)}.")


def _checked(
    sort: Sort, verdict: str, amount: int | None, valid_until: date | None, reason: str, now: datetime
) -> dict[str, Any]:
    """The answer in the form in which it is kept. Raises WrongAnswer."""
    if verdict not in Verdict.values or Verdict(verdict) not in VERDICTS[sort.kind]:
        raise WrongAnswer("Approve it, or say why not.", "verdict")
    said = " ".join(reason.replace("\x00", "").split())
    if verdict != Verdict.APPROVE:
        if not said:
            raise WrongAnswer("Say why. The customer reads it in your words.", "reason")
        if len(said) > LONGEST_REASON:
            raise WrongAnswer(f"Use at most {LONGEST_REASON} signs.", "reason")
        return {"verdict": verdict, "reason": said, "amount": None, "valid_until": None}
    if sort.amount and (amount is None or amount <= 0):
        raise WrongAnswer("Enter an amount above zero.", "amount")
    today = local_day(now)
    if sort.kind == Kind.TAX and valid_until is not None and not today <= valid_until <= today + FARTHEST:
        raise WrongAnswer("Enter a last day from today on, within 20 years, or none.", "valid_until")
    return {
        "verdict": verdict,
        "reason": "",
        "amount": amount if sort.amount else None,
        "valid_until": valid_until if sort.kind == Kind.TAX else None,
    }


def _within(sort: Sort, row: Any, answer: dict[str, Any]) -> None:
    """Nothing above what can be given (U34), and no limit that is lowered, or left, without a reason (R26)."""
    if answer["amount"] is None:
        return
    if answer["amount"] <= (has := review_carry.has(sort.kind, row)):
        raise WrongAnswer(no_more_than(has, row.currency), "amount")
    most = review_carry.most(sort.kind, row)
    if answer["amount"] > most:
        raise WrongAnswer(f"Enter at most {money.shown(most, row.currency)}.", "amount")


def no_more_than(has: int, currency: str) -> str:
    """Why this amount is no approval, as the reviewer reads it."""
    return f"They have {money.shown(has, currency)} already. Enter more, or reject it and say why it stays."


def _sent_before(key: str, by: Person, kind: str, subject: int) -> Decision | None:
    same = Decision.objects.filter(key=key).first()
    if same and (same.by_id, same.kind, same.subject) != (by.pk, kind, subject):
        raise CannotDecide("This form was sent before, for something else. Load the page again.")
    return same


def _lock(sort: Sort, subject: int) -> None:
    """Whoever decides about this request, or withdraws it, does so one after the other."""
    sort.model._default_manager.select_for_update().filter(pk=subject).first()


def _open_to(sort: Sort, subject: int, by: Person, now: datetime, *, standing: Decision | None = None) -> Any:
    """The open request where `by` may decide it now. Raises CannotDecide."""
    row = sort.open().filter(pk=subject).first()
    if row is None:
        raise CannotDecide("It is no longer open: it was decided or withdrawn meanwhile.")
    found = Decision.objects.filter(kind=sort.kind, subject=subject, state__in=STANDING).first()
    if found is not None and found != standing:
        raise CannotDecide(_who_decided(sort.kind, subject))
    claim = ReviewClaim.objects.filter(kind=sort.kind, subject=subject, until__gt=now).exclude(person=by)
    if other := claim.select_related("person").first():
        raise CannotDecide(f"{other.person.shown_name} has {number_of(row)} before them just now.")
    return row


def _written(sort: Sort, row: Any, answer: dict[str, Any], *, by: Person, key: str, now: datetime) -> Decision:
    decision = Decision(
        **answer,
        key=key[:LONGEST_KEY],
        kind=sort.kind,
        subject=row.pk,
        number=number_of(row),
        who=sort.customer_of(row).name,
        currency=getattr(row, "currency", sort.customer_of(row).currency),
        session=session_for(person=by, now=now),
        by=by,
        decided_at=now,
        state=DecisionState.SECOND,
    )
    decision.save(force_insert=True)
    if not review_second.is_needed(decision, sort.customer_of(row), rules()):
        _wait(decision, now)
        decision.save(update_fields=["state", "carry_out_at"])
    ReviewClaim.objects.filter(kind=sort.kind, subject=row.pk).delete()
    return decision


def _wait(decision: Decision, now: datetime) -> None:
    decision.state, decision.carry_out_at = DecisionState.WAITING, now + UNDO
    timers.schedule(kind=CARRY_OUT, subject=decision.pk, due_at=now + UNDO)


def _who_decided(kind: str, subject: int) -> str:
    rows = Decision.objects.filter(kind=kind, subject=subject, state__in=STANDING).select_related("by")
    decision = rows.first()
    if decision is None:
        return "It was decided meanwhile."
    if decision.state == DecisionState.SECOND:
        return f"{decision.by.shown_name} decided {decision.number}; it waits for a second person."
    return f"{decision.by.shown_name} has decided {decision.number}: {decision.get_verdict_display().lower()}."


def _told(decision: Decision) -> dict[str, Any]:
    return {
        "number": decision.number, "verdict": decision.verdict, "amount": decision.amount, "state": decision.state,
    }  # fmt: skip
