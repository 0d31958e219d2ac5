"""Reports, ratings and webhooks as people meet them: in four looks, by keyboard, and without scripts."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights.actions.gather import gather
from insights.actions.rate import rate
from insights.actions.survey import ask
from insights.models import Survey, SurveyRules
from insights.tokens import digest
from tests.e2e.conftest import Visit
from tickets.actions import reply, state
from tickets.models import Ticket
from webhooks.actions import endpoints
from webhooks.models import Delivery

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOKEN = "t" * 43
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def rated(company) -> Ticket:
    """Closed, asked about, counted; the mail's token is TOKEN. An endpoint with a call that failed."""
    now = timezone.now()
    SurveyRules.objects.get_or_create(pk=1)
    ticket = Ticket.objects.filter(requester=company.dana).order_by("pk").first()
    words = {"text": "It works now.", "last_seen": ticket.last_message_id, "anyway": True}
    reply.reply(ticket=ticket, by=company.maya, now=now - timedelta(minutes=10), **words)
    state.close_ticket(ticket=ticket, by=company.maya, now=now - timedelta(minutes=5), unanswered=True)
    ticket.refresh_from_db()
    ask(ticket_id=ticket.pk, closed=int(ticket.closed_at.timestamp() * 1000), now=now)
    Survey.objects.update(token_sha256=digest(TOKEN))
    url = "https://stock.example/hooks"
    made, _ = endpoints.make_endpoint(url=url, description="Stock", events=["ticket.closed"], now=now)
    endpoints.send_test(endpoint=made, now=now)
    gather(now=now)
    return ticket


def test_every_screen_in_every_look(visit: Visit, company, rated):
    """U44, U46, U49 for reports, rows, answers, rating and webhooks, errors included."""
    now = timezone.now()
    delivery = Delivery.objects.get()
    staff = [
        "/reports/?by=person", "/reports/?period=365&by=tag", "/reports/tickets/?figure=opened",
        "/reports/tickets/?figure=solved_late", "/reports/satisfaction/", f"/reports/tickets/{rated.pk}/rating/",
        "/settings/surveys/", "/settings/webhooks/", "/settings/webhooks/new/",
        f"/settings/webhooks/{delivery.endpoint_id}/", f"/settings/webhooks/deliveries/{delivery.pk}/",
    ]  # fmt: skip
    found = []
    for width, scheme in LOOKS:
        customer, agent = visit(None, width=width, scheme=scheme), visit(company.maya, width=width, scheme=scheme)
        for screen, paths in ((customer, [f"/rate/{TOKEN}/?csat=4"]), (agent, staff)):
            for path in paths:
                screen.open(path)
                found += [f"{path} {width} {scheme}: {line}" for line in (*screen.axe(), *screen.sideways())]
        agent.open("/reports/?by=person")
        agent.picture(f"reports-{width}-{scheme}")
        customer.picture(f"rate-{width}-{scheme}", full_page=True)
    rate(survey=Survey.objects.get(), csat=2, ces=3, is_solved=False, comment="Nobody said why.", now=now)
    for screen in (visit(company.maya), visit(company.maya, width=390, scheme="dark")):
        screen.open("/reports/satisfaction/")
        found += [f"answers: {line}" for line in (*screen.axe(), *screen.sideways())]

    assert found == []


def test_U53_a_customer_rates_without_login_or_script_and_the_agent_sees_it(visit: Visit, company, rated):
    page = (screen := visit(None, script=False)).page
    screen.open(f"/rate/{TOKEN}/?csat=2")
    expect(page.get_by_role("radio", name="2: Poor")).to_be_checked()
    assert Survey.objects.get().csat is None

    page.get_by_role("radio", name="5: Very good").check(force=True)
    page.get_by_role("radio", name="Yes").check(force=True)
    page.get_by_label("What should we know?").fill("Quick!")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_role("link", name="Change my answer").click()
    expect(page.get_by_role("radio", name="5: Very good")).to_be_checked()

    agent = visit(company.maya)
    agent.open(f"/inbox/closed/{rated.pk}/")
    agent.page.locator("#fold-rating > summary").click()
    expect(agent.page.locator("#panel-rating")).to_contain_text("Quick!")
    assert agent.axe() == []


def test_U45_a_lead_reads_a_report_and_opens_its_rows_by_keyboard(visit: Visit, company, rated):
    """Requirement of part B: every number links to its rows."""
    page = (screen := visit(company.maya)).page
    screen.open("/inbox/all/")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.get_by_role("link", name="Reports", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Reports", exact=True)).to_be_visible()

    page.get_by_label("Period", exact=True).select_option("7")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    expect(page.get_by_label("Period", exact=True)).to_have_value("7")
    tile = page.locator(".stat", has_text="Tickets that were opened").get_by_role("link")
    shown = int(tile.inner_text())
    tile.press("Enter")

    expect(page.get_by_role("heading", name="Opened")).to_be_visible()
    assert page.locator("tbody tr").count() == shown == Ticket.objects.count()
