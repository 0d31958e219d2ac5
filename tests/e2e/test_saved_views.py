"""Saved views under the hand, and the inbox in its four looks."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import listening
from tickets.actions.saved_views import save_view
from tickets.models import SavedView

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def test_a_search_becomes_a_view_with_a_count_is_changed_and_goes_again(visit: Visit, company):
    """U15: its address, copied into another window, shows the same; a refusal keeps what was typed."""
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/search/?q=is:unsolved+tag:training")
    listening(page)
    page.get_by_role("link", name="Save this search").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.locator(".errsum")).to_contain_text("Give the view a name")
    expect(dialog.locator("#id_q")).to_have_value("is:unsolved tag:training")
    assert screen.axe() == []

    dialog.locator("#id_name").fill("Training questions")
    dialog.get_by_role("button", name="Save", exact=True).click()

    expect(page).to_have_url(re.compile(r"/inbox/saved:\d+/$"))
    expect(dialog).not_to_be_visible()
    expect(page.locator(".viewnote")).to_contain_text("Training questions")
    expect(page.locator(".viewnote [data-count]")).to_have_text("1")
    expect(page.locator("#tickets a[data-ticket]")).to_have_count(1)
    assert screen.focused() != "BODY"

    other = visit(company.maya)
    other.open(page.url.removeprefix(screen.address))
    expect(other.page.locator("#tickets a[data-ticket]")).to_have_count(1)
    other.open("/desk/views/")
    other.page.get_by_role("button", name="Remove Training questions").click()
    expect(other.page.locator("main")).to_contain_text("Training questions is removed.")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_inbox_stands_in_every_look_with_a_colleague_at_work(visit: Visit, company, width, scheme):
    """U44, U46, U51: list, ticket, menu of views and the page of saved views; nothing sticks out and axe is content."""
    for sharing in ("mine", "all"):
        save_view(
            name=f"Everything that waits for an answer since last week, {sharing}",
            q="is:unsolved", order="due", sharing=sharing, team=None, by=company.maya, now=timezone.now(),
        )  # fmt: skip
    colleague = visit(company.priya)
    colleague.open(f"/inbox/all/{company.declined.pk}/")
    colleague.page.locator("#composer textarea").fill("Dear Dana")
    screen = visit(company.maya, width=width, scheme=scheme)

    for path in (f"/inbox/mine/{company.declined.pk}/", "/inbox/mine/", "/desk/views/", "/desk/views/new/"):
        screen.open(path)
        if path.startswith("/inbox"):
            expect(screen.page.locator("main")).to_contain_text("Priya Raman is replying")
        if path == "/inbox/mine/":
            row = screen.page.locator(f"#tk-{company.declined.pk} [data-here]")
            expect(row).to_contain_text("Priya Raman is replying")
            assert row.bounding_box()["height"] > 15  # seen, not pushed out of its line
        assert screen.axe() == [], path
        assert screen.sideways() == [], path

    screen.open("/inbox/mine/")
    screen.page.locator(".viewbar summary").click()
    expect(screen.page.locator(".viewbar .menu")).to_contain_text("Saved for everybody")
    assert screen.sideways() == []
