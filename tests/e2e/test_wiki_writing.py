"""The wiki in a browser: a page edited in under a minute, two editors, the comparison in four looks."""

import re
import time

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from knowledgebase.choices import Visibility
from knowledgebase.models import ArticleDraft, Revision
from tests.e2e.conftest import Visit
from tests.e2e.hands import listening
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import REFUND_STEPS, make_article, make_process, make_space

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "## Refunds\n\nAsk within 90 days.\n\nWe answer in a day.\n\nThe bank needs 5 to 10 days."


@pytest.fixture
def ann(transactional_db):
    return make_staff(Role.EDITOR, name="Ann Brook", email="ann@desk.example")


def test_U38_a_page_is_edited_previewed_and_saved_within_a_minute_by_keyboard(visit: Visit, ann):
    """U45, U47: with the keys alone. The draft outlives the window, and an empty box overwrites nothing."""
    article = make_article(make_space(), "Refunds", TEXT, author=ann)
    screen = visit(ann)
    page = screen.page
    screen.open(f"/wiki/{article.slug}/")
    begun = time.monotonic()
    page.keyboard.press("e")
    box = page.get_by_label("Text", exact=True)
    expect(box).to_have_value(TEXT)
    listening(page)
    box.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("\n\n**Today** if it is our fault.")
    expect(page.locator("#preview strong")).to_have_text("Today")
    expect(page.locator("[data-saved]")).to_contain_text("Draft kept")

    screen.open(f"/wiki/{article.slug}/edit/")
    expect(box).to_have_value(TEXT + "\n\n**Today** if it is our fault.")
    box.fill("")
    with page.expect_response("**/draft/"):
        box.press("Space")
    assert ArticleDraft.objects.get().markdown.endswith("our fault.")
    screen.open(f"/wiki/{article.slug}/edit/")
    expect(box).to_have_value(TEXT + "\n\n**Today** if it is our fault.")
    box.focus()
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text="Version 2 is what readers see now.")).to_be_visible()
    assert time.monotonic() - begun < 60
    assert not ArticleDraft.objects.exists()


def test_U38_the_second_editor_sees_three_texts_and_loses_nothing(visit: Visit, ann):
    """A1, once with what fits together and once with a choice; without scripts (U53)."""
    bob = make_staff(Role.EDITOR, name="Bob Hale", email="bob@desk.example")
    article = make_article(make_space(), "Refunds", TEXT, author=ann)
    first, second = visit(ann).page, visit(bob, script=False)
    for replaced, merged in (
        (("in a day", "in two days"), True),
        (("90 days", "30 days"), False),
    ):
        second.open(f"/wiki/{article.slug}/edit/")
        first.goto(f"{second.address}/wiki/{article.slug}/edit/")
        box = first.get_by_label("Text", exact=True)
        box.fill(box.input_value().replace(*replaced))
        first.get_by_role("button", name="Publish", exact=False).first.click()
        expect(first.get_by_role("status").filter(has_text="is what readers see now")).to_be_visible()
        page = second.page
        box = page.get_by_label("Text", exact=True)
        box.fill(box.input_value().replace("90 days", "60 days").replace("5 to 10", "5 to 9"))
        page.get_by_role("button", name="Publish", exact=False).first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ann Brook saved version")
        if merged:
            page.get_by_role("button", name="Save both").click()
            expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(
                "Version 3 is what readers see now."
            )
            restored = Revision.objects.get(article=article, no=3).markdown
            assert restored == TEXT.replace("in a day", "in two days").replace("90", "60").replace("5 to 10", "5 to 9")
            again = page.get_by_role("link", name="Edit", exact=False).first
            again.click()
            box = page.get_by_label("Text", exact=True)
            box.fill(TEXT)
            page.get_by_role("button", name="Publish", exact=False).first.click()
            expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("Version 4")
            continue
        page.get_by_role("button", name="Save as version").click()
        expect(page.get_by_role("alert")).to_contain_text("Choose what shall stand")
        page.get_by_role("radio", name="You wrote").check()
        page.get_by_role("button", name="Save as version").click()
        expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(
            "Version 6 is what readers see now."
        )
    assert Revision.objects.get(article=article, no=6).markdown == TEXT.replace("90", "60").replace("5 to 10", "5 to 9")


def test_two_windows_of_one_person_lose_nothing_and_a_new_page_outlives_a_reload(visit: Visit, ann):
    """Each window is told of the other, and a desk that does not answer costs no word."""
    make_space(name="Office")
    screen = visit(ann)
    one = screen.page
    screen.open("/wiki/new/")
    one.get_by_label("Space").select_option(label="Office")
    one.get_by_label("Title").fill("Printers")
    one.get_by_label("Text", exact=True).fill("Turn it on.")
    expect(one.locator("[data-saved]")).to_contain_text("Draft kept")
    expect(one).to_have_url(re.compile(r"/wiki/drafts/\d+/$"))
    other = one.context.new_page()
    other.goto(one.url)
    box, theirs = (page.get_by_label("Text", exact=True) for page in (one, other))
    expect(theirs).to_have_value("Turn it on.")
    theirs.fill("Turn it on. Wait.")
    expect(other.locator("[data-saved]")).to_contain_text("Draft kept")
    box.fill("Turn it off.")
    expect(one.locator("#clash")).to_contain_text("in another window")
    one.get_by_role("button", name="Take the other one").click()
    expect(box).to_have_value("Turn it on. Wait.")
    expect(one.locator("#clash")).to_be_hidden()
    other.close()

    one.route("**/wiki/new/draft/", lambda route: route.abort())
    box.fill("Turn it on. Wait a minute.")
    expect(one.locator("[data-saved]")).to_contain_text("Kept in this browser")
    one.unroute("**/wiki/new/draft/")
    one.reload()
    expect(box).to_have_value("Turn it on. Wait a minute.")
    expect(one.locator("[data-saved]")).to_contain_text("Draft kept")
    box.press("Control+Enter")
    expect(one.get_by_role("heading", name="Printers")).to_be_visible()
    assert Revision.objects.get(article__title="Printers").markdown == "Turn it on. Wait a minute."
    screen.open("/wiki/new/")
    expect(box).to_have_value("")
    screen.failures.clear()  # what the browser says of the answer that was cut off


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_U39_the_comparison_and_the_editor_in_four_looks(visit: Visit, ann, width, scheme):
    """U44, U46, U51: signs besides colour, ins and del said to screen readers, nothing sideways on a phone."""
    bob = make_staff(Role.EDITOR, name="Bob Hale", email="bob@desk.example")
    article = make_process(make_space(Visibility.PUBLIC), author=ann)
    screen = visit(bob, width=width, scheme=scheme)
    page = screen.page
    screen.open(f"/wiki/{article.slug}/edit/")
    page.get_by_label("Text", exact=True).fill(REFUND_STEPS.replace("$50.00", "$100.00"))
    page.get_by_label("What did you change").fill("Raise the photo limit")
    expect(page.locator("#preview")).to_contain_text("$100.00")
    assert screen.axe() == [] and screen.sideways() == []
    page.get_by_role("button", name="Hand in for approval").click()
    table = page.get_by_role("table", name="What this changes")
    expect(table.get_by_role("deletion")).to_have_text("$50.00")
    expect(table.get_by_role("insertion")).to_have_text("$100.00")
    expect(table.locator("tr.del .sg")).to_have_text("−removed")
    expect(table.locator("tr.add .sg")).to_have_text("+added")
    for address in ("change/", "history/", "history/2/", "history/compare/?old=1&new=2"):
        screen.open(f"/wiki/{article.slug}/{address}")
        assert (screen.axe(), screen.sideways()) == ([], []), address
        screen.picture(f"wiki-{address.strip('/').replace('/', '-').partition('?')[0]}-{width}-{scheme}")
    screen.open("/wiki/waiting/")
    assert (screen.axe(), screen.sideways()) == ([], [])
    screen.open(f"/wiki/{article.slug}/edit/")
    other = visit(ann, width=width, scheme=scheme)
    other.open(f"/wiki/{article.slug}/change/")
    other.page.keyboard.press("d")
    expect(other.page.get_by_label("Why not?")).to_be_visible()
    expect(other.page.get_by_role("button", name="Accept as version 2")).to_be_visible()
    assert (other.axe(), other.sideways()) == ([], [])
    other.open(f"/wiki/{article.slug}/edit/")
    for one, words in ((other.page, "$70.00"), (page, "$80.00")):
        one.get_by_label("Text", exact=True).fill(REFUND_STEPS.replace("$50.00", words))
        one.get_by_role("button", name="Hand in for approval").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ann Brook saved version 3")
    assert (screen.axe(), screen.sideways()) == ([], [])
    screen.picture(f"wiki-conflict-{width}-{scheme}", full_page=True)
