"""The founder's page as people meet it (U42): read at a glance, in four looks, on a phone, without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights.actions import problems
from insights.actions.activity import keep_activity
from insights.actions.costs import enter_month, save_rules
from insights.actions.gather import gather
from insights.desk import desk_zone
from insights.models import ActiveMonth, Survey
from insights.months import back, month_of
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_person
from tests.factories.closed import Asked, close_many
from tickets.models import ContactReason

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
DAY = timedelta(days=1)


@pytest.fixture
def year(company):
    """Contacts that fell with a fix, one reason that nobody has taken, costs, answers and ten customers a month."""
    now = timezone.now()
    declined, held = (ContactReason.objects.get_or_create(name=name)[0] for name in ("Refund status", "Held order"))
    asked = [Asked("My card was declined", declined, now - DAY * days) for days in range(360, 100, -6)]
    asked += [Asked("Where is my order?", held, now - DAY * days) for days in range(360, 1, -6)]
    tickets = close_many(sorted(asked, key=lambda one: one.at))
    people = [make_person() for _ in range(60)]
    for number, month in enumerate(back(month_of(now, desk_zone()), 14)):
        here = people if number > 10 else people[:10]
        ActiveMonth.objects.bulk_create([ActiveMonth(month=month, person=one, has_signed_in=True) for one in here])
    keep_activity(now=now, is_thorough=True)
    admin = company.maya
    at = now - 100 * DAY
    problem = problems.plan_fix(
        driver=declined, title="Nobody is told why", owner=admin, fix="Full decline details", planned_for=None,
        by=admin, now=at - DAY,
    )  # fmt: skip
    problems.fixed(problem=problem, fix="Full decline details", fixed_on=at.date(), today=at.date(), by=admin, now=at)
    save_rules(by=admin, now=now, rate=4_000, tools=0, budget=None, contact_rate_goal=3, engineering_target=20)
    for number, month in enumerate(back(month_of(now, desk_zone()), 14)[:-1]):
        enter_month(
            by=admin, month=month, now=now, support_hours=50 + number, support_pay=None, tools=None,
            engineering_hours=100,
        )  # fmt: skip
    last = tickets[-1]
    Survey.objects.create(
        ticket=last, person=last.requester, team_id=last.team_id, state="answered", closed_at=last.closed_at,
        asked_at=now - DAY, asked_on=(now - DAY).date(), answered_at=now - DAY / 2, csat=5, ces=6, is_solved=True,
        comment="Nobody had to explain <b>anything</b> twice. " + "Averyverylongword" * 12,
    )  # fmt: skip
    gather(now=now, is_thorough=True)
    return company


def test_U42_the_answer_is_read_at_a_glance_and_each_number_opens_its_rows(visit: Visit, year):
    """Contact rate now, against before, and the top reason without a fix, on the first screen and without scripts."""
    page = (screen := visit(year.maya, script=False)).page
    screen.open("/insights/")
    figures = page.get_by_role("region", name="Figures")
    expect(figures.get_by_text("Contacts per 100 customers")).to_be_visible()
    expect(figures.get_by_text("Down ").first).to_be_visible()
    held = page.get_by_role("row").filter(has_text="Held order").first
    expect(held).to_contain_text("Costliest reason left")
    expect(page.get_by_role("heading", name="Are we making support unnecessary?")).to_be_visible()
    expect(page.get_by_text("<b>anything</b>")).to_be_visible()
    page.get_by_text("Show as table").first.click()
    page.get_by_role("region", name="Figures by month").get_by_role("link", name="10", exact=True).first.click()
    expect(page.get_by_role("heading", name="Active customers in")).to_be_visible()
    screen.open("/insights/")
    page.get_by_label("Period").select_option("24")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(f"{page.url.split('/insights')[0]}/insights/?months=24")
    page.get_by_role("link", name="Mail me this every Monday").click()
    page.get_by_role("button", name="Mail me every Monday").click()
    expect(page.get_by_text("You get it every Monday.").first).to_be_visible()


def test_every_screen_in_every_look(visit: Visit, year):
    """U44, U46, U49; and the rail of all places stays on a screen 900 high."""
    paths = ["/insights/", "/insights/rows/active/", "/insights/rows/comments/", "/me/weekly/", "/settings/costs/",
             f"/settings/costs/{timezone.now():%Y-%m}/"]  # fmt: skip
    found = []
    for width, scheme in LOOKS:
        screen = visit(year.maya, width=width, scheme=scheme)
        for path in paths:
            screen.open(path)
            found += [f"{path} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]
        screen.open("/insights/")
        screen.picture(f"insights-{width}-{scheme}", full_page=True)
        rail = screen.page.get_by_role("navigation", name="Main").bounding_box()
        ends = screen.page.get_by_role("navigation", name="Main").get_by_role("listitem").last.bounding_box()
        if rail and ends and width > 820 and ends["y"] + ends["height"] > 900:
            found.append(f"the rail ends at {ends['y'] + ends['height']} of 900")

    assert found == []
