"""U14: a long list of contact reasons is narrowed by typing, and its digits follow what is shown."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tickets.models import ContactReason, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_reasons_are_found_by_typing_and_chosen_by_digit_enter_or_arrow(visit: Visit, company, width, scheme):
    for name in ("Zoo visit", "Zürich office", "Zürich parcel", *(f"Other matter {number}" for number in range(12))):
        ContactReason.objects.create(name=name)
    ticket = company.declined
    screen = visit(company.maya, width=width, scheme=scheme)
    page = screen.page
    screen.open(f"/inbox/mine/{ticket.pk}/")
    page.keyboard.press("c")
    rows, find = page.locator("#dialog [data-narrow-row]"), page.get_by_role("searchbox", name="Find a reason")
    expect(page.locator("#dialog button[autofocus]")).to_be_focused()

    page.keyboard.press("/")
    expect(find).to_be_focused()
    page.keyboard.type("zurich")

    expect(rows.filter(visible=True)).to_have_text(["Zürich office1", "Zürich parcel2"])
    expect(page.locator("#dialog [data-narrow-says]")).to_have_text(f"2 of {rows.count()}")
    assert screen.axe() == [] and screen.sideways() == []
    screen.picture(f"reasons-narrowed-{width}-{scheme}")
    page.keyboard.type(" nothing")
    expect(page.get_by_text("No reason has these words.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_visible()
    expect(rows.filter(visible=True)).to_have_count(rows.count())
    page.keyboard.type("zurich")
    page.keyboard.press("ArrowDown")
    expect(rows.filter(has_text="Zürich office")).to_be_focused()
    page.keyboard.press("2")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert Ticket.objects.get(pk=ticket.pk).contact_reason.name == "Zürich parcel"

    page.keyboard.press("c")
    expect(page.locator("#dialog button[autofocus]")).to_contain_text("Zürich parcel")
    page.keyboard.press("/")
    page.keyboard.type("zoo")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert Ticket.objects.get(pk=ticket.pk).contact_reason.name == "Zoo visit"
