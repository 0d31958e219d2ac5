"""What we support, as rules: the first that fits decides. One function judges tickets and fills the public page.

A day has its own rules: `rules_on(day)` are the versions that hold on it, so that a ticket of 31 May is judged by what
held on 31 May (N6).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet

from billing.actions.numbering import local_day
from tickets.models import ScopeRule, Ticket
from tickets.support_choices import ForWhom, Verdict

YEARS = (1950, 2100)
_PARTS = re.compile(r"\d+|[a-z]+")
_WORDS = re.compile(r"[\w]+")


@dataclass(frozen=True)
class Facts:
    """What a ticket is about. Empty: nobody said."""

    product: str = ""
    hardware: str = ""
    made_in: int | None = None
    version: str = ""
    has_priority: bool = False


@dataclass(frozen=True)
class Judged:
    """What the rules say: `rule` None where none fits. `unknown` are facts that an earlier rule asks for and nobody
    gave, so that another answer may follow once they are known.
    """

    rule: ScopeRule | None
    unknown: Sequence[str] = field(default_factory=tuple)

    @property
    def verdict(self) -> str:
        return self.rule.verdict if self.rule else ""


def rules_on(day: date) -> list[ScopeRule]:
    """The versions that hold on `day`, in order. One query."""
    return list(holding(day).select_related("article__space", "template").order_by("position", "pk"))


def day_of(ticket: Ticket) -> date:
    """The day by whose rules a ticket is judged: when it came, on the seller's wall calendar."""
    return local_day(ticket.created_at)


def holding(day: date) -> QuerySet[ScopeRule]:
    """The same as a query set."""
    standing = ScopeRule.objects.filter(withdrawn_at__isnull=True, starts_on__lte=day)
    return standing.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day))


def judge(rules: Sequence[ScopeRule], facts: Facts) -> Judged:
    """The first rule that fits. A rule that asks for something that nobody said does not fit."""
    unknown: dict[str, None] = {}
    for rule in rules:
        missing = _missing(rule, facts)
        if not missing and fits(rule, facts):
            return Judged(rule, tuple(unknown))
        if missing and fits(rule, facts, but=missing):
            unknown |= dict.fromkeys(missing)
    return Judged(None, tuple(unknown))


def fits(rule: ScopeRule, facts: Facts, *, but: Sequence[str] = ()) -> bool:
    """Whether everything that a rule asks for is so; `but` names facts that are left out of it."""
    checks = {
        "product": not rule.product or _same(rule.product, facts.product),
        "hardware": not rule.hardware or _within(rule.hardware, facts.hardware),
        "year": _year_fits(rule, facts.made_in),
        "version": _version_fits(rule, facts.version),
        "for_whom": not rule.for_whom or (rule.for_whom == ForWhom.PRIORITY) == facts.has_priority,
    }
    return all(found for name, found in checks.items() if name not in but)


def as_version(text: str) -> tuple[tuple[int, int, str], ...]:
    """A version in parts that compare as people read them: 2.10 is after 2.9, 2.0 before 2.0.1, 2.0b before 2.0."""
    parts = _PARTS.findall(text.lower())
    if parts[:1] == ["v"]:
        parts = parts[1:]
    found = [(1, int(part), "") if part.isdigit() else (-1, 0, part) for part in parts]
    numbers = next((place for place, part in enumerate(found) if part[2]), len(found))
    kept = numbers
    while kept and found[kept - 1] == (1, 0, ""):  # 2.0 is 2, and 2.0b comes before both
        kept -= 1
    return (*found[:kept], *found[numbers:], (0, 0, ""))


def _missing(rule: ScopeRule, facts: Facts) -> list[str]:
    asked = {
        "product": rule.product and not facts.product.strip(),
        "hardware": rule.hardware and not facts.hardware.strip(),
        "year": (rule.made_from or rule.made_until) and facts.made_in is None,
        "version": (rule.version_from or rule.version_below) and not facts.version.strip(),
    }
    return [name for name, is_missing in asked.items() if is_missing]


def _same(one: str, other: str) -> bool:
    return _WORDS.findall(one.casefold()) == _WORDS.findall(other.casefold())


def _within(words: str, text: str) -> bool:
    """Whether all words of the rule stand in what was said, in their order and beside each other."""
    wanted, said = _WORDS.findall(words.casefold()), _WORDS.findall(text.casefold())
    return any(said[at : at + len(wanted)] == wanted for at in range(len(said) - len(wanted) + 1))


def _year_fits(rule: ScopeRule, year: int | None) -> bool:
    if rule.made_from is None and rule.made_until is None:
        return True
    return year is not None and (rule.made_from or YEARS[0]) <= year <= (rule.made_until or YEARS[1])


def _version_fits(rule: ScopeRule, version: str) -> bool:
    if not (rule.version_from or rule.version_below):
        return True
    if not version.strip():
        return False
    given = as_version(version)
    return not (
        (rule.version_from and given < as_version(rule.version_from))
        or (rule.version_below and given >= as_version(rule.version_below))
    )


def in_words(rule: ScopeRule) -> str:
    """What a rule is about, as one line: “Displays, DS-200, made until 2016, before version 3”."""
    parts = [rule.product, rule.hardware, _years(rule), _versions(rule)]
    return ", ".join(part for part in parts if part) or "Everything else"


def verdict_words(rule: ScopeRule) -> str:
    """What a rule says: “Best effort, up to 30 minutes”."""
    if rule.verdict == Verdict.BEST_EFFORT:
        return f"Best effort, up to {rule.minutes} minutes"
    return str(Verdict(rule.verdict).label)


def _years(rule: ScopeRule) -> str:
    if rule.made_from and rule.made_until:
        return f"made {rule.made_from} to {rule.made_until}"
    if rule.made_until:
        return f"made {rule.made_until} or before"
    return f"made {rule.made_from} or later" if rule.made_from else ""


def _versions(rule: ScopeRule) -> str:
    if rule.version_from and rule.version_below:
        return f"version {rule.version_from} up to, without {rule.version_below}"
    if rule.version_below:
        return f"before version {rule.version_below}"
    return f"version {rule.version_from} or later" if rule.version_from else ""
