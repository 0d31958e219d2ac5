"""Priority support and what we support, in a real browser: claimed, confirmed, offered, judged (N1, N2, N4, N7)."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from billing.actions.numbering import local_day
from mail.models import OutgoingMail
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_plan, make_seller
from tests.factories.knowledgebase import make_article, make_space
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions.scope import judging
from tickets.actions.setup import entitlements, scope_rules
from tickets.actions.setup.scope_rules import ScopeWords
from tickets.models import Entitlement, PriorityClaim, ReplyTemplate, Ticket
from tickets.scope import Facts
from tickets.support_choices import Support, Verdict

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def leo(transactional_db):
    """Leads the desk."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller(time_zone="UTC")
    return make_staff(Role.AGENT, Role.LEAD, name="Leo Lead")


@pytest.fixture
def olga(leo):
    """Named for the priority support of her school."""
    organisation, now = make_organisation(name="Lakeview School District"), timezone.now()
    person = make_member(organisation=organisation, name="Olga Orders", email="olga@lakeview.example")
    entitlements.entitle(
        organisation=organisation, address=person.email, name="Priority support", starts_at=now, ends_at=None,
        incidents=None, channels=[], level=None, note="Pilot", by=leo, now=now,
    )  # fmt: skip
    return person


@pytest.fixture
def rules(leo):
    """Robots of 2016 and before are declined, with priority tried for half an hour; the rest is supported."""
    now = timezone.now()
    template = ReplyTemplate.objects.create(name="Too old", body="Hello, robots of that year cannot be repaired.")
    article = make_article(make_space("public"), "Keep an old robot running", "Clean it.")
    old = ScopeWords(Verdict.BEST_EFFORT, product="Robot kits", made_until=2016, for_whom="priority", minutes=30)
    none = ScopeWords(
        Verdict.NONE, product="Robot kits", made_until=2016, template=template, article=article,
        why="They are not made any more.",
    )  # fmt: skip
    made = []
    for words in (old, none, ScopeWords(Verdict.FULL)):
        after = made[-1].line if made else None
        made.append(scope_rules.create_rule(words=words, starts_on=local_day(now), after=after, by=leo, now=now))
    return made


def test_N2_N4_N7_a_claim_is_confirmed_by_mail_an_old_robot_is_judged_and_a_call_is_offered_in_two_clicks(
    visit: Visit, leo, olga, rules
):
    now = timezone.now()
    admin = make_staff(Role.ADMIN)
    product = make_plan(name="Priority support", slug="priority-support")
    entitlements.offer(product=product, incidents=None, lasts_days=None, channels=[], level=None, most_contacts=3,
                       by=admin, now=now)  # fmt: skip
    claimed = make_ticket(requester=olga, subject="No display shows anything", now=now)
    other = make_ticket(subject="Please ring me", text="Please ring me about my robot of 2014", now=now)
    screen = visit(leo)
    page, panel = screen.page, screen.page.locator("#panel-support")

    screen.open(f"/inbox/all/{other.pk}/")
    page.get_by_text("Support and scope").click()  # one
    page.get_by_role("button", name="Offer priority and articles").click()  # two
    expect(page.locator("form[data-composer] textarea")).to_have_value(re.compile("/store/priority-support/"))
    page.get_by_text("Support and scope").click()
    panel.get_by_label("Product").fill("robot kits")
    panel.get_by_label("Made in").fill("1066")
    panel.get_by_role("button", name="Look it up").click()
    expect(panel.get_by_text("Enter a year between 1950 and 2100")).to_be_visible()
    panel.get_by_label("Made in").fill("2014")
    panel.get_by_role("button", name="Look it up").click()
    expect(panel.get_by_text("Not supported")).to_be_visible()
    panel.get_by_role("button", name="Use “Too old” and its article").click()
    expect(page.locator("form[data-composer] textarea")).to_have_value(re.compile("cannot be repaired"))
    assert Ticket.objects.get(pk=other.pk).scope == Verdict.NONE

    screen.open(f"/inbox/all/{claimed.pk}/")
    page.get_by_text("Support and scope").click()
    panel.get_by_role("button", name="Ask their contact").click()
    expect(panel.get_by_text("1 contact of Lakeview School District asked")).to_be_visible()
    text = OutgoingMail.objects.get(subject__startswith="Is ticket").text
    reader = visit(None)
    reader.open(re.search(r"/claim/[\w-]+/", text)[0])
    assert PriorityClaim.objects.get().answered_at is None
    reader.page.get_by_role("button", name="Yes, it is from us").click()
    expect(reader.page.get_by_role("heading", name=f"Ticket {claimed.pk} has priority now")).to_be_visible()
    expect(page.locator("#head").get_by_text("Priority", exact=True)).to_be_visible()  # by itself, on the open screen
    assert Ticket.objects.get(pk=claimed.pk).support == Support.PRIORITY
    assert screen.violations + screen.failures + reader.violations + reader.failures == []


def test_the_pages_of_support_are_accessible_in_four_looks(visit: Visit, leo, olga, rules):
    now = timezone.now()
    ticket = make_ticket(requester=olga, subject="Two robots of 2015", now=now)
    Ticket.objects.filter(pk=ticket.pk).update(support=Support.PRIORITY)
    judging.judge_ticket(ticket=ticket, facts=Facts("Robot kits", "Scout", 2015), by=leo, now=now)
    claimed = make_ticket(requester=olga, subject="Where is our order?", now=now)
    line, known = rules[1].line, Entitlement.objects.get()
    staff_pages = {
        "claimed": f"/desk/tickets/{claimed.pk}/support/",
        "scope": "/settings/scope/", "rule": f"/settings/scope/{line}/", "entitlements": "/settings/entitlements/",
        "entitlement": f"/settings/entitlements/{known.pk}/", "entitle": "/settings/entitlements/new/",
        "minutes": "/insights/out-of-scope/",
    }  # fmt: skip
    public_pages = {"supported": "/what-we-support/?product=Robot+kits&made_in=2014", "ask": "/help/"}
    wrong = []
    for width, scheme in LOOKS:
        for person, pages in ((leo, staff_pages), (None, public_pages)):
            screen = visit(person, width=width, scheme=scheme)
            for name, address in pages.items():
                screen.open(address)
                screen.picture(f"support-{name}-{width}-{scheme}", full_page=True)
                wrong += [f"{name} {width} {scheme}: {one}" for one in (*screen.axe(), *screen.sideways())]
            if person:
                screen.open(f"/inbox/all/{ticket.pk}/" if width > 600 else f"/inbox/all/{ticket.pk}/customer/")
                screen.page.get_by_text("Support and scope").click()
                expect(screen.page.get_by_role("button", name="Start the clock")).to_be_visible()
                screen.picture(f"support-desk-{width}-{scheme}")
                wrong += [f"desk {width} {scheme}: {one}" for one in (*screen.axe(), *screen.sideways())]
            wrong += screen.violations + screen.failures
    assert wrong == []
