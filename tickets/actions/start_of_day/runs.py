"""A person's start of the day: begun, its tickets gone through, its sources clear, done. And who leads the day."""

from datetime import datetime

from django.db import transaction

from accounts import access
from accounts.journal import record
from accounts.models import Person
from supportdesk.lib.failpoints import failpoint
from tickets.actions.start_of_day.days import keep_day
from tickets.models import DayCheck, DayLater, DayRun, DeskDay, Ticket
from tickets.queries_desk.sources import SourceStanding, standings
from tickets.queries_desk.start_of_day import due_for, left_from_before
from tickets.refusals import Refused
from tickets.source_choices import RunState

LONGEST_HANDOVER = 4000
LONGEST_WORDS = 200
MOST_NAMED = 5


class NoDay(Refused):
    """The desk is closed today, or this person's day does not begin with the queue."""


class CannotFinish(Refused):
    """Something stands in the way. `problems` are the sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class CannotPutOff(Refused):
    """The ticket is not left over, or nobody said what becomes of it."""


class CannotLead(Refused):
    """This person is not there today."""


def begin(*, by: Person, now: datetime) -> DayRun:
    """Say that one's start of the day begins now. Begun already: nothing happens. Raises NoDay and NotAllowed."""
    access.require(by, "tickets.work", now=now)
    keep_day(now=now)
    with transaction.atomic():
        _, run = _mine(by, now)
        return _begin(run, now)


def _begin(run: DayRun, now: datetime) -> DayRun:
    if run.began_at is None:
        run.began_at = now
        if run.state == RunState.EXCUSED:
            run.state = RunState.OPEN if now < run.day.late_at else RunState.LATE
        run.save(update_fields=["began_at", "state"])
    return run


def finish(*, by: Person, handover: str, now: datetime) -> DayRun:
    """One's start of the day is done: every source is clear, and nothing lies from before today without a word.

    What was seen of each source is kept with it. Done already: only the words for tomorrow change. Raises NoDay,
    CannotFinish and NotAllowed.
    """
    access.require(by, "tickets.work", now=now)
    words = handover.replace("\x00", "").replace("\r\n", "\n").strip()
    if len(words) > LONGEST_HANDOVER:
        raise CannotFinish([f"Write at most {LONGEST_HANDOVER:,} characters for tomorrow."])
    keep_day(now=now)
    with transaction.atomic():
        day, run = _mine(by, now)
        if run.done_at is not None:
            DayRun.objects.filter(pk=run.pk).update(handover=words)
            run.handover = words
            return run
        _begin(run, now)
        seen = standings(day, now)
        problems = _problems(day, run, seen)
        if problems:
            raise CannotFinish(problems)
        _close(run, seen, words, day, now)
        record(by=by, action="tickets.finish_day", subject=run, data={"on": day.on.isoformat()}, now=now)
    return run


def _close(run: DayRun, seen: list[SourceStanding], words: str, day: DeskDay, now: datetime) -> None:
    run.state = RunState.DONE if now < day.late_at else RunState.LATE
    run.done_at, run.handover = max(now, run.began_at or now), words
    run.items = due_for(day, run.person).count()
    run.save(update_fields=["state", "done_at", "handover", "items"])
    DayCheck.objects.bulk_create(
        DayCheck(run=run, source=one.source, state=one.state, expected=one.theirs, seen=one.ours,
                 attested_name=one.attested_name)
        for one in seen
    )  # fmt: skip
    failpoint("tickets.day.finished")


def _problems(day: DeskDay, run: DayRun, seen: list[SourceStanding]) -> list[str]:
    clouded = [one for one in seen if not one.is_clear]
    found = [f"{one.source.name}: {words[0].lower()}{words[1:]}" for one in clouded for words in one.problems]
    lying = list(left_from_before(day, run).order_by("next_action_at", "pk").values_list("pk", flat=True)[:101])
    if lying:
        named = ", ".join(f"#{pk}" for pk in lying[:MOST_NAMED])
        more = (
            f" and {'over 95' if len(lying) > 100 else len(lying) - MOST_NAMED} more" if len(lying) > MOST_NAMED else ""
        )
        found.append(
            f"Left from before today: {named}{more}. Answer each, give it another date, or say what you do about it."
        )
    return found


def put_off(*, ticket: Ticket, words: str, by: Person, now: datetime) -> DayLater:
    """Say what one does today about a ticket that is left from before today. Raises CannotPutOff, NoDay, NotAllowed."""
    access.require(by, "tickets.work", now=now)
    said = " ".join(words.replace("\x00", "").split())
    if not said:
        raise CannotPutOff("Write what you do about it today, like “I ring them at two”.")
    if len(said) > LONGEST_WORDS:
        raise CannotPutOff(f"Write it in at most {LONGEST_WORDS} characters.")
    keep_day(now=now)
    with transaction.atomic():
        day, run = _mine(by, now)
        row = due_for(day, by).filter(pk=ticket.pk, next_action_at__lt=day.begins_at).first()
        if row is None or row.next_action_at is None:
            raise CannotPutOff(f"Ticket {ticket.pk} is not among what is left for you from before today.")
        later, _ = DayLater.objects.update_or_create(
            run=run, ticket=row, due_at=row.next_action_at, defaults={"words": said, "at": now}
        )
    return later


def choose_captain(*, captain: Person, by: Person, now: datetime) -> DeskDay:
    """Say who leads the day. Raises CannotLead, NoDay and NotAllowed."""
    access.require(by, "tickets.work", now=now)
    if keep_day(now=now) is None:
        raise NoDay("The desk is closed today.")
    with transaction.atomic():
        day = _today(now)
        runs = DayRun.objects.filter(day=day, person=captain).exclude(state=RunState.EXCUSED)
        if not runs.exists():
            raise CannotLead(f"{captain.shown_name} is not there today.")
        day.captain, day.is_captain_chosen = captain, True
        day.save(update_fields=["captain", "is_captain_chosen"])
        record(by=by, action="tickets.choose_captain", subject=day, data={"captain": captain.pk}, now=now)
    return day


def _today(now: datetime) -> DeskDay:
    """Today's row, locked."""
    rows = DeskDay.objects.select_for_update().filter(begins_at__lte=now, ends_at__gt=now)
    day = rows.first()
    if day is None:
        raise NoDay("The desk is closed today. Nothing has to be done.")
    return day


def _mine(by: Person, now: datetime) -> tuple[DeskDay, DayRun]:
    """Today and one's start of it, both locked. `keep_day` made it, unless one's day does not begin with the queue."""
    day = _today(now)
    run = DayRun.objects.select_for_update().filter(day=day, person=by).first()
    if run is None:
        raise NoDay("Your day does not begin with the queue: you do not answer tickets.")
    run.day, run.person = day, by
    return day, run
