"""The month's reading, and the proof of it: A7, A8, R15, R16, U40."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.access import NotAllowed
from accounts.actions.people import deactivate_person
from accounts.choices import Role
from accounts.models import JournalEntry, Person
from knowledgebase.actions import campaigning, check_rules, checking, overseeing, publishing, verifying, writing
from knowledgebase.choices import ArticleKind, CampaignState, CheckOutcome, Visibility
from knowledgebase.models import Article, Campaign, CampaignItem, CheckGap, Verification
from knowledgebase.queries_campaign import progress, rules
from knowledgebase.queries_gaps import gaps
from knowledgebase.sections import sections
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.knowledgebase import add_text, make_article, make_process, make_space

pytestmark = pytest.mark.django_db
SIX = "\n\n".join(f"## Part {number}\n\nSentence {number} stands here." for number in range(1, 7))
MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, 0, tzinfo=UTC)


@pytest.fixture
def desk():
    """Reading is on: Rosa reads, Dora is the deputy, Max hears. Toronto."""
    people = {
        "reviewer": make_staff(Role.EDITOR, name="Rosa Reader"),
        "deputy": make_staff(Role.EDITOR, name="Dora Deputy"),
        "manager": make_staff(Role.LEAD, name="Max Manager"),
    }
    check_rules.save_rules(
        is_enabled=True, zone="America/Toronto", staff_kinds=[ArticleKind.PROCESS], words_a_minute=600, **people,
        by=make_staff(Role.ADMIN), now=MARCH,
    )  # fmt: skip
    return people


def read(article: Article, *, by, now: datetime, seconds: int = 60) -> CampaignItem:
    """Open it, tick everything, say that it is right."""
    item = CampaignItem.objects.select_related("article__published").get(
        article=article, campaign__month=now.date().replace(day=1)
    )
    text = Article.objects.select_related("published").get(pk=article.pk).published
    checking.open_item(item=item, by=by, now=now)
    for section in sections(text.title, text.html):
        checking.tick(item=item, key=section.key, is_read=True, by=by, now=now)
    return checking.settle(item=item, by=by, now=now + timedelta(seconds=seconds))


def public(title: str = "", text: str = SIX, **more) -> Article:
    return make_article(more.pop("space", None) or make_space(Visibility.PUBLIC), title, text, **more)


def test_a7_a_page_of_six_sections_is_passed_only_with_six_ticks(desk):
    article = public("W-8 forms", now=at(2, 20))
    campaigning.begin(now=MARCH)
    item = CampaignItem.objects.get(article=article, campaign__month="2026-03-01")
    keys = [section.key for section in sections(article.published.title, article.published.html)]
    assert len(keys) == 6
    checking.open_item(item=item, by=desk["reviewer"], now=MARCH)
    for key in keys[:5]:
        checking.tick(item=item, key=key, is_read=True, by=desk["reviewer"], now=MARCH + timedelta(seconds=30))
    checking.tick(item=item, key="f" * 20, is_read=True, by=desk["reviewer"], now=MARCH + timedelta(seconds=31))  # none
    with pytest.raises(checking.NotRead, match="1 section is not ticked"):
        checking.settle(item=item, by=desk["reviewer"], now=MARCH + timedelta(seconds=32))
    assert not Verification.objects.exists()
    checking.tick(item=item, key=keys[5], is_read=True, by=desk["reviewer"], now=MARCH + timedelta(seconds=60))
    checking.settle(item=item, by=desk["reviewer"], now=MARCH + timedelta(seconds=70))
    proof = Verification.objects.get()
    assert (proof.article, proof.revision, proof.by, proof.seconds) == (
        article,
        article.published,
        desk["reviewer"],
        70,
    )
    article.refresh_from_db()
    assert article.verified_at == MARCH + timedelta(seconds=70)
    assert article.verify_due_at == datetime(2026, 4, 2, 3, 59, tzinfo=UTC)  # the last minute of 1 April in Toronto


def test_a7_a_thousand_words_in_four_seconds_are_implausible_on_the_report(desk, client):
    fast, slow = public("Fast", "word " * 1000, now=at(2, 20)), public("Slow", "word " * 1000, now=at(2, 20))
    campaign = campaigning.begin(now=MARCH)
    read(fast, by=desk["reviewer"], now=MARCH, seconds=4)
    read(slow, by=desk["reviewer"], now=MARCH, seconds=300)
    assert progress(campaign, rules()).fast == 1
    client.force_login(desk["manager"])
    page = client.get("/wiki/checks/?month=2026-03&show=odd")
    assert [(item.article, is_fast) for item, is_fast in page.context["items"]] == [(fast, True)]
    assert "Implausible" in page.content.decode()
    rows = client.get("/wiki/checks/export/?month=2026-03").content.decode("utf-8-sig").splitlines()
    assert [("yes" in row.split(",")) for row in rows[1:]] == [True, False]


def test_a7_the_manager_is_told_on_the_last_day_at_nine_and_nothing_ends_by_itself(desk):
    space = make_space(Visibility.PUBLIC)
    author, approver = make_staff(Role.EDITOR), make_staff(Role.EDITOR)
    articles = [public(space=space, text="A b c.", author=author, approver=approver, now=at(2, 20)) for _ in range(60)]
    campaign = campaigning.begin(now=MARCH)
    for article in articles[:59]:
        read(article, by=desk["reviewer"], now=MARCH + timedelta(days=2))
    with pytest.raises(checking.NotRead, match="1 article is not read yet"):
        checking.complete(campaign=campaign, by=desk["reviewer"], now=at(3, 30))
    before = datetime(2026, 3, 31, 12, 59, tzinfo=UTC)  # 08:59 in Toronto
    overseeing.look_after(now=before)
    assert not OutgoingMail.objects.filter(subject__contains="not complete").exists()
    for minutes in (1, 2, 60):
        overseeing.look_after(now=before + timedelta(minutes=minutes))
    mail = OutgoingMail.objects.get(subject__contains="not complete")
    assert mail.to_address == desk["manager"].email
    assert "59 of 60" in mail.subject
    overseeing.look_after(now=at(4, 2))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.UNFINISHED
    assert Campaign.objects.get(month="2026-04-01").items.count() == 60
    with pytest.raises(checking.NotYours):
        checking.complete(campaign=campaign, by=desk["reviewer"], now=at(4, 2))


def test_a7_what_is_published_on_the_20th_joins_even_when_the_month_was_complete(desk):
    first = public(now=at(2, 20))
    campaign = campaigning.begin(now=MARCH)
    read(first, by=desk["reviewer"], now=MARCH)
    assert checking.complete(campaign=campaign, by=desk["reviewer"], now=at(3, 5)).state == CampaignState.COMPLETE
    second = public(now=at(3, 20))
    draft = make_article(make_space(Visibility.PUBLIC), published=False, now=at(3, 20))
    page_of_staff = make_article(make_space(), now=at(3, 20))
    process = make_process(now=at(3, 20))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING
    assert set(campaign.items.values_list("article", flat=True)) == {first.pk, second.pk, process.pk}
    assert not CampaignItem.objects.filter(article__in=[draft, page_of_staff]).exists()


def test_a_new_text_is_read_again_but_only_where_it_changed(desk):
    """A8: publishing clears what was verified; the ticks of unchanged sections stay."""
    article = public(now=at(2, 20))
    campaigning.begin(now=MARCH)
    read(article, by=desk["reviewer"], now=MARCH)
    article = add_text(article, SIX.replace("Sentence 3", "A new sentence"), now=at(3, 10))
    assert article.verified_at is None
    assert article.verify_due_at == datetime(2026, 4, 2, 3, 59, tzinfo=UTC), "the old date holds"
    item = CampaignItem.objects.get(article=article)
    assert item.outcome == CheckOutcome.OPEN
    with pytest.raises(checking.NotRead, match="1 section is"):
        checking.settle(item=item, by=desk["reviewer"], now=at(3, 11))


def test_a_correction_proves_the_text_when_somebody_else_approved_it(desk):
    article = public(now=at(2, 20))
    campaign = campaigning.begin(now=MARCH)
    better = SIX.replace("Sentence 2", "A better sentence")
    revision = writing.save(
        article=article, title=article.title, markdown=better, base_no=1, by=desk["reviewer"], now=at(3, 2)
    )
    item = read(article, by=desk["reviewer"], now=at(3, 2, 10))
    assert (item.outcome, item.fix) == (CheckOutcome.FIXED, revision)
    assert not Verification.objects.exists(), "readers still see what is wrong"
    with pytest.raises(checking.NotRead, match="1 correction waits"):
        checking.complete(campaign=campaign, by=desk["reviewer"], now=at(3, 3))
    publishing.approve(revision, by=make_staff(Role.EDITOR), now=at(3, 4))
    proof = Verification.objects.get()
    assert (proof.revision, proof.by, proof.campaign_item) == (revision, desk["reviewer"], item)
    assert Article.objects.get(pk=article.pk).verified_at == at(3, 4)
    assert checking.complete(campaign=campaign, by=desk["reviewer"], now=at(3, 5)).state == CampaignState.COMPLETE


def test_a_correction_that_is_turned_down_leaves_the_page_to_be_read(desk):
    article = public(now=at(2, 20))
    campaign = campaigning.begin(now=MARCH)
    revision = writing.save(
        article=article, title="Other", markdown="Worse", base_no=1, by=desk["reviewer"], now=at(3, 2)
    )
    item = read(article, by=desk["reviewer"], now=at(3, 2, 10))
    publishing.reject(revision, answer="No.", by=make_staff(Role.EDITOR), now=at(3, 4))
    assert progress(campaign, rules()).left == 1
    done = checking.settle(item=item, by=desk["reviewer"], now=at(3, 5))
    assert (done.outcome, done.fix) == (CheckOutcome.OK, None)


def test_what_is_flagged_waits_for_its_owner_and_is_no_proof(desk):
    article = public(now=at(2, 20))
    campaigning.begin(now=MARCH)
    item = CampaignItem.objects.get(article=article)
    with pytest.raises(checking.SayWhat):
        checking.flag(item=item, remark=" \0 ", by=desk["reviewer"], now=MARCH)
    checking.flag(item=item, remark="The limit is 90 days.", by=desk["reviewer"], now=MARCH)
    article.refresh_from_db()
    assert (article.needs_change, article.verified_at) == ("Rosa Reader: The limit is 90 days.", None)
    assert not Verification.objects.exists()


def test_one_person_reads_a_month_and_nobody_reads_the_same_page_twice(desk):
    article = public(now=at(2, 20))
    campaign = campaigning.begin(now=MARCH)
    item = CampaignItem.objects.get(article=article)
    for other in (desk["deputy"], desk["manager"], make_staff(Role.ADMIN)):
        with pytest.raises(checking.NotYours, match="Rosa Reader reads this month"):
            checking.settle(item=item, by=other, now=MARCH)
    with pytest.raises(NotAllowed):
        checking.take_over(campaign=campaign, by=make_staff(Role.EDITOR), now=MARCH)
    read(article, by=desk["reviewer"], now=MARCH)
    with pytest.raises(checking.ReadAlready):
        checking.settle(item=item, by=desk["reviewer"], now=MARCH)
    checking.take_over(campaign=campaign, by=desk["deputy"], now=MARCH)
    with pytest.raises(checking.ReadAlready):
        checking.settle(item=item, by=desk["deputy"], now=MARCH)
    assert Verification.objects.count() == 1
    assert JournalEntry.objects.filter(action="knowledgebase.campaign_taken_over").count() == 1


def test_a8_two_complete_months_with_sixty_days_between_are_reported(desk, client):
    article = public("Returns", now=at(2, 28))
    march = campaigning.begin(now=MARCH)
    read(article, by=desk["reviewer"], now=MARCH)
    checking.complete(campaign=march, by=desk["reviewer"], now=MARCH)
    april = campaigning.begin(now=at(4, 1, 12))
    article.refresh_from_db()
    assert article.verify_due_at < at(4, 2, 9), "U40: overdue on 2 April"
    assert article in Article.objects.unverified(at(4, 2, 9))
    assert article not in Article.objects.unverified(at(4, 1, 9))
    read(article, by=desk["reviewer"], now=at(4, 30, 12))
    assert checking.complete(campaign=april, by=desk["reviewer"], now=at(4, 30, 13)).state == CampaignState.COMPLETE
    found = gaps(
        Article.objects.filter(pk=article.pk),
        zone=ZoneInfo("America/Toronto"),
        now=at(5, 1, 12),
        after=at(4, 1),
        before=at(5, 1),
    )
    assert [(gap.days, gap.lasts) for gap in found] == [(60, False)]
    client.force_login(desk["manager"])
    page = client.get("/wiki/checks/?month=2026-04").content.decode()
    assert "60 days" in page and "1 March 2026 to 30 April 2026" in page


def test_a8_thirty_one_days_are_no_gap_and_a_page_that_nobody_ever_read_is_one(desk):
    article, never = public(now=at(2, 28)), public(now=at(2, 28))
    campaigning.begin(now=MARCH)
    read(article, by=desk["reviewer"], now=MARCH)
    campaigning.begin(now=at(4, 1, 20))
    read(article, by=desk["reviewer"], now=at(4, 1, 23))  # 31 days and 14 hours later, and on the 31st day in Toronto
    overseeing.look_after(now=at(4, 1, 23))
    overseeing.look_after(now=at(4, 2))
    assert [gap.article for gap in CheckGap.objects.all()] == [never]
    assert OutgoingMail.objects.filter(subject__contains="not read for more than a month").count() == 1


def test_owners_hear_at_most_once_a_week_of_their_overdue_pages(desk):
    owner = make_staff(Role.EDITOR, name="Olga Owner")
    public("Late", author=owner, now=at(1, 5))
    public("Soon", author=owner, now=at(3, 1))
    for day in range(8, 17):
        overseeing.tell_owners(now=at(3, day))
    mails = OutgoingMail.objects.filter(to_address=owner.email, subject__contains="read again").order_by("pk")
    assert [mail.created_at.day for mail in mails] == [8, 15]
    assert "Late" in mails[0].text and "Soon" not in mails[0].text


def test_a_proof_is_never_changed_and_never_goes(desk):
    article = public(now=at(2, 20))
    verifying.verified(article, article.published, desk["reviewer"], MARCH)
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.update(at=at(3, 5))
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.all().delete()
    with pytest.raises(verifying.NotWhatReadersSee):
        verifying.verified(
            article, add_text(article, "New", now=at(3, 6)).revisions.get(no=1), desk["reviewer"], at(3, 7)
        )


def test_whoever_reads_sees_everything_that_is_read(desk):
    hidden = make_space(Visibility.ROLE, name="Money")
    make_process(hidden, now=at(2, 20))
    with pytest.raises(check_rules.CannotRead, match="Rosa Reader does not see Money"):
        check_rules.save_rules(
            is_enabled=True, zone="UTC", staff_kinds=[ArticleKind.PROCESS], words_a_minute=600, **desk,
            by=make_staff(Role.ADMIN), now=at(2, 21),
        )  # fmt: skip


def test_nobody_reads_a_month_through_another_door(desk, client):
    """A4, S3: strangers and customers find nothing, staff nothing of others' spaces; odd input is no 500."""
    hidden = make_process(make_space(Visibility.ROLE, name="Money", roles=[Role.REVIEWER]), "Override", now=at(2, 20))
    article = public("Returns", now=at(2, 20))
    campaigning.begin(now=MARCH)
    secret, item = (CampaignItem.objects.get(article=one) for one in (hidden, article))
    assert client.get(f"/wiki/checks/{item.pk}/").status_code == 302
    client.force_login(make_person())
    for path in ("/wiki/checks/", "/wiki/checks/export/", f"/wiki/checks/{item.pk}/", "/wiki/checks/next/"):
        assert client.get(path).status_code == 404, path
    client.force_login(make_staff(Role.AGENT))
    page = client.get("/wiki/checks/?month=2026-03&show=all").content.decode()
    assert "Returns" in page and "Override" not in page
    assert "Override" not in client.get("/wiki/checks/export/?month=2026-03").content.decode()
    for pk in (secret.pk, 0, 2**63, 10**30):
        assert client.get(f"/wiki/checks/{pk}/").status_code == 404
        assert client.post(f"/wiki/checks/{pk}/tick/", {"key": "x"}).status_code == 404
    for verb in ("tick", "right", "wrong"):
        answer = client.post(f"/wiki/checks/{item.pk}/{verb}/", {"key": "\0", "remark": "\0 wrong"})
        assert answer.status_code == 422 and "reads this month" in answer.content.decode()
    for odd in ("2026-13", "\0", "x" * 5000, "0000-00", "9999-12"):
        assert client.get("/wiki/checks/", {"month": odd, "show": odd, "after": odd}).status_code == 200
    assert client.post("/settings/wiki/reading/", {}).status_code == 403
    item.refresh_from_db()
    assert (item.ticked, item.outcome) == ([], CheckOutcome.OPEN)


def test_the_months_pages_cost_the_same_however_much_is_read(desk, client):
    space = make_space(Visibility.PUBLIC)
    public("First", space=space, now=at(2, 20))
    campaigning.begin(now=MARCH)
    client.force_login(desk["reviewer"])
    item = CampaignItem.objects.get()
    pages = ("/wiki/checks/?month=2026-03&show=all", f"/wiki/checks/{item.pk}/")
    client.get(pages[0])
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as month:
            assert client.get(pages[0]).status_code == 200
        with CaptureQueriesContext(connection) as one:
            assert client.get(pages[1]).status_code == 200
        counts.append((len(month), len(one)))
        for number in range(8):
            public(f"Page {number}", space=space, text=SIX, now=at(2, 20))
        campaigning.begin(now=MARCH)
    assert counts[0] == counts[1]


def test_an_admin_says_who_reads_and_what_is_missing_is_said(client):
    """U27: the words stand beside their field, and what was typed stays."""
    reader, manager = make_staff(Role.EDITOR), make_staff(Role.LEAD)
    make_process(make_space(Visibility.ROLE, name="Money"))
    client.force_login(make_staff(Role.ADMIN))
    typed = {"is_enabled": "on", "zone": "America/Toronto", "words_a_minute": "700", "staff_kinds": ["process"]}
    page = client.post("/settings/wiki/reading/", typed)
    assert page.status_code == 422
    words = page.content.decode()
    assert "Choose who reads" in words and "Choose who is told" in words and 'value="700"' in words
    typed |= {"reviewer": reader.pk, "manager": manager.pk}
    page = client.post("/settings/wiki/reading/", typed)
    assert page.status_code == 422 and "does not see Money" in page.content.decode()
    for odd in (
        {"zone": "Mars/Base"},
        {"words_a_minute": "9" * 30},
        {"reviewer": "\0"},
        {"reviewer": make_person().pk},
    ):
        assert client.post("/settings/wiki/reading/", typed | {"staff_kinds": []} | odd).status_code == 422, odd
    assert not rules().is_enabled
    assert client.post("/settings/wiki/reading/", typed | {"staff_kinds": []}).status_code == 302
    assert (rules().reviewer, rules().zone) == (reader, "America/Toronto")
    assert Campaign.objects.count() == 1, "this month begins at once"


def test_a7_when_the_manager_has_left_the_admins_hear_of_what_was_not_read(desk):
    public()
    campaigning.begin(now=MARCH)
    admin = Person.objects.with_role(Role.ADMIN).get()
    deactivate_person(person=desk["manager"], by=admin, now=at(3, 20))

    overseeing.look_after(now=at(4, 2))

    told = OutgoingMail.objects.filter(subject__contains="not complete").values_list("to_address", flat=True)
    assert list(told) == [admin.email]
