"""Merging, splitting, tying and following in a real browser, and how those dialogs look."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import Screen, Visit
from tests.e2e.hands import writes
from tests.e2e.test_other_screens import LOOKS
from tests.factories.tickets import make_ticket
from tickets.actions.setup import fields as setup
from tickets.models import Ticket, TicketRelation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def dialog(screen: Screen):
    return screen.page.locator("#dialog")


def test_two_tickets_become_one_and_two_again_without_a_mouse(visit: Visit, company):
    """Complaint 20, U2, U45: merge by key with its preview, and its undo."""
    again = make_ticket(requester=company.dana, subject="Declined again", mailbox=company.mailbox, now=timezone.now())
    screen = visit(company.maya)
    page = screen.page
    screen.open(f"/inbox/all/{again.pk}/")

    page.keyboard.press("i")
    expect(dialog(screen).locator("#find")).to_be_focused()
    page.keyboard.type(f"#{company.declined.pk}")
    page.keyboard.press("Enter")
    choice = dialog(screen).locator(f"button[name=into][value='{company.declined.pk}']")
    expect(choice).to_have_count(1)
    choice.press("Enter")
    expect(dialog(screen)).to_contain_text("1 message, 0 notes and 0 files go to")
    expect(dialog(screen).get_by_role("button", name="Merge")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/inbox/all/{company.declined.pk}/"))
    expect(page.locator("#conversation")).to_contain_text("Declined again")
    assert screen.focused() != "BODY"
    screen.open(f"/inbox/all/{again.pk}/")
    page.locator("#items").get_by_role("button", name="Undo the merge").press("Enter")
    expect(page.locator("#conversation")).to_contain_text("are two again")
    assert Ticket.objects.get(pk=again.pk).messages.count() == 1


def test_a_message_goes_its_own_way_and_children_show_their_progress(visit: Visit, company):
    """The bar: split, parent and child; U51 on a phone."""
    more = writes(company.declined, "And where is my invoice?")
    screen = visit(company.maya, width=390)
    page = screen.page
    screen.open(f"/inbox/all/{company.declined.pk}/")

    page.locator(f"#message-{more.pk}").get_by_role("link", name="Split off").click()
    expect(dialog(screen).locator(f"input[value='{more.pk}']")).to_be_checked()
    dialog(screen).get_by_label("Subject of the new ticket").fill("Invoice missing")
    dialog(screen).get_by_role("button", name="Make a ticket of them").click()
    expect(page.locator("h2[data-heading]")).to_have_text("Invoice missing")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="New child ticket").click()
    dialog(screen).locator("[name=text]").fill("Which invoice is it?")
    dialog(screen).locator("[name=subject]").fill("Ask billing")
    dialog(screen).get_by_role("button", name="Open the child").click()
    expect(page.locator("#conversation")).to_contain_text("is a child of this one")

    new = Ticket.objects.get(subject="Invoice missing")
    assert TicketRelation.objects.get(one=new).other.subject == "Ask billing"
    screen.open(f"/inbox/all/{new.pk}/customer/")
    expect(page.locator("#fold-ties")).to_contain_text("0 of 1 closed")


def test_tags_are_offered_while_they_are_typed(visit: Visit, company):
    screen = visit(company.maya)
    page = screen.page
    screen.open(f"/inbox/all/{company.declined.pk}/")

    page.keyboard.press("t")
    expect(dialog(screen).locator("#id_add")).to_be_focused()
    page.keyboard.type("ship")
    expect(dialog(screen).locator("#tag-options option")).to_have_count(1)
    page.keyboard.type("ment held")
    page.keyboard.press("Enter")

    expect(page.locator("#fold-ticket")).to_contain_text("shipment held")
    page.keyboard.press("v")
    expect(page.locator("#fold-people")).to_contain_text("Maya Olsen, watcher")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_dialog_and_setting_looks_right(visit: Visit, company, width, scheme):
    """U44, U46, U49: axe at 0, nothing sticks out, in each dialog and with a refusal in it."""
    now = timezone.now()
    for kind, name in (("choice", "Colour"), ("several", "Parts"), ("truth", "In warranty"), ("long", "Story")):
        said = setup.Definition(name=name, options=["Red", "Light blue"], is_required_at_close=kind == "choice")
        setup.create_field(kind=kind, definition=said, by=company.maya, now=now)
    ticket, look = company.declined, f"{width} {scheme}"
    screen = visit(company.maya, width=width, scheme=scheme)
    found: list[str] = []

    def check(where: str) -> None:
        found.extend(f"{where} {look}: {line}" for line in (*screen.axe(), *screen.sideways()))
        screen.picture(f"together-{where}-{width}-{scheme}")

    for name in ("merge", "split", "ties", "child", "priority", "type", "tags", "fields"):
        screen.open(f"/desk/tickets/{ticket.pk}/{name}/")
        check(name)
    screen.open(f"/desk/tickets/{ticket.pk}/merge/?into={company.others[0].pk}")
    check("preview")
    screen.open(f"/desk/tickets/{ticket.pk}/split/")
    screen.page.get_by_role("button", name="Make a ticket of them").click()
    expect(screen.page.locator(".errsum")).to_be_focused()
    check("refused")
    for path in ("fields/", "fields/new/", "tags/"):
        screen.open(f"/settings/{path}")
        check(path.replace("/", "-").strip("-"))

    assert found == []
