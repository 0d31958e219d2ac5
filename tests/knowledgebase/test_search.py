"""What a search in the wiki finds, in which order, and for whom (A4, A5, A13)."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.choices import Role
from knowledgebase.actions.indexing import index
from knowledgebase.choices import RevisionState, Visibility
from knowledgebase.models import Article, Revision, SearchEntry, Synonyms
from knowledgebase.queries_search import find, suggest
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import NINE, add_text, make_article, make_space

pytestmark = pytest.mark.django_db
ANYBODY = AnonymousUser()
FILLER = [
    "invoice", "robot", "arm", "motor", "battery", "shipping", "parcel", "classroom", "teacher", "software", "update",
    "camera", "sensor", "warranty", "repair", "school", "district", "credit", "refund", "tax", "form", "receive",
]  # fmt: skip


def titles(found) -> list[str]:
    return [hit.article.title for hit in found]


def shelf(space, number: int) -> None:
    """Articles about everything, each with some words of FILLER in its text and of its first half in its title."""
    author = make_staff(Role.EDITOR)
    made = Article.objects.bulk_create(
        Article(space=space, slug=f"s{at}", title=f"{FILLER[at % 15].title()} and {FILLER[at % 13]}, part {at}",
                owner=author, head_no=1, created_at=NINE, updated_at=NINE)
        for at in range(number)
    )  # fmt: skip
    texts = []
    for at, article in enumerate(made):
        words = [FILLER[(at * step + step) % len(FILLER)] for step in range(1, 9)]
        text = f"How to {words[0]} the {words[1]}.\n\n## About {words[2]}\n\n" + " ".join(words * 12)
        texts.append(Revision(article=article, no=1, base_no=0, title=article.title, markdown=text, author=author,
                              state=RevisionState.APPROVED, created_at=NINE))  # fmt: skip
    for revision in Revision.objects.bulk_create(texts):
        article = revision.article
        article.published, article.published_at = revision, NINE
        index(article)
    Article.objects.bulk_update(made, ["published", "published_at"])


@pytest.fixture
def help_space():
    return make_space(visibility=Visibility.PUBLIC)


def test_among_500_articles_every_way_to_write_a_code_finds_it_first(help_space):
    """A5: w8, W-8, w8ben and W-8BEN-E; two misspelt words; only stop words."""
    shelf(help_space, 497)
    make_article(help_space, "Send us your W-8BEN-E", "The tax form for companies outside the United States.")
    make_article(help_space, "Refunds", "When you receive a refund, and how long it takes.")
    make_article(help_space, "Paying by card", "Mentions W-8 once, and the w8ben too. " + "card " * 40)
    for typed in ["w8", "W-8", "w8ben", "W-8BEN-E", "w-8ben-e", "w 8ben", "W8BENE", "where is your w-8 form"]:
        assert titles(find(ANYBODY, typed).rows)[0] == "Send us your W-8BEN-E", typed
    misspelt = find(ANYBODY, "recieve refnd")
    assert "Refunds" in titles(misspelt.rows)[:3]
    assert misspelt.did_you_mean == "receive refund"
    assert find(ANYBODY, "how to").rows
    assert titles(suggest(ANYBODY, "Hello, could you tell me where is your w-8 form please? Thanks"))[0] == (
        "Send us your W-8BEN-E"
    )


def test_what_the_reader_may_not_read_is_neither_found_nor_counted_nor_offered(editor, customer):
    """A4: staff text leaks by no word, no number and no spelling; a role's space is its role's, drafts are nobody's."""
    make_article(make_space(Visibility.STAFF), "Refund override", "Zanzibar rules. The <b>refundoverride</b> switch.")
    make_article(make_space(Visibility.CUSTOMERS), "Refunds for customers", "Ask on the account.")
    public = make_space(Visibility.PUBLIC)
    make_article(public, "Refunds for everybody", "Up to 90 days.")
    make_article(public, "Refund draft", "Nobody approved this refund yet.", published=False)
    assert titles(find(ANYBODY, "refund").rows) == ["Refunds for everybody"]
    assert find(ANYBODY, "refund").total == 1
    assert set(titles(find(customer, "refund").rows)) == {"Refunds for customers", "Refunds for everybody"}
    for typed in ["zanzibar", "zanzibra", "override", "overide", "refundoverride", "switch", "approved"]:
        for person in (None, ANYBODY, customer):
            found = find(person, typed)
            assert not found.rows and not found.did_you_mean, (person, typed)
            assert not suggest(person, f"my question about {typed}")
    assert len(find(editor, "refund").rows) == 4
    assert titles(find(editor, "zanzibra").rows) == ["Refund override"]


def test_titles_weigh_more_than_texts_popular_ones_more_than_others_and_synonyms_are_found(help_space):
    """R42: the title four times the text; a popularity boost among equals; other words for the same thing."""
    inside = make_article(help_space, "Money back", "A bank wire takes three days. " + "wire " * 20)
    about = make_article(help_space, "Wire transfers", "How to send one.")
    assert titles(find(ANYBODY, "wire").rows) == [about.title, inside.title]
    part = find(ANYBODY, "wire zyzzyva")
    assert (titles(part.rows)[0], part.hits, part.is_part) == (about.title, 0, True)
    first = make_article(help_space, "Charging stations", "Plug it in.")
    second = make_article(help_space, "Charging stations", "Plug it in.")
    SearchEntry.objects.filter(article=first).update(popularity=90)
    assert [hit.article for hit in find(ANYBODY, "charging").rows] == [first, second]
    assert not find(ANYBODY, "telegraphic payment").hits
    Synonyms.objects.create(words=["telegraphic payment", "wire", "W-9"])
    assert titles(find(ANYBODY, "telegraphic payment").rows)[0] == about.title
    assert titles(find(ANYBODY, "w9").rows)[0] == about.title


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\0", "'", "''':*", "a & | ! ( <->", "\\", "%", "'; DROP TABLE x; --", "🤖🤖", "日本語 配送",
     "w" * 5_000, "é" * 300, "- -- ---", "(((((((", "a " * 900, "½ Ⅷ ﷺ", "\ud7ff\uffff", "%(gate0)s {0} %s"],
)  # fmt: skip
def test_no_words_break_the_search_and_nothing_in_it_becomes_markup(help_space, typed):
    """A13, S3: whatever is typed or written, the answer is escaped before it is marked."""
    payload = "<img src=x onerror=alert(1)> </mark><script>alert(2)</script> &lt;b&gt; w 配送 é"
    make_article(help_space, f"Payload {payload}"[:150], payload, slug="payload")
    for hit in [*find(ANYBODY, typed).rows, *suggest(ANYBODY, typed), *find(ANYBODY, f"payload {typed}").rows]:
        assert not set(re.findall(r"<[^>]*>", hit.title + hit.snippet)) - {"<mark>", "</mark>"}


def test_what_changes_is_found_by_what_it_says_now_and_moves_with_its_space(help_space, editor):
    article = make_article(help_space, "Old heading", "The wombat text.")
    add_text(article, "The quokka text.", title="New heading")
    assert not find(ANYBODY, "wombat").hits
    assert titles(find(ANYBODY, "quokka").rows) == ["New heading"]
    add_text(article, "The secret koala.", published=False)
    assert not find(ANYBODY, "koala").hits
    Article.objects.filter(pk=article.pk).update(archived_at=NINE)
    assert not find(editor, "quokka").hits
