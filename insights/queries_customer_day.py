"""Customer Day: who is invited, which days can be had, how a quarter went, and what it left over."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min, Q

from accounts.access import ACTIONS
from accounts.choices import Role
from accounts.models import Grant, Person
from insights import quarters
from insights.desk import desk_zone, read_promises
from insights.models import CustomerDay, CustomerDayRules, Observation
from insights.programme_choices import UNFINISHED, DayState
from supportdesk.lib.business_hours import Calendar
from tickets.models import Absence

STILL_TO_COME = (DayState.INVITED, DayState.PLANNED, DayState.BRIEFED)
UNMOVED_FOR = timedelta(days=30)
LISTED = 50
DAYS_OFFERED = 92


def rules() -> CustomerDayRules:
    """How it is held here."""
    return CustomerDayRules.objects.select_related("article__space").filter(pk=1).first() or CustomerDayRules(pk=1)


def is_held(how: CustomerDayRules, quarter: date) -> bool:
    """Whether a quarter has Customer Days: from the second one of a new desk on, or from when an admin said so."""
    if not how.is_enabled or how.enabled_at is not None:
        return how.is_enabled
    first = Grant.objects.aggregate(first=Min("granted_at"))["first"]
    return first is not None and quarters.quarter_of(first.astimezone(desk_zone()).date()) < quarter


def today(now: datetime) -> date:
    """The day that it is at this desk."""
    return now.astimezone(desk_zone()).date()


def participants(quarter: date) -> list[Person]:
    """Everybody on the staff who may do something, without those whom the rules leave out, and without whoever came in
    the quarter's last month: they begin with the next one. Three queries.
    """
    since = dict(Grant.objects.filter(revoked_at=None).values_list("person").annotate(since=Min("granted_at")))
    zone, last = desk_zone(), quarters.proposed_on(quarter)
    left_out = set(rules().left_out.values_list("pk", flat=True))
    staff = Person.objects.staff().with_roles().order_by("name", "pk")
    return [
        person
        for person in staff
        if person.pk not in left_out and person.roles != {Role.OBSERVER}
        and since[person.pk].astimezone(zone).date() < last
    ]  # fmt: skip


@dataclass(frozen=True)
class Diary:
    """Which days of a quarter are open, and how full each of them is."""

    calendar: Calendar | None
    busy: Counter
    most: int

    def is_open(self, day: date) -> bool:
        """Whether the desk opens on it."""
        calendar = self.calendar
        return calendar is None or (bool(calendar.week[day.weekday()]) and day not in calendar.holidays)

    def is_full(self, day: date) -> bool:
        """As many people have it already as the rules allow."""
        return self.busy[day] >= self.most


def diary(quarter: date, *, but: CustomerDay | None = None) -> Diary:
    """The days of a quarter, without what `but` has taken of them."""
    rows = CustomerDay.objects.filter(quarter=quarter, date__isnull=False).exclude(state=DayState.MISSED)
    rows = rows.exclude(pk=but.pk) if but else rows
    busy = Counter(rows.values_list("date", flat=True))
    return Diary(read_promises().default, busy, rules().most_a_day)


def is_away(person: Person, day: date) -> bool:
    """Whether they said that they are away for all of that day. One query."""
    zone = desk_zone()
    begins = datetime.combine(day, datetime.min.time(), zone)
    away = Absence.objects.filter(person=person, since__lt=begins + timedelta(days=1))
    return away.filter(Q(until=None) | Q(until__gt=begins + timedelta(hours=12))).exists()


def free_days(day: CustomerDay, *, now: datetime) -> list[date]:
    """Days that can still be booked, in order."""
    open_days, first = diary(day.quarter, but=day), max(today(now), day.quarter)
    last = quarters.last_day(day.quarter)
    found = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [one for one in found if open_days.is_open(one) and not open_days.is_full(one)][:DAYS_OFFERED]


def my_day(person, *, now: datetime) -> CustomerDay | None:
    """Somebody's day of this quarter, or the one they are still at."""
    rows = CustomerDay.objects.filter(person=person).select_related("person", "buddy").order_by("-quarter")
    return rows.filter(Q(quarter=quarters.quarter_of(today(now))) | Q(state=DayState.WORKING)).first()


@dataclass(frozen=True)
class QuarterLine:
    """How a quarter went."""

    quarter: date
    words: str
    days: list[CustomerDay]

    @property
    def done(self) -> int:
        """How many held their day."""
        return sum(day.state == DayState.DEBRIEFED for day in self.days)

    @property
    def missed(self) -> int:
        """How many let it pass."""
        return sum(day.state == DayState.MISSED for day in self.days)


def last_quarters(*, now: datetime, count: int = 4) -> list[QuarterLine]:
    """The newest quarters, everybody's day in each. One query."""
    first = quarters.quarter_of(today(now))
    wanted = [first]
    for _ in range(count - 1):
        wanted.append(quarters.previous(wanted[-1]))
    rows = CustomerDay.objects.filter(quarter__in=wanted).select_related("person", "buddy")
    found = list(rows.order_by("person__name", "pk"))
    lines = [QuarterLine(one, quarters.in_words(one), [row for row in found if row.quarter == one]) for one in wanted]
    return [line for line in lines if line.days]


def buddies(person: Person) -> list[Person]:
    """Who may read what `person` writes: people who answer tickets and are not accompanied themselves. One query."""
    rows = Person.objects.with_role(*ACTIONS["tickets.work"]).exclude(pk=person.pk)
    return list(rows.exclude(apprenticeship__isnull=False, apprenticeship__ended_at=None).order_by("name", "pk"))


def open_observations(owner: Person | None = None) -> list[Observation]:
    """What was noticed and is not over, what lies longest first; of one owner where one is named. One query."""
    rows = Observation.objects.filter(state__in=UNFINISHED).select_related("owner", "day__person")
    rows = rows.filter(owner=owner) if owner else rows
    return list(rows.order_by("moved_at", "pk")[:LISTED])


@dataclass(frozen=True)
class Missed:
    """A quarter that somebody let pass without a Customer Day. `day` is the row's number."""

    day: int
    person: str
    quarter: str


@dataclass(frozen=True)
class Unmoved:
    """An observation that nobody moved in 30 days. `day` is the number of the day on whose page it stands."""

    observation: int
    day: int
    words: str
    owner: str
    state: str
    due: date
    days: int


@dataclass(frozen=True)
class LeftOver:
    """What belongs on the founder's page. The page of a day: `insights:customer_day_of`, by its number."""

    missed: tuple[Missed, ...] = ()
    unmoved: tuple[Unmoved, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missed or self.unmoved)


def left_over(now: datetime, *, zone: ZoneInfo | None = None) -> LeftOver:
    """Days missed in the quarter before `now`, and observations unmoved for 30 days; at most 50 of each. Two queries
    with `zone`, the desk's.

    A quarter that is over counts as missed at once, also while nothing runs that could write it down.
    """
    current = quarters.quarter_of(now.astimezone(zone or desk_zone()).date())
    gone = Q(state=DayState.MISSED) | Q(state__in=STILL_TO_COME)
    days = CustomerDay.objects.filter(gone, quarter=quarters.previous(current), person__in=Person.objects.staff())
    left_out = CustomerDayRules.left_out.through.objects.values("person")
    days = days.select_related("person").exclude(state__in=STILL_TO_COME, person__in=left_out)
    still = Observation.objects.filter(state__in=UNFINISHED, moved_at__lt=now - UNMOVED_FOR)
    return LeftOver(
        missed=tuple(
            Missed(row.pk, row.person.shown_name, row.quarter_words)
            for row in days.order_by("person__name", "pk")[:LISTED]
        ),
        unmoved=tuple(
            Unmoved(
                row.pk, row.day_id, row.words, row.owner.shown_name, str(row.get_state_display()), row.due,
                (now - row.moved_at).days,
            )
            for row in still.select_related("owner").order_by("moved_at", "pk")[:LISTED]
        ),
    )  # fmt: skip
