"""The palette and the search under the hand."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.hands import listening
from tests.factories.tickets import learn_all_words, make_ticket
from tickets.actions import intake

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
ACTIONS = {
    "rep": "#composer textarea", "not": "#composer textarea", "ass": "#dialog[open]", "sno": "#dialog[open]",
    "clo": "#dialog[open]", "sea": "#q",
}  # fmt: skip


def palette(page, typed: str):
    """Open it by its key and type."""
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.type(typed)
    return page.locator("#palette-list [role=option]")


def test_three_letters_and_enter_do_anything_of_the_ticket(visit: Visit, company):
    """U8, U45: the focus is where the action wants it, and back where it was when the palette is left."""
    page = visit(company.maya)
    page.open(f"/inbox/all/{company.declined.pk}/")
    for typed, target in ACTIONS.items():
        palette(page.page, typed)
        page.page.keyboard.press("Enter")
        expect(page.page.locator("#palette")).not_to_be_visible()
        if target.startswith("#dialog"):
            expect(page.page.locator(target)).to_be_visible()
            page.page.keyboard.press("Escape")
            expect(page.page.locator("#dialog")).not_to_be_visible()
        else:
            expect(page.page.locator(target)).to_be_focused()
    palette(page.page, "x")
    page.page.keyboard.press("Escape")
    expect(page.page.locator("#q")).to_be_focused()


def test_a_number_and_enter_open_a_ticket_even_before_the_answer_is_there(visit: Visit, company):
    """U8: Enter waits for the answer to what was typed; an older answer never counts for a newer question."""
    other = make_ticket(requester=company.dana, subject="Gripper hums", text="x", now=timezone.now())
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/all/")
    slow: list = []
    page.route(
        re.compile(r"/go/\?"),
        lambda route: slow.append(route) if route.request.url.endswith("q=gri&ticket=") else route.continue_(),
    )

    palette(page, "gri")
    page.wait_for_timeout(150)
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type(f"#{other.pk}")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/inbox/all/{other.pk}/$"))
    expect(page.locator(f"#heading-{other.pk}")).to_have_text("Gripper hums")
    assert screen.focused() != "BODY"


def test_a_saved_reply_from_the_palette_stands_below_what_was_written(visit: Visit, company):
    screen = visit(company.maya)
    page = screen.page
    screen.open(f"/inbox/all/{company.declined.pk}/")
    box = page.locator("#composer textarea").first
    box.fill("Good morning.")

    expect(palette(page, "w-8 is").first).to_contain_text("W-8 is on your invoice")
    page.keyboard.press("Enter")

    expect(box).to_have_value(re.compile(r"^Good morning\.\s+Hi Dana,"))
    expect(page.locator("[data-clash]")).to_be_hidden()  # typed a moment ago, in this very window
    assert not page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('draft:'))")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_search_and_palette_stand_in_every_look(visit: Visit, company, width, scheme):
    """U16, U44, U46, U51: results with marks, nothing found with help, the palette empty and full, the plain page."""
    learn_all_words()
    screen = visit(company.maya, width=width, scheme=scheme)
    page = screen.page

    screen.open("/inbox/search/?q=declined")
    expect(page.locator("#tickets mark").first).to_have_text(re.compile("declined", re.IGNORECASE))
    assert (screen.axe(), screen.sideways()) == ([], [])

    screen.open("/inbox/search/?q=declned+is:open")
    shown = page.locator("a:visible", has_text="declined is:open")
    expect(shown).to_have_count(1)
    expect(page.locator(".fewer a:visible").first).to_contain_text("Without")
    assert (screen.axe(), screen.sideways()) == ([], [])
    shown.click()
    expect(page.locator("#tickets a[data-ticket]").first).to_be_visible()

    page.get_by_role("link", name="Go to", exact=True).click()
    expect(page.locator("#palette")).to_be_visible()
    assert screen.axe() == []
    page.keyboard.type("card")
    expect(page.locator("#palette-list [data-href]").first).to_contain_text("Card keeps getting declined")
    assert (screen.axe(), screen.sideways()) == ([], [])
    screen.picture(f"palette-{width}-{scheme}")

    screen.open("/go/?q=card")
    assert (screen.axe(), screen.sideways()) == ([], [])


def test_without_scripts_the_palette_is_a_page(visit: Visit, company):
    """U53."""
    screen = visit(company.maya, script=False)
    page = screen.page
    screen.open("/inbox/all/")
    page.get_by_role("link", name="Go to", exact=True).click()
    page.get_by_label("Ticket, customer, view or page").fill(f"#{company.declined.pk}")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=re.compile("Card keeps getting declined")).click()

    expect(page).to_have_url(re.compile(rf"/inbox/all/{company.declined.pk}/$"))


def test_an_open_search_asks_again_only_for_tickets_that_it_shows(visit: Visit, company):
    """Complaint 3: searches never starve the desk, however much happens."""
    other = make_ticket(requester=company.dana, subject="Other", text="x", now=timezone.now())
    screen = visit(company.maya)
    page = screen.page
    screen.open("/inbox/search/?q=declined")
    with page.expect_response(re.compile("/inbox/search")):  # the first look again, once the stream is there
        listening(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/inbox/search" in request.url else None)

    intake.add_customer_message(ticket=other, person=company.dana, text="More", channel="web", now=timezone.now())
    with page.expect_request(re.compile("/inbox/search")):
        intake.add_customer_message(
            ticket=company.declined, person=company.dana, text="Declined again", channel="web", now=timezone.now()
        )

    assert len(asked) == 1
