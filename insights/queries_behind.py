"""The rows behind numbers of the founder's page that no report lists. Newest or oldest first, page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Sum
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import Person
from insights.choices import SurveyState
from insights.models import ActiveMonth, Survey
from insights.months import month_of
from insights.queries_overview import past_reading
from insights.words import duration
from knowledgebase import queries_campaign
from knowledgebase.models import Article
from selfservice.models import Decision, ReviewSession
from supportdesk.lib.ui import full_time
from tickets.queries_desk import start_of_day

PAGE = 50
START_DAYS = 30
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Asked:
    """What the address says, as it came."""

    person: Person
    month: str
    after: str
    now: datetime
    zone: ZoneInfo

    @property
    def first_day(self) -> date:
        """Of the month that was asked for; of the current one where that is none."""
        try:
            return date.fromisoformat(f"{self.month[:7]}-01")
        except ValueError:
            return month_of(self.now, self.zone)

    @property
    def key(self) -> int:
        """After which row the page begins."""
        return int(self.after) if self.after.isascii() and self.after.isdigit() and len(self.after) < 19 else 0


@dataclass(frozen=True)
class Cell:
    """Words, with the page that they open where there is one."""

    words: str
    address: str = ""


@dataclass(frozen=True)
class Listed:
    """A page of rows. `next` is the address of the next page."""

    title: str
    meaning: str
    head: Sequence[str]
    rows: list[list[Cell]]
    next: str = ""
    nothing: str = "There is none."
    numbers: frozenset[int] = field(default_factory=frozenset)


def active(asked: Asked) -> Listed:
    """The customers of a month."""
    month = asked.first_day
    rows = ActiveMonth.objects.filter(month=month, pk__gt=asked.key).select_related("organisation", "person")
    found = list(rows.order_by("pk")[: PAGE + 1])
    shown = found[:PAGE]
    address = reverse("insights:behind", args=["active"])
    return Listed(
        title=f"Active customers in {date_format(month, 'F Y')}",
        meaning="Whoever signed in or paid an invoice in the month: organisations, and people who belong to none.",
        head=("Customer", "Signed in", "Paid an invoice"),
        rows=[
            [
                Cell(row.organisation.name if row.organisation else row.person.shown_name if row.person else ""),
                Cell("Yes" if row.has_signed_in else ""), Cell("Yes" if row.has_paid else ""),
            ]
            for row in shown
        ],
        next=f"{address}?month={month:%Y-%m}&after={shown[-1].pk}" if len(found) > PAGE else "",
        nothing="Nobody signed in or paid an invoice in this month.",
    )  # fmt: skip


def review_days(asked: Asked) -> Listed:
    """What the daily queue took."""
    since = asked.now.astimezone(asked.zone).date() - LATELY
    worked = ReviewSession.objects.filter(day__gte=since, seconds__gt=0).values("day")
    decided = Decision.objects.filter(session__day__gte=since).values(day=F("session__day")).annotate(n=Count("pk"))
    items = {row["day"]: row["n"] for row in decided}
    return Listed(
        title="Days of the daily review",
        meaning="Time counts while a page of the review is open.",
        head=("Day", "It took", "Decided"),
        rows=[
            [
                Cell(date_format(row["day"], "l j F Y")), Cell(duration(row["took"])),
                Cell(str(items.get(row["day"], 0))),
            ]
            for row in worked.annotate(took=Sum("seconds")).order_by("-day")
        ],
        nothing="Nobody reviewed in the last 30 days.",
        numbers=frozenset({1, 2}),
    )  # fmt: skip


def pages(asked: Asked) -> Listed:
    """Pages of the wiki that nobody read in their month."""
    covered = queries_campaign.covered(queries_campaign.rules()).filter(past_reading(asked.now))
    rows = covered.select_related("space", "owner")
    found = list(rows.filter(pk__gt=asked.key).order_by("pk")[: PAGE + 1])
    shown = found[:PAGE]
    keys = [page.pk for page in shown]
    open_to = set(Article.objects.readable_by(asked.person).filter(pk__in=keys).values_list("pk", flat=True))
    return Listed(
        title="Wiki pages past their monthly reading",
        meaning="Everything that customers read, and how we work, is read word for word once a month.",
        head=("Page", "Owner", "Was due"),
        rows=[
            [
                Cell(page.title, reverse("wiki:article", args=[page.slug]))
                if page.pk in open_to
                else Cell("A page that is not open to you"),
                Cell(page.owner.shown_name),
                Cell(date_format(page.verify_due_at, "j F Y") if page.verify_due_at else "Never read"),
            ]
            for page in shown
        ],
        next=f"{reverse('insights:behind', args=['pages'])}?after={shown[-1].pk}" if len(found) > PAGE else "",
        nothing="Every page was read in time.",
    )


def comments(asked: Asked) -> Listed:
    """What customers wrote, word for word, the newest first."""
    rows = Survey.objects.filter(state=SurveyState.ANSWERED).exclude(comment="")
    if asked.key:
        rows = rows.filter(pk__lt=asked.key)
    found = list(rows.select_related("ticket").order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    return Listed(
        title="What customers said",
        meaning="Every comment, word for word.",
        head=("Comment", "Mark", "Ticket"),
        rows=[
            [
                Cell(row.comment), Cell(f"{row.csat} of 5"),
                Cell(f"{row.ticket_id}: {row.ticket.subject}", reverse("desk:short_address", args=[row.ticket_id])),
            ]
            for row in shown
        ],
        next=f"{reverse('insights:behind', args=['comments'])}?after={shown[-1].pk}" if len(found) > PAGE else "",
        nothing="Nobody has written anything yet.",
    )  # fmt: skip


def breaches(asked: Asked) -> Listed:
    """What lay for a day past its date."""
    rows = start_of_day.breaches(asked.now - LATELY).order_by("-pk")
    found = list((rows.filter(pk__lt=asked.key) if asked.key else rows)[: PAGE + 1])
    shown = found[:PAGE]
    return Listed(
        title="Past their follow-up by a day",
        meaning="Due, and untouched for more than 24 open hours, in the last 30 days.",
        head=("Ticket", "Whose", "Was due", "A day past since"),
        rows=[
            [
                Cell(f"{row.ticket_id}: {row.ticket.subject}", reverse("desk:short_address", args=[row.ticket_id])),
                Cell(row.person.shown_name if row.person else "Nobody"), Cell(full_time(row.due_at)),
                Cell(full_time(row.breached_at)),
            ]
            for row in shown
        ],
        next=f"{reverse('insights:behind', args=['breaches'])}?after={shown[-1].pk}" if len(found) > PAGE else "",
        nothing="Nothing was left lying.",
    )  # fmt: skip


def decisions(asked: Asked) -> Listed:
    """What was decided in the daily review, the newest first."""
    rows = Decision.objects.filter(decided_at__gte=asked.now - LATELY).select_related("by").order_by("-pk")
    found = list((rows.filter(pk__lt=asked.key) if asked.key else rows)[: PAGE + 1])
    shown = found[:PAGE]
    return Listed(
        title="Decisions of the daily review",
        meaning="In the last 30 days, those that were taken back among them.",
        head=("Decision", "About", "By", "When", "State"),
        rows=[
            [
                Cell(f"{row.get_verdict_display()}, {row.get_kind_display()}"), Cell(f"{row.number}, {row.who}"),
                Cell(row.by.shown_name), Cell(full_time(row.decided_at)), Cell(str(row.get_state_display())),
            ]
            for row in shown
        ],
        next=f"{reverse('insights:behind', args=['decisions'])}?after={shown[-1].pk}" if len(found) > PAGE else "",
        nothing="Nothing was decided in the last 30 days.",
    )  # fmt: skip


def start_days(asked: Asked) -> Listed:
    """How long the start of the day took, day by day."""
    return Listed(
        title="Starts of the day",
        meaning="Minutes that half of the people needed at most, of the last 30 days on which somebody finished.",
        head=("Day", "It took"),
        rows=[
            [Cell(date_format(on, "l j F Y")), Cell(f"{minutes} min")]
            for on, minutes in reversed(start_of_day.minutes_of_day(START_DAYS))
        ],
        nothing="Nobody has finished a start of the day yet.",
        numbers=frozenset({1}),
    )


LISTS: dict[str, Callable[[Asked], Listed]] = {
    "active": active,
    "breaches": breaches,
    "comments": comments,
    "decisions": decisions,
    "pages": pages,
    "review-days": review_days,
    "start-days": start_days,
}
