"""The help centre and the wiki's page in a browser: found, read, voted on, printed, in four looks."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from accounts.choices import Role
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, ArticleFile, Vote
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_article, make_process, make_space

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "\n\n".join(f"## Part {number}\n\nWords with a [link](https://example.com/) and `code`." for number in range(4))
TABLE = "\n\n| How | When | Which of the many ways |\n|---|---|---|\n" + "| Card | At once | Visa, Mastercard |\n" * 60


@pytest.fixture
def refunds(transactional_db) -> Article:
    """A public article below another, with a table of two pages."""
    space = make_space(Visibility.PUBLIC, name="Help desk", key="desk")
    above = make_article(space, "Paying", "Ways to pay.", slug="paying")
    return make_article(space, "Refunds", LONG + TABLE, slug="refunds", parent=above)


def test_U30_a_stranger_finds_an_article_says_that_it_did_not_help_and_reaches_a_person(visit: Visit, refunds):
    """A9, U53: with one click and without a reload; without scripts by two forms. A person is one click away."""
    screen = visit(None)
    page = screen.page
    screen.open("/")
    page.get_by_role("link", name="Help").first.click()
    page.get_by_role("link", name="Refunds").click()
    expect(page.get_by_role("heading", name="Refunds", level=1)).to_be_visible()
    page.get_by_role("link", name="No", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    page.get_by_role("textbox").fill("Where is the button?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Whoever writes this page reads your words.")).to_be_visible()
    assert [(vote.helpful, vote.reason) for vote in Vote.objects.all()] == [(False, "Where is the button?")]
    page.get_by_role("link", name="Ask a person").first.click()
    expect(page.get_by_role("heading", name="Ask a person")).to_be_visible()

    plain = visit(None, script=False)
    plain.open("/articles/refunds/")
    plain.page.get_by_role("link", name="Yes", exact=True).click()
    expect(plain.page.get_by_label("Yes")).to_be_checked()
    plain.page.get_by_role("button", name="Send").click()
    expect(plain.page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Vote.objects.filter(helpful=True).count() == 1


def test_a_picture_goes_from_the_computer_into_the_text(visit: Visit, refunds, tmp_path):
    """S20: chosen beside the editor, drawn anew, put where the cursor stands, shown in the preview."""
    editor = make_staff(Role.EDITOR, name="Edda Editor", email="edda@desk.example")
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "the button.png")
    screen = visit(editor)
    page = screen.page
    screen.open("/wiki/refunds/edit/")
    page.get_by_text("Files and pictures").click()
    page.get_by_label("Add a file").set_input_files(tmp_path / "the button.png")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name=re.compile("Put it into the text")).click()
    file = ArticleFile.objects.get()
    expect(page.get_by_label("Text", exact=True)).to_have_value(
        re.compile(re.escape(f"![the button.png](/a/files/{file.pk}/)"))
    )
    expect(page.locator("#preview").get_by_role("img", name="the button.png")).to_have_js_property("naturalWidth", 40)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_U44_the_help_centre_and_the_wiki_look_right(visit: Visit, refunds, width, scheme):
    """U46, U51 too: nothing sticks out, also at 320 pixels."""
    editor = make_staff(Role.EDITOR, Role.ADMIN, name="Edda Editor", email="edda@desk.example")
    make_process(make_space(name="Our own ways"), author=editor, slug="refund-an-invoice")
    reader, staff = visit(None, width=width, scheme=scheme), visit(editor, width=width, scheme=scheme)
    wiki = ["", "refund-an-invoice/", "refunds/", "refunds/place/", "refunds/flag/", "refunds/links/", "refunds/files/",
            "refunds/votes/", "unhelpful/", "space/desk/"]  # fmt: skip
    seen = [(reader, f"/articles/{path}") for path in ("", "space/desk/", "refunds/", "refunds/vote/?helped=no")]
    seen += [(staff, f"/wiki/{path}") for path in wiki]
    seen += [(staff, f"/settings/wiki/{path}") for path in ("", "spaces/new/")]
    for screen, path in seen:
        screen.open(path)
        assert screen.axe() == [], path
        assert screen.sideways() == [], path
        if width == 390 and scheme == "light":
            screen.page.set_viewport_size({"width": 320, "height": 700})
            assert screen.sideways() == [], f"{path} at 320"
            screen.page.set_viewport_size({"width": 390, "height": 844})


def test_U50_an_article_and_a_process_print_on_white_and_without_the_frame(visit: Visit, refunds):
    """U50: black on white, no row across two sheets, nothing but the text."""
    editor = make_staff(Role.EDITOR, name="Edda Editor", email="edda@desk.example")
    for screen, path in ((visit(None, scheme="dark"), "/articles/refunds/"), (visit(editor), "/wiki/refunds/")):
        screen.open(path)
        screen.page.emulate_media(media="print", color_scheme="light")
        style = "(selector, name) => getComputedStyle(document.querySelector(selector))[name]"
        assert screen.page.evaluate(f"({style})('body', 'backgroundColor')") == "rgb(255, 255, 255)"
        assert screen.page.evaluate(f"({style})('.prose tr', 'breakInside')") == "avoid"
        for hidden in (".topbar nav", ".ask-helped", ".tree", ".rail", "aside", ".tabs"):
            for element in screen.page.locator(hidden).all():
                expect(element).to_be_hidden()
        assert len(screen.page.pdf()) > 10_000
