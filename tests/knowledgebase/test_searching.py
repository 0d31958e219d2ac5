"""What is kept of searches, and what it says is missing (A5, A9, A13)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from knowledgebase.actions import searching
from knowledgebase.choices import Surface, Visibility
from knowledgebase.models import SearchLog
from knowledgebase.queries_searches import no_hits, not_opened
from tests.factories.knowledgebase import make_article, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def help_space():
    return make_space(visibility=Visibility.PUBLIC)


def test_letters_of_one_search_are_one_row_and_a_gap_is_reported_at_once(client, help_space, editor, django_client):
    """A5: a query with no answer stands on the gap report; what was opened stands on none."""
    article = make_article(help_space, "Charging the battery", "Two hours in the dock.")
    for typed in ["xylo", "xylophone", "xylophone lessons"]:
        page = client.get("/articles/search/", {"q": typed})
        assert page.status_code == 200
        assert "Nothing found" in page.content.decode()
    assert [(row.query, row.hits) for row in SearchLog.objects.all()] == [("xylophone lessons", 0)]
    client.get("/articles/search/", {"q": "battery"})
    desk = django_client()
    desk.force_login(editor)
    report = desk.get("/wiki/gaps/").content.decode()
    assert "xylophone lessons" in report
    now = timezone.now()
    assert [gap.query for gap in not_opened(editor, now)] == ["battery"]
    page = client.get("/articles/search/", {"q": "battery"})
    client.get(f"/articles/{article.slug}/", {"s": page.context["token"]})
    assert not not_opened(editor, now)
    assert [gap.query for gap in no_hits(now)] == ["xylophone lessons"]


def test_what_is_kept_names_no_card_and_no_address_and_a_later_search_is_another(db):
    now = timezone.now()
    keep = {"hits": 0, "surface": Surface.HELP, "visitor": "v", "person": None}
    searching.keep(words="card 4242 4242 4242 4242 of dana@example.com", now=now, **keep)
    searching.keep(words="card", now=now + timedelta(seconds=31), **keep)
    searching.keep(words="🤖 \0 --- !!", now=now, **keep)
    assert list(SearchLog.objects.order_by("pk").values_list("query", flat=True)) == ["card … of …", "card"]
