"""The monthly reading and the import in a browser: by keys, without scripts, in four looks."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.choices import Role
from knowledgebase.actions import check_rules, checking, importing
from knowledgebase.choices import CampaignState, ImportKind, Visibility
from knowledgebase.models import Article, Campaign, CampaignItem, Verification
from tests.e2e.conftest import Visit
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import make_article, make_space

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIX = "\n\n".join(f"## Part {number}\n\nSentence {number} stands here, and is read." for number in range(1, 7))


@pytest.fixture
def rosa(transactional_db):
    """Rosa reads this month: two pages."""
    rosa = make_staff(Role.EDITOR, Role.LEAD, name="Rosa Reader", email="rosa@desk.example")
    space, before = make_space(Visibility.PUBLIC, name="Help desk"), timezone.now() - timedelta(days=40)
    for title, text in (("How the refund of a paid invoice works", SIX), ("Opening hours", "Nine to five.")):
        make_article(space, title, text, author=make_staff(Role.EDITOR, name="Olga Owner"), now=before)
    check_rules.save_rules(
        is_enabled=True, reviewer=rosa, deputy=None, manager=rosa, zone="UTC", staff_kinds=[], words_a_minute=600,
        by=make_staff(Role.ADMIN), now=timezone.now(),
    )  # fmt: skip
    return rosa


def test_A7_a_page_is_read_section_by_section_with_the_keys_alone(visit: Visit, rosa):
    """U45: X ticks and goes on, A ends; before the sixth tick the page is not passed. R15."""
    screen = visit(rosa)
    page = screen.page
    screen.open("/wiki/checks/")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("How the refund of a paid invoice works")
    page.keyboard.press("a")
    expect(page.get_by_role("alert")).to_contain_text("6 sections are not ticked")
    for left in range(5, -1, -1):
        page.keyboard.press("x")
        words = f"{left} section{'' if left == 1 else 's'} left to read" if left else "Every section was read"
        expect(page.locator(".decide [role=status]")).to_have_text(words)
        assert screen.focused() != "BODY"
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Opening hours")
    assert Verification.objects.get().article.title.startswith("How the refund")
    page.keyboard.press("f")
    page.keyboard.type("We close at six.")
    page.get_by_role("button", name="Flag and go on").click()
    expect(page.get_by_role("button", name="End ")).to_be_visible()
    page.get_by_role("button", name="End ").click()
    expect(page.get_by_role("status").filter(has_text="is complete")).to_be_visible()
    assert Article.objects.get(title="Opening hours").needs_change == "Rosa Reader: We close at six."


def test_U53_the_month_is_read_without_scripts(visit: Visit, rosa):
    page = visit(rosa, script=False)
    page.open(f"/wiki/checks/{CampaignItem.objects.get(article__title='Opening hours').pk}/")
    page.page.get_by_role("button", name="I read this word for word").click()
    expect(page.page.get_by_role("button", name="Read", exact=True)).to_have_attribute("aria-pressed", "true")
    page.page.get_by_role("button", name="Right as it is").click()
    expect(page.page.get_by_role("heading", level=1)).to_have_text("How the refund of a paid invoice works")
    assert Verification.objects.count() == 1


def test_U44_U46_the_reading_and_the_import_in_four_looks(visit: Visit, rosa, tmp_path):
    admin = make_staff(Role.ADMIN, name="Ada Admin", email="ada@desk.example")
    (tmp_path / "good.md").write_text("# Good\n\n[gone](gone.md)")
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\xfd")
    run = importing.begin(kind=ImportKind.MARKDOWN, folder=tmp_path, space=make_space(), by=admin, now=timezone.now())
    importing.work(run_id=run.pk, now=timezone.now)
    before = timezone.now().date().replace(year=timezone.now().year - 1, day=1)
    Campaign.objects.create(month=before, reviewer=rosa, state=CampaignState.UNFINISHED, started_at=timezone.now())
    first, second = CampaignItem.objects.order_by("pk")
    checking.flag(item=second, remark="We close at six.", by=rosa, now=timezone.now())
    looks = [(width, scheme) for width in (1440, 390) for scheme in ("light", "dark")]
    addresses = {
        rosa: ["/wiki/checks/?show=all", f"/wiki/checks/{first.pk}/", f"/wiki/checks/{second.pk}/"],
        admin: ["/settings/wiki/reading/", "/wiki/import/", f"/wiki/import/{run.pk}/"],
    }
    for person, paths in addresses.items():
        for width, scheme in looks:
            screen = visit(person, width=width, scheme=scheme)
            for path in paths:
                screen.open(path)
                screen.picture(
                    f"reading-{path.strip('/').replace('/', '-').partition('?')[0]}-{width}-{scheme}", full_page=True
                )
                assert screen.axe() == [], (path, width, scheme)
                assert screen.sideways() == [], (path, width, scheme)
            screen.page.context.close()
