"""What we support is written by leads: rules with dates, whose versions never change (N6).

A change holds from today on or later. Only a rule that a ticket waits for may hold from that ticket's day on, and it
stands last, so that it decides nothing that another rule decided.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db.models import F, Max

from accounts import journal
from accounts.models import Person
from billing.actions.numbering import local_day
from knowledgebase.models import Article
from supportdesk.lib.locks import take_transaction_lock
from tickets.actions.scope.judging import judge_again
from tickets.actions.setup.door import by_lead
from tickets.models import ReplyTemplate, ScopeRule, Ticket, TicketScope
from tickets.refusals import Refused
from tickets.scope import day_of
from tickets.support_choices import Verdict

LOCK = "tickets.scope_rules"
STEP = 1_000_000
MOST_RULES = 500


class CannotChangeScope(Refused):
    """The rules stay as they are. `field` is where the message belongs."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class ScopeWords:
    """What a rule asks for and what it says. Empty conditions fit everything."""

    verdict: str
    product: str = ""
    hardware: str = ""
    made_from: int | None = None
    made_until: int | None = None
    version_from: str = ""
    version_below: str = ""
    for_whom: str = ""
    minutes: int = 0
    why: str = ""
    template: ReplyTemplate | None = None
    article: Article | None = None

    def columns(self) -> dict:
        """As they stand in a row. An agent is warned when five sixths of the minutes are over: 25 of 30."""
        known = {name: getattr(self, name) for name in self.__dataclass_fields__}
        minutes = self.minutes if self.verdict == Verdict.BEST_EFFORT else 0
        return known | {"minutes": minutes, "warn_after": minutes * 5 // 6}


@by_lead
def create_rule(
    *, words: ScopeWords, starts_on: date, after: int | None, by: Person, now: datetime, ticket: Ticket | None = None
) -> ScopeRule:
    """A new rule behind the line `after`, first where that is None. Raises CannotChangeScope.

    For a `ticket` that no rule decides it holds from that ticket's day on, stands last, and decides it.
    """
    take_transaction_lock(LOCK)
    _check(words)
    waiting = _waiting(ticket) if ticket else None
    if waiting is None:
        _not_before_today(starts_on, now)
        position = _position(after)
    else:
        starts_on, position = min(starts_on, day_of(waiting)), _last()
    if ScopeRule.objects.filter(withdrawn_at=None, ends_on=None).count() >= MOST_RULES:
        raise CannotChangeScope(f"There are {MOST_RULES} rules already. End some of them first.")
    rule = ScopeRule.objects.create(
        line=0, version=1, position=position, starts_on=starts_on, created_by=by, created_at=now, **words.columns()
    )
    ScopeRule.objects.filter(pk=rule.pk).update(line=rule.pk)
    rule.line = rule.pk
    _record(rule, "tickets.create_scope_rule", by, now)
    if waiting is not None:
        judge_again(ticket=waiting, by=by, now=now)
    return rule


@by_lead
def change_rule(
    *, line: int, words: ScopeWords, starts_on: date, after: int | None, by: Person, now: datetime, stays: bool = True
) -> ScopeRule:
    """A new version of a rule from `starts_on` on; until then the one before it holds. A change that was planned for
    that day or later is replaced. `stays`: it keeps its place. Raises CannotChangeScope.
    """
    take_transaction_lock(LOCK)
    _check(words)
    _not_before_today(starts_on, now)
    versions = list(ScopeRule.objects.filter(line=line).order_by("version"))
    if not versions:
        raise CannotChangeScope("Somebody removed this rule.")
    position = versions[-1].position if stays else _position(after, but=line)
    _make_room(line, starts_on, now)
    rule = ScopeRule.objects.create(
        line=line, version=versions[-1].version + 1, position=position, starts_on=starts_on, created_by=by,
        created_at=now, **words.columns(),
    )  # fmt: skip
    _record(rule, "tickets.change_scope_rule", by, now)
    return rule


@by_lead
def end_rule(*, line: int, ends_on: date, by: Person, now: datetime) -> None:
    """Let a rule hold no more from `ends_on` on. What it decided stays decided. Raises CannotChangeScope."""
    take_transaction_lock(LOCK)
    _not_before_today(ends_on, now)
    last = ScopeRule.objects.filter(line=line, withdrawn_at=None).order_by("-version").first()
    if last is None:
        raise CannotChangeScope("Somebody removed this rule.")
    _make_room(line, ends_on, now)
    data = {"ends_on": ends_on.isoformat()}
    journal.record(
        by=by, action="tickets.end_scope_rule", subject=f"tickets.scope_rule:{line}", data=data, now=now
    )  # fmt: skip


def _make_room(line: int, day: date, now: datetime) -> None:
    """Withdraw what was planned from `day` on, and let the version before it end then."""
    standing = ScopeRule.objects.filter(line=line, withdrawn_at=None)
    standing.filter(starts_on__gte=day).update(withdrawn_at=now)
    before = standing.filter(starts_on__lt=day).order_by("-starts_on", "-version").first()
    if before is not None and (before.ends_on is None or before.ends_on > day):
        ScopeRule.objects.filter(pk=before.pk).update(ends_on=day)


def _waiting(ticket: Ticket) -> Ticket | None:
    return ticket if TicketScope.objects.filter(ticket=ticket, rule=None).exists() else None


def _check(words: ScopeWords) -> None:
    if words.verdict not in Verdict.values:
        raise CannotChangeScope("Choose how far we help.", "verdict")
    if words.verdict == Verdict.BEST_EFFORT and not 1 <= words.minutes <= 600:
        raise CannotChangeScope("Enter how many minutes we try, from 1 to 600.", "minutes")
    if words.verdict == Verdict.NONE and words.template is None:
        raise CannotChangeScope("Choose the words with which it is declined.", "template")
    if words.verdict == Verdict.NONE and words.article is None:
        raise CannotChangeScope("Choose an article that helps all the same.", "article")
    if words.made_from and words.made_until and words.made_until < words.made_from:
        raise CannotChangeScope("The last year comes before the first.", "made_until")


def _not_before_today(day: date, now: datetime) -> None:
    today = local_day(now)
    if day < today:
        raise CannotChangeScope(
            f"Choose today, {today:%-d %B %Y}, or a later day: tickets that came before are judged by what held then.",
            "starts_on",
        )


def _position(after: int | None, *, but: int = 0) -> int:
    """Between the rule of the line `after` and the next. Where no number is left between them, all move apart."""
    rows = ScopeRule.objects.filter(withdrawn_at=None).exclude(line=but)
    while True:
        at = rows.filter(line=after).order_by("-version").values_list("position", flat=True).first() if after else None
        above = rows.filter(position__gt=at) if at is not None else rows
        following = above.order_by("position").values_list("position", flat=True).first()
        if following is None:
            return _last()
        if at is None:
            return following - STEP
        if following - at > 1:
            return (at + following) // 2
        ScopeRule.objects.update(position=F("position") * STEP)  # the order of every day stays as it was


def _last() -> int:
    return (ScopeRule.objects.aggregate(last=Max("position"))["last"] or 0) + STEP


def _record(rule: ScopeRule, action: str, by: Person, now: datetime) -> None:
    known = asdict(ScopeWords(rule.verdict, product=rule.product, hardware=rule.hardware, minutes=rule.minutes))
    data = {name: value for name, value in known.items() if value} | {
        "version": rule.version, "starts_on": rule.starts_on.isoformat(),
    }  # fmt: skip
    journal.record(by=by, action=action, subject=f"tickets.scope_rule:{rule.line}", data=data, now=now)
