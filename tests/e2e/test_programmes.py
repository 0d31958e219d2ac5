"""Customer Day, invoice questions and goals as people meet them: in four looks, and a day without scripts."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights import months, quarters
from insights.actions import goals, invoice_months, programme_rules
from insights.desk import desk_zone
from insights.models import CustomerDay, CustomerDayRules, Figure, IssuedCount, Observation, ReasonCover
from insights.programme_choices import DayState
from insights.queries_customer_day import today
from knowledgebase.choices import Visibility
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_article, make_space
from tickets.models import ContactReason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
CHECKLIST = ["I know where the questions arrive.", "I know who my buddy is."]


@pytest.fixture
def days(company) -> dict[str, CustomerDay]:
    """Maya is at her day, Priya has a date proposed, Nina's is today; somebody missed theirs."""
    now = timezone.now()
    CustomerDayRules.objects.update_or_create(pk=1, defaults={"is_enabled": True})
    quarter, common = quarters.quarter_of(today(now)), {"invited_at": now, "checklist": CHECKLIST}
    nina, gone = make_staff(name="Nina New"), make_staff(name="Gil Gone")
    made = {
        "maya": CustomerDay(person=company.maya, state=DayState.WORKING, date=today(now), started_at=now),
        "priya": CustomerDay(person=company.priya, proposed_for=quarters.last_day(quarter), proposed_at=now),
        "nina": CustomerDay(person=nina, state=DayState.PLANNED, date=today(now), buddy=company.priya),
        "gone": CustomerDay(person=gone, state=DayState.MISSED, missed_at=now),
    }
    for name, day in made.items():
        day.quarter = quarters.previous(quarter) if name == "gone" else quarter
        day.invited_at, day.checklist = common["invited_at"], common["checklist"]
        day.save()
    long_ago = now - timedelta(days=40)
    for n, words in enumerate(("Nobody finds the page about spare wheels", "“Firmware” means nothing to a teacher"), 1):
        Observation.objects.create(
            day=made["maya"], n=n, words=words, owner=company.priya, due=date(2026, 9, 1), made_at=long_ago,
            moved_at=long_ago,
        )  # fmt: skip
    return made


@pytest.fixture
def counted(company) -> date:
    """A year of invoices and questions, the last month red; goals with a text and figures. Answers that month."""
    now = timezone.now()
    branch = ContactReason.objects.create(name="Invoices")
    programme_rules.change_invoice_rules(
        branch=branch, owner=company.maya, by=company.maya, now=now - timedelta(days=70)
    )
    last = months.shift(months.month_of(now, desk_zone()), -1)
    for number, month in enumerate(months.back(last, 13)):
        IssuedCount.objects.create(month=month, invoices=4000 - 100 * number, counted_at=now)
        questions = 200 - 9 * number + (40 if month == last else 0)
        Figure.objects.create(
            on=month.replace(day=9), team_id=1, dimension="reason", key=str(branch.pk), contacts=questions
        )
    invoice_months.look_after(now=now)
    goals.write(
        text="## Why\n\nNobody asks twice.", article=None, asks_again=False,
        targets={"csat": Decimal(80), "invoice_rate": Decimal(30)}, by=company.maya, now=now,
    )  # fmt: skip
    return last


def test_every_screen_of_the_programmes_in_every_look(visit: Visit, company, days, counted):
    """U44, U46, U49, errors included."""
    observation, key = Observation.objects.filter(n=1).get(), f"{counted:%Y-%m}"
    reason = ContactReason.objects.get(name="Invoices")
    paths = [
        "/insights/customer-day/", *(f"/insights/customer-day/{day.pk}/" for day in days.values()),
        f"/insights/observations/{observation.pk}/", "/insights/invoice-questions/",
        f"/insights/invoice-questions/{key}/", "/insights/goals/", "/settings/customer-day/",
        "/settings/customer-day/reasons/", f"/settings/customer-day/reasons/{reason.pk}/",
        "/settings/invoice-questions/", "/settings/goals/", "/inbox/all/",
    ]  # fmt: skip
    found = []
    for width, scheme in LOOKS:
        screen = visit(company.maya, width=width, scheme=scheme)
        for path in paths:
            screen.open(path)
            found += [f"{path} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]
        screen.open(f"/insights/invoice-questions/{key}/")
        screen.page.get_by_role("button", name="Close").click()
        expect(screen.page.get_by_role("alert").filter(has_text="at least one thing")).to_be_visible()
        found += [f"refused {width} {scheme}: {line}" for line in screen.axe()]
    assert found == []


def test_B7_U53_a_new_hire_goes_through_their_day_without_scripts(visit: Visit, company, days):
    """Checklist, cards, review, observations with an owner, and the end of the day, all of it plain forms."""
    now, nina = timezone.now(), days["nina"].person
    article = make_article(make_space(Visibility.PUBLIC), "Which licence do I need?")
    ReasonCover.objects.create(reason=ContactReason.objects.get(name="Training"), article=article)
    screen = visit(nina, script=False)
    page = screen.page
    screen.open(f"/insights/customer-day/{days['nina'].pk}/")
    expect(page.get_by_role("heading", name="Your Customer Day")).to_be_visible()
    expect(page.get_by_text("Your buddy reads what you answer before it leaves.")).to_be_visible()
    expect(page.get_by_role("button", name="Begin the day")).to_have_count(0)
    for line in CHECKLIST:
        page.get_by_label(line).check()
    page.get_by_role("button", name="Save the checklist").click()
    page.get_by_role("button", name="Begin the day").click()
    expect(page.get_by_text("Your day has begun.")).to_be_visible()

    def notice(words: str) -> None:
        page.get_by_label("What did you notice?").fill(words)
        page.get_by_label("By when?").fill((datetime.now(tz=desk_zone()) + timedelta(days=9)).date().isoformat())
        page.get_by_role("button", name="Write it down").click()

    notice("Nobody finds the page about spare wheels")
    expect(page.get_by_role("link", name="Choose somebody")).to_be_visible()
    assert Observation.objects.filter(day=days["nina"]).count() == 0, "unowned, so not saved"
    assert page.get_by_label("What did you notice?").input_value() == "Nobody finds the page about spare wheels"
    for number in range(3):
        page.get_by_label("Who owns it?").select_option(str(company.priya.pk))
        notice(f"Thing {number}")
        expect(page.get_by_role("link", name=f"Thing {number}")).to_be_visible()
    expect(page.get_by_label("What did you notice?")).to_have_count(0)
    page.get_by_label("What did the day teach you?").fill("Half of it stands on a page already.")
    page.get_by_role("button", name="End the day").click()
    expect(page.get_by_role("heading", name="What it taught you")).to_be_visible()
    assert CustomerDay.objects.get(person=nina).debriefed_at >= now
