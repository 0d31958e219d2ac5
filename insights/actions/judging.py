"""Whether fixes helped, counted once their 28 days are over, and watched from then on. Runs every hour, after
everything was gathered.

A problem is judged and told about in one transaction with its row locked and looked at again: running twice, two at
once or a kill in the middle judge it once and tell its owner once.
"""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.journal import record
from insights import effects
from insights.actions.problems import reopen
from insights.actions.telling import tell
from insights.desk import desk_zone
from insights.models import DirtyDay, DirtyMonth, Problem, ProblemMove
from insights.problem_choices import FIXED, UNFIXED, ProblemState
from insights.queries_problems import OVERLOOKED_CONTACTS, Counts, read_counts
from supportdesk.lib.failpoints import failpoint
from tickets.models import ContactReason


def look_at_problems(*, now: datetime) -> int:
    """Judge fixes whose 28 days are over, open again what came back, write down drivers that many ask about.

    Answers how many problems changed. While days that are over are still to be counted again, nothing is judged; on a
    busy desk today is to be counted again at any moment.
    """
    today = now.astimezone(desk_zone()).date()
    months = DirtyMonth.objects.filter(month__lt=today.replace(day=1))
    if DirtyDay.objects.filter(on__lt=today).exists() or months.exists():
        return 0
    counts = read_counts(now)
    fixed = sorted(problem.pk for problem in counts.problems if problem.state in FIXED)
    changed = sum(_look_at(pk, counts, now) for pk in fixed)
    return changed + _write_down(counts, now)


@transaction.atomic
def _look_at(pk: int, counts: Counts, now: datetime) -> bool:
    rows = Problem.objects.select_for_update(of=("self",)).select_related("owner")
    row = rows.filter(pk=pk, state__in=FIXED, fixed_on__isnull=False).first()
    if row is None or row.fixed_on is None or effects.after_days(row.fixed_on)[1] >= counts.today:
        return False
    reasons, is_first = counts.tree.below[row.driver_id], row.judged_at is None
    if is_first:
        days_before, days_after = counts.days_of_fix(row.fixed_on)
        if days_before not in counts.sums or days_after not in counts.sums:
            return False  # it was fixed since they were counted
        before, after = counts.side(reasons, days_before), counts.side(reasons, days_after)
        row.before, row.before_customers = before.contacts, before.customer_days
        row.after, row.after_customers = after.contacts, after.customer_days
        row.judged_at = now
    else:
        before = effects.Side(row.before or 0, effects.BEFORE_DAYS, row.before_customers)
        after = counts.lately(reasons)
    changed = _judge(row, (before, after), counts, is_first=is_first, now=now)
    failpoint("insights.judge.written")
    return changed


def _judge(
    row: Problem, sides: tuple[effects.Side, effects.Side], counts: Counts, *, is_first: bool, now: datetime
) -> bool:
    left = effects.effect(*sides)
    if effects.is_back(left):
        if Problem.objects.filter(driver=row.driver_id, state__in=(*UNFIXED, ProblemState.FIXED)).exclude(pk=row.pk):
            return False  # a newer problem of the same driver says it already
        words = f"People ask more than before the fix: {_percent(left)} of the contacts."
        reopen(row, by=None, words=words, now=now)
        _tell_owner(row, f"Opened again: {row.title}", words, now)
    elif is_first and effects.is_verified(left):
        row.state, row.moved_at = ProblemState.VERIFIED, now
        row.saved = effects.saved(*sides, counts.cents(row.driver_id))
        row.save()
        words = f"{_percent(left)} of the contacts are left."
        ProblemMove.objects.create(problem=row, at=now, state=row.state, words=words)
        _tell_owner(row, f"It helped: {row.title}", words, now)
    elif is_first:
        row.save()
        words = f"{_percent(left)} of the contacts are left; a fix is verified at 50% or less."
        ProblemMove.objects.create(problem=row, at=now, state=row.state, words=words)
        _tell_owner(row, f"Not verified: {row.title}", words, now)
    else:
        return False
    data = {"state": row.state, "left": None if left is None else round(float(left), 3)}
    record(by=None, action="insights.judge_fix", subject=row, data=data, now=now)
    return True


def _tell_owner(row: Problem, subject: str, words: str, now: datetime) -> None:
    address = settings.SITE_URL + reverse("insights:problem", args=[row.pk])
    about = f"problem:{row.pk}:{row.times_reopened}:{row.state}"
    tell([row.owner], subject, [words, "", f"Changed: {row.fix}", "", address], about=about, now=now)


def _write_down(counts: Counts, now: datetime) -> int:
    """A driver with ten contacts a month becomes a problem that waits for an owner (R64), unless it has one."""
    covered = set()
    for driver in Problem.objects.values_list("driver", flat=True):
        covered |= counts.tree.below.get(driver, {driver})
    busy = [
        key
        for key in counts.sums[counts.last_days]
        if key in counts.tree.below and key not in covered and counts.tree.is_preventable(key)
        if counts.lately([key]).contacts >= OVERLOOKED_CONTACTS
    ]
    return sum(_open(key, counts.tree.names[key], now) for key in sorted(busy))


def _open(reason: int, name: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            driver = ContactReason.objects.select_for_update().get(pk=reason, is_active=True)
            if Problem.objects.filter(driver=driver).exists():
                return False
            title = f"People ask about {name}"[:120]
            problem = Problem.objects.create(driver=driver, title=title, opened_at=now, moved_at=now)
            ProblemMove.objects.create(problem=problem, at=now, state=problem.state)
            record(by=None, action="insights.open_problem", subject=problem, data={"driver": reason}, now=now)
    except (ContactReason.DoesNotExist, IntegrityError):
        return False
    return True


def _percent(left) -> str:
    return "None" if left is None else f"{round(float(left) * 100)}%"
