"""Flows in a real browser: a case begun on a ticket and brought on, and every screen in four looks (D8, U44, U51)."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from accounts.models import WorkRole, WorkRoleMember
from knowledgebase.choices import ArticleKind
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.knowledgebase import make_article
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions.flows import by_hand, writing
from tickets.actions.flows.shipped import ROLES
from tickets.models import Flow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def leo(transactional_db):
    """A lead who is in every role of the shipped flows."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    lead = make_staff(Role.AGENT, Role.LEAD, name="Leo Lead")
    for key in ROLES:
        WorkRoleMember.objects.create(role=WorkRole.objects.get(key=key), person=lead)
    return lead


@pytest.fixture
def dana(transactional_db):
    return make_member(organisation=make_organisation(name="Lakeview School District"), name="Dana Whitfield")


def test_D8_a_case_is_begun_on_a_ticket_and_the_customer_reads_when_parts_are_expected(visit: Visit, leo, dana):
    ticket = make_ticket(requester=dana, subject="Robots for room 12")
    screen = visit(leo)
    page = screen.page
    screen.open(f"/desk/tickets/{ticket.pk}/")
    page.get_by_text("Processes", exact=True).click()
    page.get_by_role("link", name="Begin a flow").click()
    page.get_by_role("button", name="Begin From inquiry to completed").click()
    page.get_by_role("link", name="From inquiry to completed: Inquiry").click()
    for done in ("Inquiry", "Estimate sent", "Purchase order"):
        page.get_by_role("button", name=f"{done} is done").click()
        expect(page.get_by_text("It goes on.")).to_be_visible()
    page.get_by_role("button", name="Keep the date and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the supplier's date")
    page.get_by_label("Supplier's date", exact=True).fill(f"{timezone.now():%Y-%m-%d}")
    page.get_by_role("button", name="Keep the date and go on").click()
    expect(page.get_by_role("heading", name="Parts received: Dana Whitfield")).to_be_visible()

    theirs = visit(dana)
    theirs.open(f"/tickets/{ticket.pk}/")
    expect(theirs.page.get_by_text(f"Parts ordered, expected {timezone.now():%-d %B %Y}").first).to_be_visible()


def test_U44_U51_every_screen_of_flows_is_accessible_in_four_looks(visit: Visit, leo, dana):
    flow, now = Flow.objects.get(key="onboarding"), timezone.now()
    make_article(title="Sorry", markdown="Instead:\n\n{alternatives}", kind=ArticleKind.TEMPLATE)
    case = by_hand.begin_by_hand(flow=flow, ticket=make_ticket(requester=dana), by=leo, now=now)
    by_hand.go_on(case=case, visit=1, by=leo, now=now)
    by_hand.say_out_of_scope(case=case, visit=2, why="It is a pool.", by=leo, now=now)
    ended = by_hand.begin_by_hand(flow=flow, ticket=make_ticket(requester=dana), by=leo, now=now)
    by_hand.give_up(case=ended, visit=1, reason="Too dear", by=leo, now=now)
    draft = writing.begin_draft(flow=flow, by=leo, now=now)
    pages = {
        "list": "/flows/", "ended": "/flows/?whose=ended", "report": "/flows/report/",
        "case": f"/flows/cases/{case.pk}/", "lost": f"/flows/cases/{ended.pk}/",
        "begin": f"/desk/tickets/{case.ticket_id}/flow/", "settings": "/settings/flows/",
        "new": "/settings/flows/new/", "welcome": "/settings/flows/welcome/", "flow": f"/settings/flows/{flow.pk}/",
        "dry-run": f"/settings/flows/{flow.pk}/dry-run/?at=2026-03-06T16:00",
        "words": f"/settings/flows/{flow.pk}/draft/words/",
        "stage": f"/settings/flows/{flow.pk}/stages/{draft.stages.get(no=1).pk}/",
    }  # fmt: skip
    for width, scheme in LOOKS:
        screen = visit(leo, width=width, scheme=scheme)
        for name, address in pages.items():
            screen.open(address)
            assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme)
            screen.picture(f"flows-{name}-{width}-{scheme}", full_page=True)
        screen = visit(dana, width=width, scheme=scheme)
        screen.open(f"/tickets/{case.ticket_id}/")
        assert (screen.axe(), screen.sideways()) == ([], []), ("tracker", width, scheme)
        screen.picture(f"flows-tracker-{width}-{scheme}", full_page=True)
