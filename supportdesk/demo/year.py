"""A year before the eight weeks that are lived through: customers who come, five fixes, and what becomes of contacts.

Tickets, answers, marks, sign-ins and costs are rows like any other, written at once, oldest first; every figure of the
founder's page is counted from them. Problems are opened, fixed and judged by the desk's own actions at their times.
"""

import calendar
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Left

from accounts.models import Person
from insights.actions import problems
from insights.actions.activity import keep_activity
from insights.actions.costs import enter_month, save_rules
from insights.actions.gather import gather
from insights.actions.judging import look_at_problems
from insights.choices import SurveyState
from insights.desk import desk_zone
from insights.models import ActiveMonth, Problem, Survey
from insights.months import back, last_day, month_of
from supportdesk.demo.company import Company, make_reason
from supportdesk.demo.conversations import Conversation, all_conversations, fill, without_greeting
from supportdesk.demo.trade import FIRST_NAMES, LAST_NAMES, PLACES, slots_for
from supportdesk.demo.year_words import KIND, SUBJECTS, UNKIND, Subject
from supportdesk.lib.business_hours import Calendar, add_business_time
from supportdesk.lib.copying import Copy
from tickets.actions.train import train_reasons
from tickets.choices import Author, Category, Channel, Role
from tickets.clocks import level_for
from tickets.models import Closing, ContactReason, Message, Participant, Status, Ticket, TicketEvent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = 366
CUSTOMERS_THEN, CUSTOMERS_NOW = 2_000, 3_000
# What else is asked, in a month; so much of it is told in the weeks that are lived through, and all in the last ones.
OTHER_A_MONTH, LIVED_A_MONTH, LIVED_DAYS, BUSY_DAYS = 112.0, 10.0, 57, 26
MONTHS, STAYS_AWAY = 14, 17
HOME = "@home-robotics.example"
FOUR_WEEKS = 28
ASKED, ANSWERED, WROTE = 0.9, 0.46, 0.4
LATE, AGAIN = 0.03, 0.04
HOURS_THEN, HOURS_NOW = 96.0, 105.6
ENGINEERING, TOOLS, GOAL, BUDGET = 480, 40_000, 5, 500_000


@dataclass
class _Plan:
    """A ticket before it has a key."""

    ticket: Ticket
    subject: Subject | None
    text: str
    answer: str
    answered_at: datetime
    asked_again_at: datetime | None


def lay_year(company: Company, office: Calendar, *, now: datetime) -> int:
    """Everybody who was a customer, and what they asked; how many tickets. The desk is one of its first day."""
    random = Random(41)  # noqa: S311 - the same year every time
    _people(now)
    people = everybody()
    _were_active(people, now)
    plans = sorted(_plans(company, office, people, now, random), key=lambda plan: plan.ticket.created_at)
    tickets = Ticket.objects.bulk_create([plan.ticket for plan in plans], batch_size=500)
    Message.objects.bulk_create((message for plan in plans for message in _messages(plan)), batch_size=1_000)
    newest = Message.objects.filter(ticket=OuterRef("pk")).order_by("-pk")
    Ticket.objects.filter(last_message_id=0).update(
        last_message_id=Subquery(newest.values("pk")[:1]), snippet=Subquery(newest.values(words=Left("text", 200))[:1])
    )
    Participant.objects.bulk_create(
        Participant(ticket=row, person_id=row.requester_id, role=Role.REQUESTER, added_at=row.created_at)
        for row in tickets
    )
    _close(tickets, random)
    Survey.objects.bulk_create(_surveys(plans, now, random), batch_size=500)
    with connection.cursor() as cursor:  # what is lived through after this asks tables that were empty a moment ago
        cursor.execute("analyze tickets_ticket, tickets_message, tickets_closing, accounts_person")
    return len(tickets)


def lay_fixes(company: Company, *, now: datetime) -> None:
    """What each month cost, who signed in, every problem from its beginning to its judgement. Needs the tickets.

    The guess of reasons is trained on them, so that the page of problems says how often it is right.
    """
    admin, lead = company.admin, next(iter(company.teams.values())).lead
    _costs(admin, now)
    keep_activity(now=now, is_thorough=True)
    gather(now=now, is_thorough=True)
    with_fix = [subject for subject in SUBJECTS if subject.fix]
    steps = [(subject.fixed_days_ago, False, subject) for subject in with_fix]
    steps += [(subject.fixed_days_ago - FOUR_WEEKS - 1, True, subject) for subject in with_fix]
    for days, is_over, subject in sorted(steps, key=lambda step: -step[0]):
        if not is_over:
            _fix(subject, company, lead or admin, now - DAY * days)
        elif days > 0:
            look_at_problems(now=now - DAY * days)
    train_reasons(now=now)


def everybody() -> list[Person]:
    """Teachers who buy for themselves; the first have been here for longest."""
    return list(Person.objects.filter(email__endswith=HOME).order_by("pk"))


def _people(now: datetime) -> None:
    names = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES] * 2
    nobody, seen = make_password(None), _last_seen(now)  # they sign in by code
    rows = [
        Person(
            email=f"{first}.{last}{'' if number < len(names) // 2 else 2}{HOME}".lower(), name=f"{first} {last}",
            password=nobody, created_at=now - DAY * DAYS, email_verified_at=now - DAY * DAYS,
            last_seen_at=seen.get(number),
        )
        for number, (first, last) in enumerate(names[:CUSTOMERS_NOW])
    ]  # fmt: skip
    Person.objects.bulk_create(rows, batch_size=1_000, ignore_conflicts=True)


def _here(now: datetime) -> Iterator[tuple[date, list[int]]]:
    """The months, and the places of those who were here in each. Somebody else stays away each month."""
    zone = desk_zone()
    months, today = back(month_of(now, zone), MONTHS), now.astimezone(zone).date()
    for number, month in enumerate(months):
        count = _customers(number, len(months))
        if month == months[-1]:
            count = round(count * _so_far(today))
        yield month, [place for place in range(CUSTOMERS_NOW) if (place + number) % STAYS_AWAY][:count]


def _last_seen(now: datetime) -> dict[int, datetime]:
    """When the person at each place was here last."""
    zone, seen = desk_zone(), dict[int, datetime]()
    for month, places in _here(now):
        begins = datetime(month.year, month.month, 1, tzinfo=zone)
        at = max(begins, min(now - HOUR, begins + 9 * DAY + 12 * HOUR))
        seen |= dict.fromkeys(places, at)
    return seen


def _were_active(people: Sequence[Person], now: datetime) -> None:
    rows = Copy(ActiveMonth, "month", "person_id", "has_signed_in", "has_paid")
    for month, places in _here(now):
        for place in places:
            rows.add(month.isoformat(), str(people[place].pk), "t", "f")
    rows.send()


def _so_far(today: date) -> float:
    # Most come early in a month, and only some for the first time on its last days.
    part = today.day / calendar.monthrange(today.year, today.month)[1]
    return (1 - math.exp(-3 * part)) / (1 - math.exp(-3))


def _customers(number: int, months: int) -> int:
    # Grown by half in the twelve months before the current one.
    return round(CUSTOMERS_THEN + (CUSTOMERS_NOW - CUSTOMERS_THEN) * min(1.0, number / (months - 2)) * 0.94)


def _plans(
    company: Company, office: Calendar, people: Sequence[Person], now: datetime, random: Random
) -> Iterator[_Plan]:
    order = list(people)
    random.shuffle(order)
    asking = cycle(order)
    maker = _Maker(company, office, now, random)
    for subject in SUBJECTS:
        for number, at in enumerate(_moments(subject, now, random)):
            yield maker.plan(next(asking), subject, number, at)
    told = all_conversations()
    for number, at in enumerate(_other_moments(now, random)):
        yield maker.other(next(asking), told[number * 7 % len(told)], at)


def _moments(subject: Subject, now: datetime, random: Random) -> Iterator[datetime]:
    """Evenly, as often as the subject comes up on a day: fixes show, and nothing else does."""
    owed = random.random()
    for days in range(DAYS, 2, -1):
        since_fix = subject.fixed_days_ago - days
        part = 1.0
        if subject.fix and since_fix >= 0:
            part = subject.left if since_fix < FOUR_WEEKS else subject.later
        owed += subject.monthly * part / 30
        while owed >= 1:
            owed -= 1
            yield now - DAY * days + HOUR * random.uniform(-4, 4)


def _other_moments(now: datetime, random: Random) -> Iterator[datetime]:
    """Less in the weeks that are lived through, and none in the last ones, of which the most is told."""
    owed = 0.0
    for days in range(DAYS, BUSY_DAYS, -1):
        owed += (OTHER_A_MONTH - (LIVED_A_MONTH if days <= LIVED_DAYS else 0)) / 30
        while owed >= 1:
            owed -= 1
            yield now - DAY * days + HOUR * random.uniform(-4, 4)


class _Maker:
    """Makes plans of tickets, each answered in the hours of the desk."""

    def __init__(self, company: Company, office: Calendar, now: datetime, random: Random) -> None:
        self.company, self.office, self.now, self.random = company, office, now, random
        self.status = Status.objects.get(category=Category.CLOSED, is_default=True)
        self.levels = {name: level_for(team) for name, team in company.teams.items()}

    def plan(self, person: Person, subject: Subject, number: int, at: datetime) -> _Plan:
        """One of a subject."""
        title, text = subject.asks[number % len(subject.asks)]
        order = f"{41_000 + number * 37 % 18_000}"
        answer = subject.answers[number % len(subject.answers)]
        reason = make_reason(self.company, subject.path, now=self.now - DAY * DAYS)
        return self._made(person, subject.team, reason, (title.format(order=order), text, answer), at, subject)

    def other(self, person: Person, told: Conversation, at: datetime) -> _Plan:
        """One of the rest, which begins like one that is told in the weeks that are lived through."""
        slots = slots_for(self.random.choice(PLACES), person.name.split()[0], self.random)
        answer = next(turn.text for turn in told.turns if turn.speaker == "agent")
        words = (told.subject, told.turns[0].text, answer)
        title, text, answer = (fill(each, slots, self.random) for each in words)
        reason = self.company.reasons[told.reason]
        return self._made(person, told.team, reason, (title, text, without_greeting(answer)), at, None)

    def _made(
        self, person: Person, team: str, reason: ContactReason, words: tuple[str, str, str], at: datetime,
        subject: Subject | None,
    ) -> _Plan:  # fmt: skip
        title, text, answer = words
        due_at = add_business_time(self.office, at, 4 * 3600)
        is_late = self.random.random() < LATE
        answered_at = add_business_time(self.office, at, (4.5 if is_late else self.random.uniform(0.2, 3.4)) * 3600)
        answered_at = min(answered_at, self.now - 2 * HOUR)
        again = answered_at + 20 * HOUR if self.random.random() < AGAIN else None
        closed_at = answered_at if again is None or again > self.now - DAY else again + 3 * HOUR
        agents = self.company.members[team]
        agent = agents[int(self.random.random() * len(agents))]
        ticket = Ticket(
            subject=title, requester=person, team=self.company.teams[team], assignee=agent, status=self.status,
            category=Category.CLOSED, created_at=at, updated_at=closed_at, last_message_at=closed_at,
            is_unread=False, service_level=self.levels[team], first_response_due_at=due_at,
            first_responded_at=answered_at, sla_started_at=at, closed_at=closed_at, closed_by=agent,
            contact_reason=reason, visit=2, mailbox=self.company.mailboxes.get(team),
        )  # fmt: skip
        return _Plan(ticket, subject, text, answer, answered_at, again if closed_at != answered_at else None)


def _messages(plan: _Plan) -> Iterator[Message]:
    ticket = plan.ticket
    asks = [(ticket.created_at, plan.text)]
    answers = [(plan.answered_at, plan.answer)]
    if plan.asked_again_at and ticket.closed_at:
        asks.append((plan.asked_again_at, "I am afraid that did not solve it. Could you look again, please?"))
        answers.append((ticket.closed_at, "I am sorry. I have looked myself, and now it is done."))
    for (asked_at, text), (answered_at, answer) in zip(asks, answers, strict=True):
        person = ticket.requester
        yield Message(
            ticket=ticket, author=Author.CUSTOMER, person=person, channel=Channel.MAIL, from_name=person.name,
            from_address=person.email, text=f"Hello,\n\n{text}\n\n{person.name}", created_at=asked_at,
        )  # fmt: skip
        yield Message(
            ticket=ticket, author=Author.AGENT, person=ticket.assignee, channel=Channel.AGENT, created_at=answered_at,
            from_name=ticket.assignee.shown_name if ticket.assignee else "",
            text=f"Hello {person.name.split()[0]},\n\n{answer}",
        )  # fmt: skip


def _close(tickets: Sequence[Ticket], random: Random) -> None:
    closings, events = [], []
    for row in tickets:
        first, last = row.first_responded_at, row.closed_at
        if first is None or last is None:
            continue
        if last != first:
            closings.append(Closing(ticket=row, at=first, by=row.assignee, in_time=True, reopened_at=first + 20 * HOUR))
        closings.append(Closing(ticket=row, at=last, by=row.assignee, in_time=random.random() > LATE))
        words = f"Closed by {row.assignee.shown_name if row.assignee else 'the desk'}."
        events.append(
            TicketEvent(ticket=row, kind="closed", text=words, by=row.assignee, created_at=last, is_public=True)
        )
    Closing.objects.bulk_create(closings, batch_size=1_000)
    TicketEvent.objects.bulk_create(events, batch_size=1_000)


def _surveys(plans: Sequence[_Plan], now: datetime, random: Random) -> Iterator[Survey]:
    zone = desk_zone()
    for plan in plans:
        ticket = plan.ticket
        if ticket.closed_at is None or random.random() > ASKED:
            continue
        asked_at = ticket.closed_at + 20 * HOUR
        if asked_at > now - DAY:
            continue
        row = Survey(
            ticket=ticket, person=ticket.requester, team_id=ticket.team_id, answered_by=ticket.assignee,
            closed_at=ticket.closed_at, asked_at=asked_at, asked_on=asked_at.astimezone(zone).date(),
        )  # fmt: skip
        if random.random() < ANSWERED:
            _answer(row, plan, zone, now, random)
        yield row


def _answer(row: Survey, plan: _Plan, zone: ZoneInfo, now: datetime, random: Random) -> None:
    """Happier where the problem is gone: the marks follow what happened to the customer."""
    subject, days = plan.subject, (now - row.asked_at).days
    is_better = subject is not None and bool(subject.fix) and days < subject.fixed_days_ago
    is_bad = plan.asked_again_at is not None or random.random() < (0.04 if is_better else 0.13)
    row.state, row.answered_at = SurveyState.ANSWERED, min(row.asked_at + 5 * HOUR, now - HOUR)
    row.csat = random.choice((1, 2, 3)) if is_bad else random.choice((4, 5, 5, 5))
    row.ces, row.is_solved = (random.choice((2, 3, 4)), False) if is_bad else (random.choice((5, 6, 7, 7)), True)
    if random.random() < WROTE:
        kind = subject.praise if subject and subject.praise and is_better else KIND
        row.comment = random.choice(UNKIND) if is_bad else random.choice(kind)


def _costs(admin: Person, now: datetime) -> None:
    save_rules(by=admin, now=now, rate=4_000, tools=TOOLS, budget=BUDGET, contact_rate_goal=GOAL, engineering_target=20)
    months = back(month_of(now, desk_zone()), 14)[:-1]
    for number, month in enumerate(months):
        hours = Decimal(f"{HOURS_THEN + (HOURS_NOW - HOURS_THEN) * number / (len(months) - 1):.1f}")
        entered_at = min(now, datetime.combine(last_day(month), now.time(), now.tzinfo) + 3 * DAY)
        enter_month(
            by=admin, month=month, now=entered_at, support_hours=hours, support_pay=None, tools=None,
            engineering_hours=ENGINEERING,
        )  # fmt: skip


def _fix(subject: Subject, company: Company, owner: Person, at: datetime) -> None:
    """Weeks of looking, planning and building before the day on which it is there."""
    admin, driver, on = company.admin, make_reason(company, subject.path, now=at), at.astimezone(desk_zone()).date()
    problem = problems.plan_fix(
        driver=driver, title=subject.title, owner=owner, fix=subject.fix, planned_for=on, by=admin, now=at - 30 * DAY
    )
    Problem.objects.filter(pk=problem.pk).update(cause=subject.cause)
    parts: list[date] = [on - 7 * week * DAY for week in range(4, 0, -1)]
    for day in parts:
        problems.note_effort(
            problem=problem, on=day, minutes=subject.hours * 60 // len(parts), words="Built and tested", by=admin,
            now=datetime.combine(day, at.time(), at.tzinfo),
        )  # fmt: skip
    problems.fixed(problem=problem, fix=subject.fix, fixed_on=on, today=on, by=admin, now=at)
