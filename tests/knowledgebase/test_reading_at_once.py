"""Two readers, two workers, and one killed in the middle: a page is proven once, and a page comes once."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry
from knowledgebase.actions import campaigning, check_rules, checking, importing
from knowledgebase.choices import ImportKind, Visibility
from knowledgebase.models import Article, Campaign, CampaignItem, CheckGap, ImportLine, Receipt, Revision, Verification
from knowledgebase.sections import sections
from mail.models import OutgoingMail
from supportdesk.faults import wiki_invariants
from supportdesk.faults.invariants import violations
from tests.beside import let_go, started_from
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import add_text, make_article, make_process, make_space

pytestmark = pytest.mark.django_db(transaction=True)
MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def beside(transactional_db):
    """A function that starts a process beside the test and returns it once it stands ready."""
    with started_from("tests.knowledgebase.reading_process", MARCH) as start:
        yield lambda verb, person="0", key="0", **more: start(verb, person, key, **more)


def broken() -> list[str]:
    """What the invariants of the reading say."""
    says = {words for _, words, _ in wiki_invariants.CHECKS}
    return [one.says for one in violations(now=MARCH) if one.says in says]


def test_A7_two_windows_of_the_reader_prove_a_page_once_and_two_workers_begin_one_month(beside):
    reader, manager = make_staff(Role.EDITOR), make_staff(Role.LEAD)
    article = make_article(make_space(Visibility.PUBLIC), now=MARCH - timedelta(days=20))
    check_rules.save_rules(
        is_enabled=True, reviewer=reader, deputy=None, manager=manager, zone="UTC", staff_kinds=[], words_a_minute=600,
        by=make_staff(Role.ADMIN), now=MARCH - timedelta(days=40),
    )  # fmt: skip
    assert let_go(*[beside("look_after", now=MARCH) for _ in range(3)]) == ["looked"] * 3
    assert Campaign.objects.filter(month="2026-03-01").count() == 1
    item = CampaignItem.objects.get(campaign__month="2026-03-01")
    for section in sections(article.published.title, article.published.html):
        checking.tick(item=item, key=section.key, is_read=True, by=reader, now=MARCH)

    assert let_go(*[beside("settle", reader.pk, item.pk) for _ in range(2)]) == ["ReadAlready", "ok"]

    assert Verification.objects.count() == 1 and not broken()
    late = MARCH + timedelta(days=40)
    let_go(*[beside("look_after", now=late) for _ in range(3)])
    assert CheckGap.objects.count() == 1
    assert OutgoingMail.objects.filter(subject__contains="more than a month").count() == 1
    assert OutgoingMail.objects.filter(subject__contains="March 2026 is not complete").count() == 1


def test_A7_A8_a_reader_killed_while_a_page_is_proven_leaves_it_unread_with_its_old_date(beside):
    """Neither a proof without a date nor a date without a proof; told owners are told once; then it is done once."""
    reader, owner = make_staff(Role.EDITOR), make_staff(Role.EDITOR)
    article = make_article(make_space(Visibility.PUBLIC), author=owner, now=MARCH - timedelta(days=40))
    check_rules.save_rules(
        is_enabled=True, reviewer=reader, deputy=None, manager=reader, zone="UTC", staff_kinds=[], words_a_minute=600,
        by=make_staff(Role.ADMIN), now=MARCH - timedelta(days=40),
    )  # fmt: skip
    killed(beside("look_after", now=MARCH, FAILPOINT="knowledgebase.owner.told"))
    assert not OutgoingMail.objects.filter(subject__contains="to be read again").exists()
    let_go(*[beside("look_after", now=MARCH + timedelta(minutes=1)) for _ in range(2)])
    assert OutgoingMail.objects.filter(subject__contains="to be read again").count() == 1
    item = CampaignItem.objects.get(campaign__month="2026-03-01")
    for section in sections(article.published.title, article.published.html):
        checking.tick(item=item, key=section.key, is_read=True, by=reader, now=MARCH)
    before = Article.objects.values("verified_at", "verify_due_at").get(pk=article.pk)

    killed(beside("settle", reader.pk, item.pk, FAILPOINT="knowledgebase.check.settled"))

    assert Article.objects.values("verified_at", "verify_due_at").get(pk=article.pk) == before
    assert not Verification.objects.exists() and CampaignItem.objects.open().filter(pk=item.pk).exists()
    assert let_go(beside("settle", reader.pk, item.pk)) == ["ok"]
    after = Article.objects.get(pk=article.pk)
    assert (after.verified_at, after.verify_due_at.date()) == (MARCH, (MARCH + timedelta(days=31)).date())
    assert Verification.objects.count() == 1 and not broken()


def test_R93_somebody_who_confirms_a_process_twice_at_once_has_read_it_once(beside):
    """Neither a second receipt nor a second line of the journal, and none of a version that was replaced meanwhile."""
    process, reader = make_process(now=MARCH), make_staff(Role.AGENT)
    assert let_go(*[beside("confirm", reader.pk, process.pk) for _ in range(3)]) == ["confirmed"] * 3
    assert Receipt.objects.filter(person=reader).count() == 1
    assert JournalEntry.objects.filter(action="knowledgebase.read").count() == 1
    add_text(process, process.published.markdown + "\n\n### Look again\n", now=MARCH)
    assert let_go(beside("confirm", make_staff(Role.AGENT).pk, process.pk)) == ["Refused"]
    assert Receipt.objects.count() == 1


def killed(process) -> None:
    """Let it go; it dies at its failpoint."""
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9


def test_the_invariants_name_what_is_wrong():
    reader = make_staff(Role.EDITOR)
    article = make_article(make_space(Visibility.PUBLIC), now=MARCH - timedelta(days=20))
    check_rules.save_rules(
        is_enabled=True, reviewer=reader, deputy=None, manager=reader, zone="UTC", staff_kinds=[], words_a_minute=600,
        by=make_staff(Role.ADMIN), now=MARCH - timedelta(hours=1),
    )  # fmt: skip
    campaigning.begin(now=MARCH)
    assert not broken()
    CampaignItem.objects.all().delete()
    Article.objects.filter(pk=article.pk).update(verified_at=MARCH, verify_due_at=MARCH + timedelta(days=90))
    Revision.objects.update(reviewed_at=MARCH - timedelta(days=50))
    Campaign.objects.update(state="complete", completed_at=MARCH)
    assert set(broken()) == {
        "a page says that it was checked exactly when there is a proof of the text that readers see",
        "what readers see is read again within a month",
        "everything that has to be read stands in the month",
        "a page that was unread for more than a month was told of",
    }


def test_an_import_killed_in_the_middle_of_a_page_loses_and_doubles_nothing(beside, tmp_path):
    admin, space = make_staff(Role.ADMIN), make_space()
    for number in range(5):
        (tmp_path / f"p{number}.md").write_text(f"# Page {number}\n\nSee [next](p{(number + 1) % 5}.md).\n")
    run = importing.begin(kind=ImportKind.MARKDOWN, folder=tmp_path, space=space, by=admin, now=MARCH)
    process = beside("import", key=run.pk, FAILPOINT="knowledgebase.import.before_commit:3")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert ImportLine.objects.filter(run=run).count() == 2

    assert "True" in let_go(beside("import", key=run.pk), beside("import", key=run.pk))

    assert ImportLine.objects.filter(run=run, outcome="made").count() == 5
    assert Article.objects.filter(space=space).count() == Revision.objects.count() == 5
    assert sorted(Revision.objects.values_list("markdown", flat=True)) == [
        f"See [next](/a/p{number}/)." for number in range(5)
    ]
