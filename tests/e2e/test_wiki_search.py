"""Finding articles under the hand: before a ticket, beside a ticket, in the wiki (A10, U8, U44, U53)."""

import re

import pytest
from playwright.sync_api import expect

from knowledgebase.choices import Outcome, Visibility
from knowledgebase.models import SuggestSession
from tests.e2e.conftest import Visit
from tests.e2e.hands import box
from tests.factories.knowledgebase import make_article, make_space
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
STAFF_SCREENS = ("/wiki/search/?q=card", "/wiki/search/?q=zeppelin", "/wiki/gaps/", "/wiki/deflection/",
                 "/settings/wiki/words/")  # fmt: skip


@pytest.fixture
def shelf(company):
    public = make_space(Visibility.PUBLIC)
    for number in range(6):
        make_article(public, f"Card declined, case {number}", "When your card is declined, call your bank.")
    make_article(public, "Our W-8BEN-E form", "The W-8 form stands on every invoice.")
    return public


def test_answers_stand_below_while_one_writes_and_one_of_them_spares_the_ticket(visit: Visit, shelf):
    """A10: one question after a pause, at most five answers, "send" always there; solved sends nothing."""
    screen = visit()
    page = screen.page
    screen.open("/help/")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/articles/suggestions/") else None)
    page.get_by_label("What is it about?").press_sequentially("where is your w-8 form", delay=10)
    answers = page.locator(".suggested")
    expect(answers.get_by_role("link").first).to_contain_text("Our W-8BEN-E form")
    assert len(asked) < len("where is your w-8 form") / 2
    expect(page.get_by_role("button", name="Send your question")).to_be_visible()
    page.get_by_label("Your question").fill("My card was declined at the bank")
    expect(answers.get_by_role("listitem")).to_have_count(5)
    answers.get_by_role("button", name=re.compile(r"This solved it\s*: Card declined")).first.click()
    expect(page.get_by_role("heading", name="Good to hear")).to_be_visible()
    session = SuggestSession.objects.get()
    assert (session.outcome, session.solved_by.title[:13]) == (Outcome.SOLVED, "Card declined")
    assert not Ticket.objects.filter(subject__contains="w-8 form").exists()


def test_without_scripts_a_button_looks_for_answers_and_what_was_typed_stays(visit: Visit, shelf):
    """A10, U53."""
    screen = visit(script=False)
    page = screen.page
    screen.open("/help/")
    page.get_by_label("What is it about?").fill("my card is declined")
    page.get_by_role("button", name="Look for an answer first").click()
    expect(page.locator(".suggested").get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_label("What is it about?")).to_have_value("my card is declined")
    expect(page.get_by_role("button", name="Send your question")).to_be_visible()


def test_an_agent_puts_a_link_into_the_reply_by_keys_and_by_the_palette(visit: Visit, company, shelf):
    """U8, U45: what was typed stays above it, and the words have the focus again."""
    screen = visit(company.maya)
    page = screen.page
    screen.open(f"/inbox/all/{company.declined.pk}/")
    box(page).fill("Good morning.")
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("heading", name=re.compile("Articles for"))).to_be_visible()
    dialog.get_by_role("button", name=re.compile("Insert a link to Card declined")).first.click()
    expect(box(page)).to_have_value(re.compile(r"^Good morning\.\s+Card declined, case \d\s+http\S+/articles/card-"))
    expect(dialog).not_to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("w-8ben")
    option = page.locator("#palette-list [role=option]", has_text="Insert a link: Our W-8BEN-E form")
    option.click()
    expect(box(page)).to_have_value(re.compile(r"case \d\s+http\S+\s+Our W-8BEN-E form\s+http\S+$"))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_searches_and_their_reports_stand_in_every_look(visit: Visit, company, shelf, width, scheme):
    """U44, U46, U51."""
    screen = visit(company.maya, width=width, scheme=scheme)
    stranger = visit(width=width, scheme=scheme)
    for path in ("/articles/search/?q=crad+declned", "/articles/search/?q=zeppelin"):
        stranger.open(path)
        assert (path, stranger.axe(), stranger.sideways()) == (path, [], [])
    stranger.open("/help/")
    stranger.page.get_by_label("What is it about?").fill("card declined")
    expect(stranger.page.locator(".suggested")).to_be_visible()
    assert (stranger.axe(), stranger.sideways()) == ([], [])
    stranger.picture(f"suggestions-{width}-{scheme}", full_page=True)
    for path in STAFF_SCREENS:
        if not (path.startswith("/settings") and "editor" not in company.maya.roles):
            screen.open(path)
            assert (path, screen.axe(), screen.sideways()) == (path, [], [])
    screen.open(f"/desk/tickets/{company.declined.pk}/articles/")
    assert (screen.axe(), screen.sideways()) == ([], [])
