"""Every number of the founder's page opens its rows, and there are as many of them as it says (U42, R65)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils.html import strip_tags

from insights.actions.activity import keep_activity
from insights.actions.gather import gather
from insights.choices import SurveyState
from insights.models import ActiveMonth, Survey, SurveyMonth
from insights.queries_overview import SAID
from insights.scales import EASY, HAPPY
from knowledgebase.choices import ArticleKind, Visibility
from selfservice.models import Decision, ReviewSession
from tests.factories.accounts import make_person, sign_in
from tests.factories.closed import Asked, close_many
from tests.factories.knowledgebase import REFUND_STEPS, make_article, make_space
from tests.factories.tickets import WEDNESDAY, make_ticket
from tests.insights.conftest import say
from tickets.actions import state
from tickets.models import Breach, ContactReason

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = WEDNESDAY.replace(day=25)
FEBRUARY, MARCH = WEDNESDAY.date().replace(month=2, day=1), WEDNESDAY.date().replace(day=1)
LINK = re.compile(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
PLACES = ("/reports/tickets/?", "/insights/rows/", "/reports/satisfaction/")


@pytest.fixture
def busy(agent, lead):
    """More of everything than a page of rows holds: 130 contacts, some late, back again or unanswered; 60 customers."""
    reasons = [ContactReason.objects.create(name=name) for name in ("Card declined", "Held order", "Other")]
    for number, reason in enumerate(reasons):
        many = 110 if number == 0 else 4 + number
        tickets = close_many(
            (Asked(f"{reason.name} {n}", reason, TODAY - DAY * (n % 50) - HOUR * (n % 7)) for n in range(many)),
            by=agent,
        )
        _rate(tickets[::2], agent)
    close_many((Asked(f"Nothing said {n}", None, TODAY - 3 * DAY) for n in range(3)), by=agent)
    for number in range(4):
        ticket = make_ticket(requester=make_person(), now=WEDNESDAY + number * HOUR)
        say(ticket, agent, now=ticket.created_at + (HOUR if number else 9 * DAY), then="closed")
        if number > 1:
            ticket.refresh_from_db()
            state.reopen_ticket(ticket=ticket, by=agent, now=ticket.closed_at + DAY)
    people = [make_person() for _ in range(60)]
    for month, here in ((FEBRUARY, people[:20]), (MARCH, people)):
        ActiveMonth.objects.bulk_create(ActiveMonth(month=month, person=one, has_signed_in=True) for one in here)
    _lying_about(people, lead)
    keep_activity(now=TODAY, is_thorough=True)
    gather(now=TODAY, is_thorough=True)


def _rate(tickets, agent) -> None:
    for number, ticket in enumerate(tickets):
        at = ticket.closed_at + 8 * HOUR
        said = {"state": SurveyState.ANSWERED, "answered_at": at + HOUR, "csat": 1 + number % 5, "ces": 1 + number % 7,
                "is_solved": (True, False, None)[number % 3], "comment": "Quick." if number % 2 else ""}  # fmt: skip
        Survey.objects.create(
            ticket=ticket, person_id=ticket.requester_id, team_id=ticket.team_id, answered_by=agent,
            closed_at=ticket.closed_at, asked_at=at, asked_on=at.date(), **(said if number % 4 else {}),
        )  # fmt: skip


def _lying_about(people, lead) -> None:
    """Breaches, decisions, and pages past their reading, of which one is not open to everybody."""
    for number in range(53):
        ticket = make_ticket(requester=people[number], now=TODAY - 20 * DAY, subject=f"Left {number}")
        due_at = TODAY - 5 * DAY + number * HOUR
        Breach.objects.create(ticket=ticket, due_at=due_at, breached_at=due_at + DAY, noticed_at=due_at + DAY)
    session = ReviewSession.objects.create(
        person=lead, day=TODAY.date() - DAY, started_at=TODAY, last_seen_at=TODAY, seconds=900
    )
    Decision.objects.bulk_create(
        Decision(
            key=f"{number:064}", kind="refund", subject=number, number=f"INV-{number}", who="A school",
            verdict="approve", session=session, by=lead, decided_at=TODAY - DAY,
            state="undone" if number % 5 == 0 else "done",
        )
        for number in range(51)
    )  # fmt: skip
    make_article(make_space(Visibility.PUBLIC), "A page for all", now=TODAY - 90 * DAY)
    make_article(make_space(Visibility.ROLE), "For leads", REFUND_STEPS, kind=ArticleKind.PROCESS, now=TODAY - 90 * DAY)


def numbers_of(words: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", words)]


def expected(address: str, words: str, view) -> int:
    """How many rows a link with these words promises."""
    found = numbers_of(words)
    if "/satisfaction/" in address:
        return found[1] if " of " in words else found[0] if "answer" in words else view.at.answered
    if "review-days" in address:
        return view.review.days
    if "decisions" in address:
        return found[1]
    if "%" in words:  # in time: what was late, or where nothing was, what was kept
        counts = view.at.counts
        late = counts["first_promised"] - counts["first_kept"]
        return late or counts["first_kept"]
    return view.at.contacts if "." in words else found[0]


def rows_behind(client, address: str) -> int:
    """Every row, page after page."""
    total, place = 0, address
    while place:
        answer = client.get(place)
        assert answer.status_code == 200, place
        context = answer.context
        if "listed" in context:
            total, place = total + len(context["listed"].rows), context["listed"].next
            continue
        total += len(context["rows"] if "rows" in context else context["answers"])
        place = f"{address}&after={context['next'].replace('+', '%2B')}" if context["next"] else ""
    return total


@time_machine.travel(TODAY, tick=False)
def test_U42_there_are_as_many_rows_as_every_number_says(client, observer, busy):
    sign_in(client, observer)
    page = client.get("/insights/")
    view = page.context["view"]
    links = [
        (address.replace("&amp;", "&"), strip_tags(words).strip())
        for address, words in LINK.findall(page.content.decode())
        if address.startswith(PLACES)
    ]
    said = [(address, words) for address, words in links if numbers_of(words)]

    wrong = [
        (address, words, expected(address, words, view), rows_behind(client, address))
        for address, words in dict.fromkeys(said)
        if rows_behind(client, address) != expected(address, words, view)
    ]
    assert wrong == []
    promised = {expected(address, words, view) for address, words in said}
    assert len(said) > 80 and max(promised) > 50 and len(promised) > 12, "numbers of all sizes, past one page too"
    for what in ("contacts", "closed", "closed_soon", "closed_unanswered", "first_late"):
        assert any(f"figure={what}&" in address and expected(address, words, view) for address, words in said), what
    for what in ("active", "breaches", "decisions", "pages", "review-days"):
        assert any(f"/rows/{what}/" in address and expected(address, words, view) for address, words in said), what
    rows = client.get("/insights/rows/pages/").context["listed"].rows
    assert [row[0].words for row in rows] == ["A page for all", "A page that is not open to you"], "titles stay closed"


def test_a_month_of_answers_is_counted_as_its_rows_again_and_again(busy):
    """The rollup of surveys is the sum of its rows: whoever answers late, and whatever is gone since."""

    def counted() -> dict[tuple, tuple]:
        return {
            (row.month, row.team_id): tuple(getattr(row, name) for name in SAID) for row in SurveyMonth.objects.all()
        }

    def summed() -> dict[tuple, tuple]:
        found: dict[tuple, list[int]] = {}
        for row in Survey.objects.exclude(state=SurveyState.SKIPPED):
            is_answered = row.state == SurveyState.ANSWERED
            facts = (
                1, is_answered, (row.csat or 0) >= HAPPY, (row.ces or 0) >= EASY, row.ces is not None,
                row.is_solved is True, row.is_solved is not None,
            )  # fmt: skip
            sums = found.setdefault((row.asked_on.replace(day=1), row.team_id), [0] * len(SAID))
            sums[:] = [a + b for a, b in zip(sums, facts, strict=True)]
        return {key: tuple(sums) for key, sums in found.items()}

    assert counted() == summed() and len(counted()) > 1
    Survey.objects.filter(state=SurveyState.SENT).update(state="answered", answered_at=TODAY, csat=5, is_solved=True)
    gather(now=TODAY)
    assert counted() == summed()
    Survey.objects.filter(asked_on__lt=MARCH).delete()
    gather(now=TODAY + 400 * DAY)
    assert counted() != summed(), "a look at the last months leaves old ones"
    gather(now=TODAY + 400 * DAY, is_thorough=True)
    assert counted() == summed()
