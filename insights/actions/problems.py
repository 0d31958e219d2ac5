"""A problem from the first look to the fix. Judging whether it helped is counting, in `judging`."""

from datetime import date, datetime

from django.db import transaction

from accounts import access
from accounts.journal import record
from accounts.models import Person
from insights.models import EngEffort, Problem, ProblemMove, ProblemTicket
from insights.models.problems import LONGEST_FIX
from insights.problem_choices import MOVES, UNFIXED, ProblemState
from insights.refusals import Refused
from knowledgebase.models import Article
from tickets.models import ContactReason, Ticket

LOOK_AFTER = "desk.automate"
MOST_LINKED = 500


class CannotDoThat(Refused):
    """The problem is not as far as that, or something about it is missing."""


def open_problem(*, driver: ContactReason, title: str, by, now: datetime, owner: Person | None = None) -> Problem:
    """Write down that people keep asking. Raises CannotDoThat where the driver has an unsolved problem already."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        return _open(driver, title, owner, by, now)


def change(
    *,
    problem: Problem,
    title: str,
    owner: Person | None,
    cause: str,
    workaround: Article | None,
    state: str,
    by,
    now: datetime,
) -> None:
    """Say who is responsible, what causes it, what helps meanwhile, and how far it is.

    Somebody has to be responsible for anything but a problem that was only identified; a known error has a cause.
    Raises CannotDoThat, NotAllowed.
    """
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        row = _locked(problem)
        _check_owner(owner)
        row.title, row.owner, row.cause, row.workaround = title, owner, cause, workaround
        if state != row.state:
            _check_move(row, state)
            _move(row, state, by=by, now=now)
        if row.state != ProblemState.IDENTIFIED and row.owner is None:
            raise CannotDoThat("Say who is responsible. A problem without an owner stays “Identified”.")
        if row.state == ProblemState.KNOWN_ERROR and not row.cause.strip():
            raise CannotDoThat("Write the cause. An error is known once its cause is.")
        row.save()
        data = {"state": row.state, "owner": row.owner_id}
        record(by=by, action="insights.change_problem", subject=row, data=data, now=now)


def plan_fix(
    *, driver: ContactReason, title: str, owner: Person, fix: str, planned_for: date | None, by, now: datetime
) -> Problem:
    """Say what will be changed and who sees to it; opens the problem where there is none. Raises CannotDoThat."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        row = Problem.objects.select_for_update(of=("self",)).filter(driver=driver, state__in=UNFIXED).first()
        row = row or _open(driver, title, owner, by, now)
        _check_owner(owner)
        row.title, row.owner, row.fix, row.planned_for = title, owner, fix[:LONGEST_FIX], planned_for
        if row.state != ProblemState.PLANNED:
            _move(row, ProblemState.PLANNED, by=by, now=now, words=fix)
        row.save()
        record(by=by, action="insights.plan_fix", subject=row, data={"owner": owner.pk}, now=now)
    return row


def fixed(*, problem: Problem, fix: str, fixed_on: date, today: date, by, now: datetime) -> None:
    """It was changed on that day; from then on contacts are counted. Raises CannotDoThat."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        row = _locked(problem)
        if row.state not in UNFIXED:
            raise CannotDoThat("This problem is fixed already. If people still ask, open it again first.")
        if row.owner is None:
            raise CannotDoThat("Say who is responsible first.")
        if not fix.strip():
            raise CannotDoThat("Say what was changed.")
        if fixed_on > today:
            raise CannotDoThat("A fix is written down once it is there, so its day is today or earlier.")
        row.fix, row.fixed_on = fix[:LONGEST_FIX], fixed_on
        row.judged_at = row.before = row.after = row.saved = None
        _move(row, ProblemState.FIXED, by=by, now=now, words=fix)
        row.save()
        record(by=by, action="insights.fixed", subject=row, data={"on": fixed_on.isoformat()}, now=now)


def open_again(*, problem: Problem, words: str, by, now: datetime) -> None:
    """The fix was none. Raises CannotDoThat."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        row = _locked(problem)
        if row.state in UNFIXED:
            raise CannotDoThat("This problem is open.")
        other = Problem.objects.filter(driver=row.driver, state__in=(*UNFIXED, ProblemState.FIXED)).exclude(pk=row.pk)
        if other.exists():
            raise CannotDoThat("There is a newer problem of the same driver. Go on there.")
        reopen(row, by=by, words=words, now=now)
        record(by=by, action="insights.reopen_problem", subject=row, now=now)


def reopen(row: Problem, *, by, words: str, now: datetime) -> None:
    """A locked problem is open again. The caller tells and journals."""
    row.times_reopened, row.saved = row.times_reopened + 1, None
    _move(row, ProblemState.REOPENED, by=by, now=now, words=words)
    row.save()


def note_effort(*, problem: Problem, on: date, minutes: int, words: str, by, now: datetime) -> EngEffort:
    """Engineering spent time on it. Raises NotAllowed."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        effort = EngEffort.objects.create(problem=problem, on=on, minutes=minutes, words=words, by=by, at=now)
        record(by=by, action="insights.note_effort", subject=problem, data={"minutes": minutes}, now=now)
    return effort


def link(*, problem: Problem, ticket: Ticket, by, now: datetime) -> bool:
    """The ticket asks because of this problem; whether it was not linked before. Raises NotAllowed."""
    access.require(by, "tickets.work", now=now)
    with transaction.atomic():
        _, is_new = ProblemTicket.objects.get_or_create(problem=problem, ticket=ticket, defaults={"by": by, "at": now})
        if is_new:
            record(by=by, action="insights.link_ticket", subject=ticket, data={"problem": problem.pk}, now=now)
    return is_new


def unlink(*, problem: Problem, ticket: Ticket, by, now: datetime) -> None:
    """The ticket has nothing to do with it. Raises NotAllowed."""
    access.require(by, "tickets.work", now=now)
    with transaction.atomic():
        gone, _ = ProblemTicket.objects.filter(problem=problem, ticket=ticket).delete()
        if gone:
            record(by=by, action="insights.unlink_ticket", subject=ticket, data={"problem": problem.pk}, now=now)


def link_many(*, problem: Problem, tickets: list[Ticket], by, now: datetime) -> int:
    """As `link` for many at once, at most MOST_LINKED; how many are new. Raises NotAllowed."""
    access.require(by, LOOK_AFTER, now=now)
    with transaction.atomic():
        known = set(ProblemTicket.objects.filter(problem=problem, ticket__in=tickets).values_list("ticket", flat=True))
        new = [ticket for ticket in tickets if ticket.pk not in known][:MOST_LINKED]
        rows = [ProblemTicket(problem=problem, ticket=ticket, by=by, at=now) for ticket in new]
        ProblemTicket.objects.bulk_create(rows, ignore_conflicts=True)
        record(by=by, action="insights.link_tickets", subject=problem, data={"tickets": len(new)}, now=now)
    return len(new)


def _open(driver: ContactReason, title: str, owner: Person | None, by, now: datetime) -> Problem:
    _check_owner(owner)
    problem, is_new = Problem.objects.exclude(state=ProblemState.VERIFIED).get_or_create(
        driver=driver,
        defaults={"title": title, "owner": owner, "opened_at": now, "opened_by": by, "moved_at": now},
    )
    if not is_new:
        raise CannotDoThat(f"“{problem.title}” is about the same driver and is not solved yet. Go on there.")
    ProblemMove.objects.create(problem=problem, at=now, by=by, state=problem.state)
    record(by=by, action="insights.open_problem", subject=problem, data={"driver": driver.pk}, now=now)
    return problem


def _locked(problem: Problem) -> Problem:
    return Problem.objects.select_for_update(of=("self",)).select_related("driver", "owner").get(pk=problem.pk)


def _check_owner(owner: Person | None) -> None:
    if owner is not None and not owner.is_staff_member:
        raise CannotDoThat(f"{owner.shown_name} is not on the staff, so nobody would be responsible.")


def _check_move(row: Problem, state: str) -> None:
    if state not in MOVES[row.state]:
        raise CannotDoThat(
            f"A problem that is “{ProblemState(row.state).label}” does not become “{ProblemState(state).label}”."
        )
    if state == ProblemState.PLANNED and not row.fix:
        raise CannotDoThat("Say what will be changed: use “Plan a fix”.")


def _move(row: Problem, state: str, *, by, now: datetime, words: str = "") -> None:
    row.state, row.moved_at = state, now
    ProblemMove.objects.create(problem=row, at=now, by=by, state=state, words=words[:300])
