"""What stands beside a ticket about support: who is entitled, what was asked, what we support, minutes. Reads only."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from accounts.models import Person
from tickets.entitlements import Standing, best_of, renewal_address, shown, standing_of
from tickets.models import Entitlement, EntitlementCheck, PriorityClaim, ScopeRule, ScopeTime, Ticket, TicketScope
from tickets.scope import day_of, in_words, rules_on, verdict_words
from tickets.scope_time import spent_on
from tickets.support_choices import CheckResult, Support, Verdict

MOST_FOUND = 8


@dataclass(frozen=True)
class Beside:
    """The panel. `standing` is the requester's own, now; what the ticket was found entitled to stands on the ticket."""

    standing: Standing
    check: EntitlementCheck | None
    claim: PriorityClaim | None
    found: list[Entitlement]
    renewal: str = ""


@dataclass(frozen=True)
class ScopeBeside:
    """What the rules say of a ticket, and the minutes."""

    row: TicketScope | None
    spent: int = 0
    running: ScopeTime | None = None
    products: list[str] = field(default_factory=list)
    hardware: list[str] = field(default_factory=list)
    has_rules: bool = False

    @property
    def words(self) -> str:
        return verdict_words(self.row.rule) if self.row and self.row.rule else ""

    @property
    def about(self) -> str:
        """The rule that decided, as one line."""
        return in_words(self.row.rule) if self.row and self.row.rule else ""

    @property
    def is_limited(self) -> bool:
        """Whether minutes are noted: what is supported in full is not counted."""
        return bool(self.row and self.row.rule and self.row.rule.verdict != Verdict.FULL)


def beside(ticket: Ticket, now: datetime, find: str = "") -> Beside:
    """At most five queries, however many entitlements there are."""
    checks = EntitlementCheck.objects.filter(ticket=ticket).select_related(
        "entitlement__organisation", "entitlement__person", "person"
    )
    check = checks.order_by("-pk").first()
    claims = PriorityClaim.objects.filter(ticket=ticket).select_related("entitlement", "answered_by")
    mine = list(shown(Entitlement.objects.filter(contacts__person=ticket.requester_id)))
    standing = best_of(mine, now)
    ended = standing.entitlement if standing.result in (CheckResult.ENDED, CheckResult.USED_UP) else None
    found = [] if ticket.support == Support.PRIORITY else _found(ticket, check, find.strip(), now)
    return Beside(standing, check, claims.order_by("-pk").first(), found, renewal_address(ended) if ended else "")


def _found(ticket: Ticket, check: EntitlementCheck | None, find: str, now: datetime) -> list[Entitlement]:
    """Entitlements that may be meant: what was typed; else those of the requester, their organisation, the claim."""
    if find:
        named = Q(organisation__name__icontains=find) | Q(person__name__icontains=find) | Q(person__email__iexact=find)
        which = named | Q(organisation__domain__iexact=find) | Q(contacts__person__email__iexact=find)
    else:
        which = Q(contacts__person=ticket.requester_id)
        if ticket.organisation_id:
            which |= Q(organisation=ticket.organisation_id)
        if check and check.entitlement_id:
            which |= Q(pk=check.entitlement_id)
    keys = Entitlement.objects.filter(which).values("pk")
    rows = shown(Entitlement.objects.filter(pk__in=keys)).prefetch_related("contacts").order_by("-starts_at", "-pk")
    holding = [row for row in rows[: MOST_FOUND * 4] if standing_of(row, now).is_entitled][:MOST_FOUND]
    for row in holding:
        row.contacts_count = len(row.contacts.all())  # type: ignore[attr-defined]  # for the panel
    return holding


def scope_beside(ticket: Ticket, now: datetime) -> ScopeBeside:
    """At most five queries."""
    rows = TicketScope.objects.select_related(
        "rule__template", "rule__article__space", "judged_by", "overridden_by"
    )  # fmt: skip
    row = rows.filter(ticket=ticket).first()
    rules = rules_on(day_of(ticket))
    running = ScopeTime.objects.select_related("person").filter(ticket=ticket, ended_at=None).first() if row else None
    return ScopeBeside(
        row,
        spent_on(ticket, now) if row else 0,
        running,
        _named(rules, "product"),
        _named(rules, "hardware"),
        bool(rules),
    )


def _named(rules: list[ScopeRule], column: str) -> list[str]:
    return list(dict.fromkeys(name for rule in rules if (name := getattr(rule, column))))


def last_facts_of(person: Person, but: int) -> TicketScope | None:
    """What was said last of another ticket of the same person: most people have one thing. One query."""
    rows = TicketScope.objects.filter(ticket__requester=person).exclude(ticket=but)
    return rows.order_by("-pk").first()
