"""What the rules of a ticket's day say of it; and a lead who says otherwise, with a reason."""

from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.access import has_role, require
from accounts.choices import Role
from accounts.models import Person
from tickets.actions import notify
from tickets.actions.keeping import keep, locked, write_event
from tickets.actions.scope import timing
from tickets.clocks import promise_for
from tickets.models import Ticket, TicketScope
from tickets.refusals import Refused
from tickets.scope import Facts, Judged, day_of, judge, rules_on, verdict_words
from tickets.support_choices import Support, Verdict

LONGEST = {"product": 80, "hardware": 80, "version": 30}
UNRULED = "unruled"


class CannotOverride(Refused):
    """The verdict stands. `field` is where the message belongs."""

    def __init__(self, words: str, field: str = "reason") -> None:
        super().__init__(words)
        self.field = field


def preview(ticket: Ticket, facts: Facts) -> Judged:
    """What the rules of the ticket's day say. Reads only."""
    return judge(rules_on(day_of(ticket)), facts)


@transaction.atomic
def judge_ticket(*, ticket: Ticket, facts: Facts, by: Person, now: datetime) -> TicketScope:
    """Note what a ticket is about and what the rules of its day say; priority is what was shown on it.

    Said again with other facts, it is judged again, and what a lead decided before is over. Where no rule fits, the
    leads are told once: one of them has to write it.
    """
    row = locked(ticket)
    facts = _clean(facts, has_priority=row.support == Support.PRIORITY)
    judged = judge(rules_on(day_of(row)), facts)
    before = TicketScope.objects.filter(ticket=row).first()
    if before is not None and _is_same(before, facts, judged):
        return before
    found, _ = TicketScope.objects.update_or_create(
        ticket=row,
        defaults={
            "product": facts.product, "hardware": facts.hardware, "made_in": facts.made_in,
            "product_version": facts.version, "had_priority": facts.has_priority, "rule": judged.rule,
            "judged_by": by, "judged_at": now, "overridden_by": None, "overridden_at": None, "override_reason": "",
            "warned_at": None,
        },
    )  # fmt: skip
    _put(row, judged.verdict, now)
    if judged.rule is None:
        write_event(row, kind="scope", text="No rule says whether we support this: a lead decides.", by=by, now=now)
        if before is None or before.rule_id is not None:
            notify.tell(notify.escalation_of(row), row, "No rule says whether we support this", now)
    else:
        write_event(row, kind="scope", text=f"What we support: {verdict_words(judged.rule)}.", by=by, now=now)
    timing.plan_warning(row, found, now=now)
    data = {"rule": judged.rule.pk if judged.rule else None, "verdict": judged.verdict}
    journal.record(by=by, action="tickets.judge_scope", subject=row, data=data, now=now)
    return found


def judge_again(*, ticket: Ticket, now: datetime, by: Person | None = None) -> TicketScope | None:
    """The same facts by rules that changed, or with priority that was shown since; None where nobody said any.

    Without `by` it is whoever said them.
    """
    known = TicketScope.objects.select_related("judged_by").filter(ticket=ticket).first()
    if known is None or known.overridden_at is not None:
        return known
    facts = Facts(known.product, known.hardware, known.made_in, known.product_version)
    return judge_ticket(ticket=ticket, facts=facts, by=by or known.judged_by, now=now)


def override(*, ticket: Ticket, reason: str, by: Person, now: datetime) -> TicketScope:
    """A lead lets a ticket be helped in full though the rules say less, and says why (N4). Raises CannotOverride.

    Raises NotAllowed for everybody else, and the journal keeps that.
    """
    require(by, "desk.automate", ticket, now=now)
    said = " ".join(reason.replace("\x00", "").split())[:300]
    if not said:
        raise CannotOverride("Say why this one is helped all the same.")
    with transaction.atomic():
        row = locked(ticket)
        found = TicketScope.objects.select_for_update(of=("self",)).select_related("rule").filter(ticket=row).first()
        if found is None or found.rule is None:
            raise CannotOverride("Nothing was judged here yet.")
        if found.rule.verdict == Verdict.FULL:
            raise CannotOverride("The rules support this in full already.")
        if found.overridden_at is not None:
            return found
        found.overridden_by, found.overridden_at, found.override_reason = by, now, said
        found.save(update_fields=["overridden_by", "overridden_at", "override_reason"])
        _put(row, Verdict.FULL, now)
        write_event(row, kind="scope", text=f"{by.shown_name} lets this be helped in full: {said}", by=by, now=now)
        timing.plan_warning(row, found, now=now)
        journal.record(by=by, action="tickets.override_scope", subject=row, data={"reason": said}, now=now)
    return found


def may_override(person: Person) -> bool:
    """Leads and admins."""
    return has_role(person, Role.LEAD, Role.ADMIN)


def _put(row: Ticket, verdict: str, now: datetime) -> None:
    if row.scope != verdict:
        row.scope = verdict
        keep(row, promise=promise_for(row), now=now)


def _clean(facts: Facts, *, has_priority: bool) -> Facts:
    said = {name: " ".join(getattr(facts, name).replace("\x00", "").split())[:most] for name, most in LONGEST.items()}
    return Facts(made_in=facts.made_in, has_priority=has_priority, **said)


def _is_same(before: TicketScope, facts: Facts, judged: Judged) -> bool:
    told = (before.product, before.hardware, before.made_in, before.product_version, before.had_priority)
    same_rule = before.rule_id == (judged.rule.pk if judged.rule else None)
    return same_rule and told == (facts.product, facts.hardware, facts.made_in, facts.version, facts.has_priority)
