"""Saving, conflicts, drafts, approval: the actions."""

from datetime import timedelta

import pytest

from accounts.access import NotAllowed
from accounts.choices import Role
from accounts.models import JournalEntry
from knowledgebase.access import may_publish
from knowledgebase.actions import publishing, writing
from knowledgebase.actions.drafting import DraftChanged, drop_draft, keep_draft, keep_new_draft
from knowledgebase.actions.keeping import BadTemplate
from knowledgebase.actions.steps import NoProcess
from knowledgebase.choices import ArticleKind, RevisionState, Visibility
from knowledgebase.merging import text_of
from knowledgebase.models import Article, ArticleDraft, Revision
from knowledgebase.refusals import Refused
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.knowledgebase import NINE, add_text, make_article, make_process, make_space

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(hours=1)
TEXT = "# Refunds\n\nAsk within 90 days.\n\nWe answer in a day.\n\nThe bank needs 5 to 10 days."


@pytest.fixture
def ann():
    return make_staff(Role.EDITOR, name="Ann")


@pytest.fixture
def bob():
    return make_staff(Role.EDITOR, name="Bob")


@pytest.fixture
def article(ann):
    """A page of all staff with seven revisions."""
    row = make_article(markdown=TEXT, author=ann)
    for number in range(2, 8):
        row = add_text(row, f"{TEXT}\n\nDay {number}.", author=ann)
    return row


def put(article, markdown, by, base_no, **more):
    return writing.save(
        article=article, title=article.title, markdown=markdown, base_no=base_no, by=by, now=LATER, **more
    )


def waiting(article, by, markdown="New.", **more):
    return put(article, markdown, by, Article.objects.get(pk=article.pk).head_no, **more)


def told(action):
    return JournalEntry.objects.filter(action=f"article.{action}").count()


def test_A1_the_second_of_two_is_stopped_and_loses_nothing(article, ann, bob):
    text = article.published.markdown
    mine, theirs = text.replace("90 days", "60 days"), text.replace("in a day", "in two days")
    put(article, theirs, ann, 7)

    with pytest.raises(writing.Conflict) as stopped:
        put(article, mine, bob, 7)

    conflict = stopped.value
    assert (conflict.head.no, conflict.base.no, str(conflict)) == (8, 7, "Ann saved version 8 while you were writing.")
    assert Article.objects.get(pk=article.pk).head_no == 8
    draft = ArticleDraft.objects.get(person=bob)
    assert (draft.markdown, draft.base_no) == (mine, 7), "on its own base, so that saving it is stopped again"
    assert put(article, conflict.merged, bob, 8, known=None).no == 9, "the draft is in it"
    assert Revision.objects.get(article=article, no=9).markdown == mine.replace("in a day", "in two days")
    assert not ArticleDraft.objects.filter(person=bob).exists()


def test_A1_who_changed_the_same_line_has_to_choose(article, ann, bob):
    text = article.published.markdown
    put(article, text.replace("90 days", "60 days"), ann, 7)

    with pytest.raises(writing.Conflict) as stopped:
        put(article, text.replace("90 days", "30 days"), bob, 7)

    conflict = stopped.value
    assert conflict.merged is None
    at = next(number for number, part in enumerate(conflict.parts) if part.is_conflict)
    assert "30 days" in text_of(conflict.parts, {at: "mine"})
    assert "60 days" in text_of(conflict.parts, {at: "theirs"})
    both = text_of(conflict.parts, {at: "both"})
    assert "30 days" in both and "60 days" in both
    assert text_of(conflict.parts, {at: "neither"}) is None


def test_a_text_that_is_sent_twice_is_one_revision_and_the_same_words_are_none(article, bob):
    first = put(article, "Other.", bob, 7)

    assert put(article, "Other.", bob, 7) == first
    with pytest.raises(writing.NothingChanged):
        put(article, "Other.", bob, 8)
    with pytest.raises(writing.CannotKeep, match="title"):
        writing.save(article=article, title=" \0 ", markdown="x", base_no=8, by=bob, now=LATER)
    with pytest.raises(writing.CannotKeep, match="200,000"):
        put(article, "x" * 200_001, bob, 8)
    assert Article.objects.get(pk=article.pk).head_no == 8


def test_a_page_that_is_created_twice_is_one_page_and_two_of_one_title_have_two_addresses(ann):
    space = make_space()
    words = {"space": space, "kind": "page", "title": "Waiting", "markdown": "Soon.", "by": ann}
    first = writing.create(**words, now=NINE)

    assert writing.create(**words, now=NINE + timedelta(seconds=3)) == first
    second = writing.create(**{**words, "markdown": "Later."}, now=NINE)
    assert first.slug not in ("waiting", second.slug), "/wiki/waiting/ is a page of ours"
    with pytest.raises(NotAllowed):
        writing.create(**{**words, "by": make_person()}, now=NINE)


def test_A2_an_old_text_comes_back_as_a_new_revision_and_all_stay(article, bob):
    for number in (8, 9):
        add_text(article, f"{TEXT}\n\nDay {number}.")
    old = Revision.objects.get(article=article, no=3)

    revision = publishing.restore(article, no=3, base_no=9, by=bob, now=LATER)

    assert (revision.no, revision.digest, revision.restores, revision.state) == (10, old.digest, 3, "approved")
    assert publishing.restore(article, no=3, base_no=9, by=bob, now=LATER) == revision
    assert list(article.revisions.order_by("no").values_list("no", flat=True)) == list(range(1, 11))
    assert Article.objects.get(pk=article.pk).published == revision
    with pytest.raises(Refused, match="saved meanwhile"):
        publishing.restore(article, no=4, base_no=9, by=bob, now=LATER)
    for no in (0, -1, 11, 10**12):
        with pytest.raises(Refused, match="no version"):
            publishing.restore(article, no=no, base_no=10, by=bob, now=LATER)


def test_A3_what_customers_read_takes_a_second_person(ann, bob):
    article = make_article(make_space(Visibility.PUBLIC), markdown="Old.", owner=bob)
    agent = make_staff(Role.AGENT)
    revision = waiting(article, ann)
    article.refresh_from_db()
    assert (revision.state, article.published.no, article.waiting) == (RevisionState.SUBMITTED, 1, True)
    for person in (ann, agent):
        with pytest.raises(NotAllowed):
            publishing.approve(revision, by=person, now=LATER)

    before = told("published")
    publishing.approve(revision, by=bob, now=LATER)
    publishing.approve(revision, by=bob, now=LATER)

    assert told("published") == before + 1
    article.refresh_from_db()
    assert (article.published.markdown, article.waiting, article.verified_at) == ("New.", False, None)
    with pytest.raises(publishing.Answered, match="approved by Bob"):
        publishing.approve(revision, by=make_staff(Role.EDITOR), now=LATER)


def test_A3_ones_own_words_below_anothers_are_still_ones_own(ann, bob):
    article = make_article(make_space(Visibility.PUBLIC), markdown="Old.")
    first = waiting(article, ann, "Ann's.")
    second = waiting(article, bob, "Ann's. And Bob's.")

    with pytest.raises(NotAllowed, match="version 2"):
        publishing.approve(second, by=ann, now=LATER)
    publishing.approve(first, by=bob, now=LATER)
    publishing.approve(second, by=ann, now=LATER)

    article.refresh_from_db()
    assert (article.published.no, article.waiting) == (3, False)


def test_A3_a_text_that_was_turned_down_comes_back_by_no_friend_of_its_author(ann, bob):
    article = make_article(make_space(Visibility.PUBLIC), markdown="Old.")
    publishing.reject(waiting(article, ann), answer="No.", by=bob, now=LATER)
    brought = publishing.restore(article, no=2, base_no=2, by=bob, now=LATER)

    assert brought.state == RevisionState.SUBMITTED
    assert not may_publish(ann, brought) and not may_publish(bob, brought)
    assert may_publish(make_staff(Role.EDITOR), brought)


def test_what_is_approved_takes_along_what_waited_below_it(ann, bob):
    article = make_article(make_space(Visibility.PUBLIC), markdown="Old.")
    first, second = waiting(article, ann, "One."), waiting(article, bob, "One. Two.")

    publishing.approve(second, by=make_staff(Role.EDITOR), now=LATER)

    first.refresh_from_db()
    assert (first.state, first.answer) == (RevisionState.SAVED, "Went on in version 3.")
    with pytest.raises(Refused, match="cannot be handed in any more"):
        publishing.submit(first, by=ann, now=LATER)


def test_a_suggestion_is_turned_down_with_words_and_taken_back_by_its_author(ann, bob):
    article = make_article(make_space(Visibility.PUBLIC), markdown="Old.")
    revision = waiting(article, ann)
    with pytest.raises(Refused, match="Say why"):
        publishing.reject(revision, answer=" ", by=bob, now=LATER)
    with pytest.raises(NotAllowed):
        publishing.withdraw(revision, by=make_staff(Role.AGENT), now=LATER)
    publishing.withdraw(revision, by=ann, now=LATER)
    assert not Article.objects.get(pk=article.pk).waiting
    publishing.submit(revision, by=ann, now=LATER)

    publishing.reject(revision, answer="Not so.", by=bob, now=LATER)

    article.refresh_from_db()
    assert not article.waiting
    mail = OutgoingMail.objects.get(to_address=ann.email)
    assert "Not so." in mail.text
    again = waiting(article, ann, "Better.")
    assert (again.no, again.base_no) == (3, 1), "what was turned down is not gone on from"


def test_everybody_on_the_staff_may_suggest_and_the_owner_hears_once_a_day(ann):
    article = make_article(author=ann)
    observer = make_staff(Role.REVIEWER, name="Rae")

    for number in range(3):
        assert waiting(article, observer, f"Idea {number}.", submit=False).state == RevisionState.SUBMITTED

    mail = OutgoingMail.objects.get(to_address=ann.email)
    assert mail.subject == f"Rae suggests a change to {article.title}" and f"/wiki/{article.slug}/change/" in mail.text
    article.refresh_from_db()
    assert article.published.no == 1 and article.waiting
    with pytest.raises(NotAllowed):
        put(article, "x", make_person(), article.head_no)
    with pytest.raises(NotAllowed):
        put(make_article(make_space(Visibility.ROLE)), "x", observer, 1)


def test_a_draft_is_kept_in_order_and_an_empty_editor_overwrites_nothing(article, bob):
    def keep(markdown, known):
        return keep_draft(article=article, title="T", markdown=markdown, base_no=7, known=known, by=bob, now=LATER)

    assert keep("One.", 0).version == 1
    assert keep("One. Two.", 1).version == 2
    with pytest.raises(DraftChanged) as stopped:
        keep("Another window.", 1)
    assert stopped.value.other.markdown == "One. Two."
    assert keep("One. Two.", 1).version == 2, "the same words are no clash"
    assert keep("  ", 2).markdown == "One. Two."
    put(article, "From another window.", bob, 7, known=1)
    assert ArticleDraft.objects.filter(person=bob).exists(), "what that window did not know stays"
    drop_draft(article=article, by=bob)
    with pytest.raises(DraftChanged):
        keep("Late.", 2)


def test_A1_a_conflict_and_a_program_leave_what_another_window_was_writing(article, ann, bob):
    """One person, two windows and a program: whoever loses or saves, no text that was kept is gone."""
    kept = keep_draft(article=article, title="T", markdown="Hours of work.", base_no=7, known=0, by=bob, now=LATER)
    put(article, "By a program.", bob, 7)
    assert ArticleDraft.objects.get(person=bob).markdown == "Hours of work."
    put(article, "By Ann.", ann, 8)
    for text, known in (("Second window.", 0), ("Second window.", 0), ("Third window.", kept.version + 1)):
        with pytest.raises(writing.Conflict) as stopped:
            put(article, text, bob, 7, known=known)
        assert stopped.value.draft.markdown == text
    texts = ArticleDraft.objects.filter(person=bob).order_by("pk").values_list("article", "markdown")
    assert list(texts) == [(article.pk, "Third window."), (None, "Hours of work.")]


def test_a_new_page_is_a_draft_until_it_is_saved(bob):
    words = {"space": make_space(), "kind": "page", "title": "New", "by": bob, "now": NINE}
    assert keep_new_draft(**{**words, "title": ""}, markdown="") is None
    draft = keep_new_draft(**words, markdown="Text.", ticket_id=5)
    assert keep_new_draft(**words, markdown="Text. More.", pk=draft.pk, known=1).version == 2

    del words["now"]
    article = writing.create(**words, markdown="Text. More.", draft=draft.pk, now=NINE)

    assert article.published.markdown == "Text. More."
    assert not ArticleDraft.objects.exists()


def test_a_process_or_a_mail_that_cannot_work_is_saved_and_not_published(ann):
    process = make_process(author=ann)
    broken = process.published.markdown.replace("WHEN: within 4 hours of the start", "WHEN: soon")
    with pytest.raises(NoProcess, match="tep 1"):
        put(process, broken, ann, 1)
    assert put(process, broken, ann, 1, submit=False).state == RevisionState.SAVED
    template = make_article(kind=ArticleKind.TEMPLATE, markdown="Hello {customer_name}", author=ann)
    for wrong in ("{Customer Name}", "{custmer_name}", "{", "{customer_name}}"):
        with pytest.raises(BadTemplate, match=r"cannot be filled|is not known"):
            put(template, f"Hello {wrong}", ann, 1)
    assert put(template, "In code `{x: 1}` nothing is filled, {customer_first_name}.", ann, 1).state == "approved"


def test_publishing_ends_the_proof_of_reading_unless_its_reader_saved(article, ann, bob):
    waiting(article, ann, "Changed.")
    assert Article.objects.get(pk=article.pk).verified_at is None
    agent = make_staff(Role.AGENT)
    with pytest.raises(NotAllowed):
        waiting(article, agent, "Mine.", verify=True)

    waiting(article, ann, "Changed again.", verify=True)

    assert Article.objects.get(pk=article.pk).verified_at == LATER


def test_what_was_reported_as_wrong_is_answered_by_new_facts_alone(article, ann):
    Article.objects.filter(pk=article.pk).update(needs_change="The days are wrong.", needs_change_at=NINE)
    waiting(article, ann, "Tyop.", significance="typo")
    assert Article.objects.get(pk=article.pk).needs_change
    waiting(article, ann, "30 days.")
    assert not Article.objects.get(pk=article.pk).needs_change
