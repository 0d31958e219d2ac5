"""What one screen of the daily review shows. Reads only."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import Person
from billing.choices import HoldReason
from billing.models import Certificate, CreditRequest, ShipmentHold
from billing.review_facts import Bar, Effect, Facts
from knowledgebase.access import named_to
from selfservice.choices import STANDING, DecisionState, Kind, Verdict
from selfservice.models import Decision, ReviewReason, ReviewRules, ReviewSession
from selfservice.review_kinds import SORTS
from selfservice.review_queue import Item, Waiting
from selfservice.review_tickets import effect_on, ticket_of
from selfservice.review_time import next_review
from supportdesk.lib import money

SECONDS_AN_ITEM = 40  # before a session says better
DONE_SHOWN = 4
OWN_WORDS = "own"
WIDTH, HEIGHT, ROOM = 280, 74, 4
REJECTS = {
    Verdict.KEEP: "If you keep the limit",
    Verdict.CLOSE: "If you close it",
    Verdict.REJECT: "If you reject",
}


@dataclass(frozen=True)
class Step:
    """A part of the way: "Credit, 3 of 9"."""

    name: str
    done: int
    total: int
    is_current: bool

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left."""
        return not self.is_current and self.done >= self.total


@dataclass(frozen=True)
class Typed:
    """What was typed and refused: it stays, with the sentence at its field."""

    kind: str
    pk: int
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BarShown:
    """One bar of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    is_late: bool


def context_of(
    *,
    person: Person,
    session: ReviewSession,
    item: Item,
    waiting: Waiting,
    rules: ReviewRules,
    now: datetime,
    typed: Typed | None = None,
) -> dict[str, Any]:
    """Everything on the screen of one item. Raises the model's DoesNotExist when the item is gone."""  # fmt: skip
    facts = SORTS[item.kind].facts(item.pk, now)
    ticket = ticket_of(facts.ticket, facts.asked_by_pk)
    waits = Decision.objects.filter(kind=item.kind, subject=item.pk, state=DecisionState.SECOND)
    pending = waits.select_related("by").first()
    amount = pending.amount if pending else _amount(facts)
    refused = typed if typed and (typed.kind, typed.pk) == (item.kind, item.pk) else None
    values = {
        "amount": typable(amount, facts.currency),
        "valid_until": facts.suggested_until.isoformat() if facts.suggested_until else "",
        **(refused.values if refused else {}),
    }
    also = [Effect("inbox", effect_on(ticket))] if ticket else []
    return {
        "item": item,
        "facts": facts,
        "pending": pending,
        "amount": amount,
        "shown_amount": money.shown(amount, facts.currency) if amount is not None else "",
        "symbol": money.SYMBOLS.get(facts.currency, ""),
        "values": values,
        "errors": refused.errors if refused else {},
        "effects": _effects(facts, amount, also),
        "rejects": _rejects(item.kind, facts, also),
        "reasons": list(ReviewReason.objects.filter(kind=item.kind, is_active=True).order_by("position")),
        "chart": facts.chart and _bars(facts.chart.bars),
        "policy_page": policy_page(item.kind, rules, person),
        "unmet": sum(not rule.is_met for rule in facts.policy),
        "needs_second": needs_second_above(item.kind, rules),
        "key": secrets.token_urlsafe(24),
        **frame_of(person=person, session=session, waiting=waiting, now=now, current=item),
    }


def policy_page(kind: str, rules: ReviewRules, person: Person) -> str:
    """The slug of the wiki's page on how that kind is decided; empty where `person` reads none that is published."""
    pages = {Kind.CREDIT: rules.credit_policy, Kind.TAX: rules.tax_policy, Kind.REFUND: rules.refund_policy}
    page = named_to(person, pages[Kind(kind)])
    return page.slug if page and page.published_id and page.archived_at is None else ""


def _effects(facts: Facts, amount: int | None, also: Sequence[Effect]) -> list[Effect]:
    if facts.asked is not None and amount is None:
        return [Effect("info", "Nothing yet: enter an amount, or reject it and say why it stays as it is")]
    return [*facts.effects(Verdict.APPROVE, amount), *also]


def effects_of(item: Item, amount: int | None, now: datetime) -> tuple[Facts, list[Effect]]:
    """What approving this amount will do."""
    facts = SORTS[item.kind].facts(item.pk, now)
    ticket = ticket_of(facts.ticket, facts.asked_by_pk)
    also = [Effect("inbox", effect_on(ticket))] if ticket else []
    return facts, [*facts.effects(Verdict.APPROVE, amount), *also]


def frame_of(
    *, person: Person, session: ReviewSession, waiting: Waiting, now: datetime, current: Item | None = None
) -> dict[str, Any]:
    """What stands around the item: steps, time, what comes next, what is done, what can be undone."""
    decided = list(Decision.objects.filter(session=session, state__in=STANDING).order_by("-decided_at", "-pk"))
    done = {kind: sum(row.kind == kind for row in decided) for kind in SORTS}
    steps = [
        Step(kind.label, done[kind], done[kind] + waiting.counts[kind], current is not None and current.kind == kind)
        for kind in SORTS
    ]
    agreed = Decision.objects.filter(second=person, state=DecisionState.WAITING, carry_out_at__gt=now)
    newest = max([*decided[:1], *agreed.order_by("-second_at")[:1]], key=_said_at, default=None)
    return {
        "session": session,
        "day": session.day,
        "steps": steps,
        "place": next((step.done + 1 for step in steps if step.is_current), 0),
        "step": next((step for step in steps if step.is_current), None),
        "left": waiting.left,
        "minutes_left": _minutes_left(session, len(decided), waiting.left),
        "next_up": [item for item in waiting.items if item != current][:4],
        "done": decided[:DONE_SHOWN],
        "newest": newest,
        "undo": newest if newest and _can_be_undone(newest, now) else None,
        "seconds_to_undo": max(0, round((newest.carry_out_at - now).total_seconds()))
        if newest and newest.carry_out_at
        else 0,
        "now": now,
    }


def end_of(*, session: ReviewSession, now: datetime) -> dict[str, Any]:
    """The end screen: items, minutes, what was let go, and when the next review is (U37)."""
    decided = list(Decision.objects.filter(session=session, state__in=STANDING).order_by("decided_at", "pk"))
    let_go = ShipmentHold.objects.filter(
        released_by=session.person_id, released_at__gte=session.started_at,
        reason__in=(HoldReason.CREDIT, HoldReason.TAX),
    )  # fmt: skip
    orders = let_go.select_related("shipment__order").order_by("released_at", "pk")
    refunds: dict[str, int] = {}
    given = [row for row in decided if row.verdict == Verdict.APPROVE and row.state != DecisionState.SECOND]
    for row in given:
        if row.kind == Kind.REFUND and row.amount:
            refunds[row.currency] = refunds.get(row.currency, 0) + row.amount
    ends = [row.carry_out_at for row in decided if row.state == DecisionState.WAITING and row.carry_out_at]
    return {
        "decided": decided,
        "approved": len(given),
        "minutes": max(1, round(session.seconds / 60)) if decided else 0,
        "let_go": list(dict.fromkeys(str(hold.shipment.order) for hold in orders[:50])),
        "more_follow": _more_follow([row for row in given if row.state == DecisionState.WAITING]),
        "refunded": [money.shown(amount, currency) for currency, amount in sorted(refunds.items())],
        "waiting_second": [row for row in decided if row.state == DecisionState.SECOND],
        "settles_in": max((max(0, round((end - now).total_seconds())) for end in ends), default=None),
        "next_review": next_review(now),
    }


def _more_follow(waiting: Sequence[Decision]) -> bool:
    """Whether anything that is held waits for these approvals, which take effect in a moment."""
    subjects = {kind: [row.subject for row in waiting if row.kind == kind] for kind in (Kind.CREDIT, Kind.TAX)}
    if not any(subjects.values()):
        return False
    asked = CreditRequest.objects.filter(pk__in=subjects[Kind.CREDIT]).values("customer")
    sent = Certificate.objects.filter(pk__in=subjects[Kind.TAX]).values("customer")
    held = ShipmentHold.objects.filter(released_at__isnull=True)
    for_credit = Q(reason=HoldReason.CREDIT, shipment__order__customer__in=asked)
    return held.filter(for_credit | Q(reason=HoldReason.TAX, shipment__order__customer__in=sent)).exists()


def needs_second_above(kind: Kind, rules: ReviewRules) -> int | None:
    """The amount above which two people decide, None where one is enough."""
    return {Kind.CREDIT: rules.second_credit_above, Kind.REFUND: rules.second_refund_above}.get(kind)


def typable(amount: int | None, currency: str) -> str:
    """`5,000.00`, as it stands in the field."""
    if amount is None:
        return ""
    return money.shown(amount, currency).removeprefix(money.SYMBOLS.get(currency, f"{currency} "))


def _amount(facts: Facts) -> int | None:
    """What one key approves: what was asked for, as far as policy and what can be given allow. None where that is no
    more than they have: then nothing is approved before an amount was typed or chosen."""
    if facts.asked is None:
        return None
    limits = [most for most in (facts.suggested, facts.most) if most]
    amount = min([facts.asked, *limits])
    return amount if amount > facts.has else None


def _rejects(kind: Kind, facts: Facts, also: Sequence[Effect]) -> list[tuple[str, str, list[Effect]]]:
    """What saying no does, for each way of saying it."""
    ways = (Verdict.KEEP, Verdict.CLOSE, Verdict.REJECT) if kind == Kind.CREDIT else (Verdict.REJECT,)
    return [(way.value, REJECTS[way], [*facts.effects(way.value, None), *also]) for way in ways]


def _minutes_left(session: ReviewSession, decided: int, left: int) -> int:
    each = session.seconds / decided if decided > 2 else SECONDS_AN_ITEM
    return max(1, round(each * left / 60)) if left else 0


def _said_at(decision: Decision) -> datetime:
    """When it was last decided about."""
    return decision.second_at or decision.decided_at


def _can_be_undone(decision: Decision, now: datetime) -> bool:
    if decision.state == DecisionState.SECOND:
        return True
    return decision.state == DecisionState.WAITING and bool(decision.carry_out_at and decision.carry_out_at > now)


def _bars(bars: Sequence[Bar]) -> dict[str, Any]:
    """Bars above the due date for early, below it for late."""
    early = max([bar.days_early for bar in bars if bar.days_early > 0], default=0)
    late = max([-bar.days_early for bar in bars if bar.days_early < 0], default=0)
    unit = HEIGHT / max(1, early + late)
    base, step = early * unit, WIDTH / max(1, len(bars))
    width = min(17.0, step * 0.68)
    shown = [
        BarShown(
            x=round(index * step + (step - width) / 2, 1),
            y=round(base - max(0, bar.days_early) * unit, 1),
            width=round(width, 1),
            height=round(max(1.5, abs(bar.days_early) * unit), 1),
            is_late=bar.days_early < 0,
        )
        for index, bar in enumerate(bars)
    ]
    return {"bars": shown, "base": round(base, 1), "early": early, "late": late}
