"""Helping a caller with their account, in a real browser: from the ticket, by hands of four people, in four looks."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import identity, tokens
from accounts.actions import identity as checks
from accounts.actions import reset_links
from accounts.choices import Role
from accounts.models import ActionRequest
from billing.models import Shipment
from mail.models import OutgoingMail
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_customer, make_seller
from tests.factories.shop import make_order
from tests.factories.tickets import make_mailbox, make_ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def dana(transactional_db):
    """Somebody of a school who calls, with a parcel whose carrier is silent."""
    make_mailbox(address="support@desk.example", name="Example Robotics")
    make_seller()
    organisation = make_organisation(name="Lakeview School District")
    person = make_member(organisation=organisation, email="dana@lakeview.example", name="Dana Whitfield")
    order = make_order(make_customer(organisation=organisation, name="Lakeview School District"), "SO-2026-0042")
    then = timezone.now() - timedelta(hours=5)
    Shipment.objects.create(
        order=order, state="shipped", carrier="ups", shipped_at=then, tracking_number="1Z999AA10123456788",
        last_scan="Crossed the border at Sweetgrass, MT", last_scan_at=then, asked_at=then,
    )  # fmt: skip
    return person


def test_a_caller_is_found_shows_who_they_are_and_gets_another_address_by_two_people(visit: Visit, dana):
    """E5 to E7, U45, U53: the agents by keyboard and mouse, the customer without script."""
    ticket = make_ticket(requester=dana, subject="My address changes")
    lead, second = make_staff(Role.LEAD, name="Lea Park"), make_staff(Role.REVIEWER, name="Ruth Abramson")
    desk, theirs, other = visit(lead), visit(dana, script=False), visit(second)
    page = desk.page
    desk.open(f"/customers/?ticket={ticket.pk}")
    page.get_by_role("searchbox").press_sequentially("dana whi")
    expect(page.locator("#found").get_by_role("link", name="Dana Whitfield")).to_be_visible()
    page.locator("#found").get_by_role("link", name="Dana Whitfield").click()
    expect(page.get_by_text("d•••@lakeview.example").first).to_be_visible()
    expect(page.get_by_text("does not answer")).to_contain_text("UPS")
    page.get_by_label("What for").fill("Change of address")
    page.get_by_role("button", name="Show a number").click()
    number = page.locator(".readout .number").inner_text()

    theirs.open("/me/")
    theirs.page.get_by_role("link", name="Who is calling").click()
    expect(theirs.page.get_by_text("Change of address")).to_be_visible()
    theirs.page.get_by_label("Number that you hear").fill(number)
    theirs.page.get_by_role("button", name="It is me").click()
    expect(theirs.page.get_by_text("That was right")).to_be_visible()

    page.get_by_role("link", name="They have typed it").click()
    expect(page.locator("#main").get_by_text("Level 2", exact=True)).to_be_visible()
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("New address or number").fill("no address")
    page.get_by_label("Why").fill("New school")
    page.get_by_role("button", name="Propose the change").click()
    expect(page.get_by_role("alert")).to_contain_text("Write an address like")
    page.get_by_label("New address or number").fill("dana@hillside.example")
    page.get_by_role("button", name="Propose the change").click()
    expect(page.get_by_text("somebody else has to look at it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    other.open("/customers/")
    other.page.get_by_role("link", name="Dana Whitfield").click()
    other.page.get_by_role("button", name="Approve").click()
    expect(other.page.get_by_text("unless the old address stops it").first).to_be_visible()
    assert ActionRequest.objects.get().state == "approved"


def test_the_pages_of_the_back_office_are_accessible_in_four_looks(visit: Visit, dana):
    """U44, U46, U51."""
    lead, now = make_staff(Role.LEAD, Role.REVIEWER, name="Lea Park"), timezone.now()
    ticket = make_ticket(requester=dana, subject="My address changes")
    checks.mail_code(person=dana, ticket_id=ticket.pk, by=lead, now=now)
    checks.read_number(person=dana, ticket_id=ticket.pk, purpose="Change of address", by=lead, now=now)
    change = ActionRequest.objects.create(
        kind="change_email", person=dana, ticket=ticket.pk, level=2, reason="Moved", old_value=dana.email,
        new_value="dana@hillside.example", proposed_by=make_staff(Role.LEAD, name="Tom Okonkwo"), proposed_at=now,
    )  # fmt: skip
    assert identity.level_of(dana, ticket.pk, now) == 0 and change.is_open
    address = f"/customers/{dana.pk}"
    of_desk = {
        "search": f"/customers/?q=dana&ticket={ticket.pk}", "profile": f"{address}/?ticket={ticket.pk}",
        "log": f"{address}/log/", "change": f"{address}/change/?ticket={ticket.pk}",
        "cancel": f"{address}/cancel/?ticket={ticket.pk}", "caller": f"/desk/tickets/{ticket.pk}/caller/",
    }  # fmt: skip
    of_theirs = {"caller": "/me/caller/", "close": "/me/close/"}
    reset_links.ask(email=dana.email, now=now)
    change.state, change.decided_by, change.due_at = "approved", lead, now + timedelta(hours=72)
    change.undo_hash = tokens.hash_for("undo", "stop")
    token = re.search(r"/reset/([\w-]+)/", OutgoingMail.objects.latest("pk").text)[1]
    of_anybody = {"reset": "/reset/", "password": f"/reset/{token}/", "stop": "/account-change/stop/"}
    for width, scheme in LOOKS:
        for person, pages in ((lead, of_desk), (dana, of_theirs), (None, of_anybody)):
            screen = visit(person, width=width, scheme=scheme)
            for name, path in pages.items():
                screen.open(path)
                assert (screen.axe(), screen.sideways()) == ([], []), (name, width, scheme)
                screen.picture(f"back-office-{name}-{width}-{scheme}", full_page=True)
            if person == lead:
                change.save()  # waits for its day from here on, so that the link for the old address is there
