"""What the desk gives, in a real browser: from a ticket, and in four looks (R86, R95 to R97, E3, U53)."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from billing.actions import money_rights
from billing.choices import MoneyRightKind
from billing.models import Customer, Goodwill, Refund, RefundRequest
from tests.billing.money import make_open_invoice, pay_with
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_coupon, make_customer, make_plan, make_seller
from tests.factories.tickets import make_mailbox, make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def school(transactional_db):
    """A school that paid $80.00 with a card and wrote about it; somebody who may refund, and an admin."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    organisation = make_organisation(name="Lakeview School District")
    dana = make_member(organisation=organisation, email="dana@lakeview.example", name="Dana Whitfield")
    customer = make_customer(organisation=organisation, name="Lakeview School District")
    pay_with(make_open_invoice(amount=8_000, customer=customer))
    make_coupon("SORRY20", percent_off=20, may_be_given=True, name="20 % off the next order")
    make_plan(name="Classroom software")
    return make_ticket(requester=dana, subject="The box was crushed")


@pytest.fixture
def grace(transactional_db):
    """An agent who was appointed to all of it."""
    agent, admin = make_staff(Role.AGENT, name="Grace Park"), make_staff(Role.ADMIN, name="Ada Admin")
    for right in MoneyRightKind:
        money_rights.grant_right(person=agent, right=right, by=admin, now=timezone.now())
    return agent


def test_R97_a_refund_and_goodwill_are_given_from_the_ticket_and_what_is_more_waits(visit: Visit, school, grace):
    screen = visit(grace)
    page = screen.page
    screen.open(f"/desk/tickets/{school.pk}/")
    page.get_by_text("Refund, goodwill, discount").click()
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("at most $80.00").check()
    page.get_by_label("Amount, in USD").fill("80.01")
    page.get_by_label("Arrived damaged").check()
    page.get_by_role("button", name="Refund now").click()
    expect(page.get_by_role("alert")).to_contain_text("at most $80.00")
    page.get_by_label("Amount, in USD").fill("30")
    page.get_by_role("button", name="Refund now").click()

    expect(page.get_by_text("$30.00 is on its way back")).to_be_visible()
    assert [one.amount for one in Refund.objects.all()] == [3_000]
    page.get_by_text("Refund, goodwill, discount").click()
    page.get_by_role("link", name="Goodwill", exact=True).click()
    page.get_by_label("Off the next order").check()
    page.get_by_label("Amount, in USD").fill("25")
    page.get_by_label("Why").fill("Waited for a week")
    page.get_by_role("button", name="Give goodwill").click()

    expect(page.get_by_text("You may give $75.00 more today")).to_be_visible()
    assert Goodwill.objects.get().ticket == school.pk


def test_E3_U53_without_the_right_and_without_script_an_agent_asks_and_it_waits(visit: Visit, school, grace):
    agent = make_staff(Role.AGENT, name="Lee Novak")
    screen = visit(agent, script=False)
    page = screen.page
    screen.open(f"/desk/tickets/{school.pk}/giving/")
    expect(page.get_by_role("link", name="Discount")).to_have_count(0)
    page.get_by_role("link", name="Ask for a refund").click()
    expect(page.get_by_role("button", name="Refund now")).to_have_count(0)
    page.get_by_label("at most $80.00").check()
    page.get_by_label("Amount, in USD").fill("40")
    page.get_by_label("Charged twice").check()
    page.get_by_role("button", name="Ask the review").click()

    request = RefundRequest.objects.get()
    assert (request.by, request.amount_asked, request.ticket, Refund.objects.count()) == (agent, 4_000, school.pk, 0)


def test_the_pages_of_giving_are_accessible_in_four_looks(visit: Visit, school, grace):
    admin = make_staff(Role.ADMIN, name="Bea Admin")
    customer = Customer.objects.get(name="Lakeview School District").pk
    for width, scheme in LOOKS:
        screen = visit(grace, width=width, scheme=scheme)
        for name in ("refund", "goodwill", "discount", "free-account"):
            screen.open(f"/desk/customers/{customer}/{name}/?ticket={school.pk}")
            assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme)
            screen.picture(f"giving-{name}-{width}-{scheme}", full_page=True)
        screen.open(f"/desk/tickets/{school.pk}/giving/")
        assert (screen.axe(), screen.sideways()) == ([], []), ("panel", width, scheme)
        screen = visit(admin, width=width, scheme=scheme)
        screen.open("/settings/money/")
        assert (screen.axe(), screen.sideways()) == ([], []), ("settings", width, scheme)
        screen.picture(f"giving-settings-{width}-{scheme}", full_page=True)
