"""Two writers at once, and one killed in the middle: a text is never lost and never published twice."""

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry
from knowledgebase.choices import RevisionState, Visibility
from knowledgebase.models import Article, ArticleDraft, Revision
from tests.beside import let_go, started_from
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import NINE, add_text, make_article, make_space

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beside(transactional_db):
    """A function that starts a writer beside the test and returns it once it stands ready."""
    with started_from("tests.knowledgebase.wiki_process", NINE) as start:
        yield lambda verb, person, row, **more: start(verb, person.pk, row.pk, **more)


def published(article):
    return JournalEntry.objects.filter(
        action="article.published", subject=f"knowledgebase.article:{article.pk}"
    ).count()


def test_A1_of_two_who_save_at_once_one_is_stopped_with_the_words_kept(beside):
    ann, bob = make_staff(Role.EDITOR, name="Ann"), make_staff(Role.EDITOR, name="Bob")
    article = make_article(markdown="Old.")

    assert let_go(beside("save", ann, article), beside("save", bob, article)) == ["2", "Conflict"]

    draft = ArticleDraft.objects.get()
    second = Revision.objects.get(article=article, no=2)
    assert (
        draft.person != second.author and draft.markdown == f"Old.\n\nFrom {draft.person.name}." and draft.base_no == 1
    )
    assert Article.objects.get(pk=article.pk).published == second and published(article) == 2


def test_two_pages_of_one_title_at_once_have_two_addresses_and_one_form_sent_twice_makes_one(beside):
    ann, bob = make_staff(Role.EDITOR, name="Ann"), make_staff(Role.EDITOR, name="Bob")
    space = make_space()

    made = let_go(*[beside("create", person, space) for person in (ann, bob, ann)])

    assert Article.objects.filter(space=space).count() == 2 and len(set(made)) == 2
    assert made[0] == "printers"


def test_A3_of_two_editors_who_decide_at_once_one_does(beside):
    cleo, dan = make_staff(Role.EDITOR), make_staff(Role.EDITOR)
    for verbs in (("approve", "approve"), ("approve", "reject")):
        article = make_article(make_space(Visibility.PUBLIC), markdown="Old.")
        add_text(article, "New.", published=False)
        revision = Revision.objects.get(article=article, no=2)
        Revision.objects.filter(pk=revision.pk).update(state=RevisionState.SUBMITTED, submitted_at=NINE)

        said = let_go(*[beside(verb, person, revision) for verb, person in zip(verbs, (cleo, dan), strict=True)])

        assert "Answered" in said and len(set(said)) == 2
        shown = Article.objects.get(pk=article.pk).published.no
        assert shown == (2 if "approve" in said else 1)
        assert published(article) == shown


@pytest.mark.parametrize("place", ["save.kept", "save.published", "save.before_commit", "approve.published"])
def test_a_writer_killed_in_the_middle_leaves_nothing_half_done(beside, place):
    ann, bob = make_staff(Role.EDITOR, name="Ann"), make_staff(Role.EDITOR, name="Bob")
    verb = place.partition(".")[0]
    article = row = make_article(make_space(Visibility.PUBLIC) if verb == "approve" else None, markdown="Old.")
    if verb == "approve":
        add_text(article, "New.", published=False, author=ann)
        row = Revision.objects.get(article=article, no=2)
        Revision.objects.filter(pk=row.pk).update(state=RevisionState.SUBMITTED, submitted_at=NINE)
    process = beside(verb, bob, row, FAILPOINT=f"knowledgebase.{place}")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9

    article = Article.objects.get(pk=article.pk)
    assert (article.published.markdown, published(article)) == ("Old.", 1)
    assert article.head_no == (2 if verb == "approve" else 1)
    assert let_go(beside(verb, bob, row)) == ["approve" if verb == "approve" else "2"]
    assert published(article) == 2 and Article.objects.get(pk=article.pk).published.no == 2
