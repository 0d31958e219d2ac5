"""Articles over the API: the same gate and the same verbs as in the browser (A1, A3, A4, A5)."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.choices import Role, Scope
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, SearchLog
from tests.factories.accounts import make_staff
from tests.factories.api import make_token
from tests.factories.knowledgebase import make_article, make_space

pytestmark = pytest.mark.django_db
EVERY = [Scope.ARTICLES_READ, Scope.ARTICLES_WRITE]


def program(person, scopes=EVERY):
    secret = make_token(person, *scopes, now=timezone.now())[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_a_token_reads_and_finds_what_its_person_reads_and_nothing_else(agent, editor):
    """A4, A5: a role's space stays closed by list, search and number; what was not found stands on the gap report."""
    public = make_article(make_space(Visibility.PUBLIC), "Our W-8BEN-E", "The **form** is on the invoice.")
    closed = make_article(make_space(Visibility.ROLE), "W-8 for leads", "Only leads read this form.")
    api = program(agent)
    assert [row["id"] for row in api.get("/api/articles/").json()["results"]] == [public.pk]
    assert api.get(f"/api/articles/{closed.pk}/").status_code == 404
    found = api.get("/api/articles/search/", {"q": "w8"}).json()
    assert [(row["article"]["slug"], row["snippet"]) for row in found["results"]] == [
        (public.slug, "The form is on the invoice.")
    ]
    api.get("/api/articles/search/", {"q": "zeppelin"})
    assert SearchLog.objects.get(query="zeppelin").hits == 0
    assert api.get("/api/articles/search/").status_code == 400
    assert program(agent, [Scope.TICKETS_READ]).get("/api/articles/").status_code == 403
    assert program(agent, [Scope.ARTICLES_READ]).post("/api/articles/", {}, "application/json").status_code == 403


def test_a_change_names_what_it_began_from_and_nobody_publishes_their_own(editor):
    """A1, A3: 409 with both texts and their merge; in a public space the change waits for somebody else."""
    space = make_space(Visibility.PUBLIC)
    article = make_article(space, "Returns", "First part.\n\nSecond part.")
    api = program(editor)
    address = f"/api/articles/{article.pk}/"
    own = {"markdown": "First part, changed.\n\nSecond part.", "base_no": 1}
    changed = api.patch(address, own, "application/json").json()
    assert (changed["head_no"], changed["published_no"], changed["waiting"]) == (2, 1, True)
    other = program(make_staff(Role.EDITOR, name="Other Editor"))
    late = {"markdown": "First part.\n\nSecond part, changed.", "base_no": 1}
    answer = other.patch(address, late, "application/json")
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["head"]["no"] == 2
    assert error["merged"] == "First part, changed.\n\nSecond part, changed."
    assert Article.objects.get(pk=article.pk).head_no == 2
    made = api.post("/api/articles/", {"space": space.key, "title": "New", "markdown": "Text."}, "application/json")
    assert made.status_code == 201
    assert made.json()["published"] is None
    wrong = {"space": "nowhere", "title": "New", "markdown": "x"}
    assert api.post("/api/articles/", wrong, "application/json").status_code == 400
