"""What a wiki is like before anybody wrote in it (R100)."""

import re

import pytest
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.choices import Role
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, Space
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import make_article

pytestmark = pytest.mark.django_db


def test_a_fresh_wiki_has_four_spaces_and_nobody_publishes_alone_what_customers_read_r100():
    found = {space.key: (space.visibility, space.needs_approval) for space in Space.objects.all()}
    assert found == {
        "help": (Visibility.PUBLIC, True),
        "customers": (Visibility.CUSTOMERS, True),
        "work": (Visibility.STAFF, False),
        "templates": (Visibility.STAFF, True),
    }


def test_an_admin_alone_has_a_verified_article_after_one_form_and_a_way_to_what_customers_read_r100(client):
    """From the empty wiki over its first steps: three requests, no setting, nobody else."""
    admin = make_staff(Role.ADMIN)
    sign_in(client, admin)

    first = client.get("/wiki/")
    assertContains(first, "First steps")
    steps = first.content.decode().split('id="first-h"')[1]
    [begins] = re.findall(r'href="(/wiki/new/[?]space=work)"', steps)
    form = client.get(begins)
    assertContains(form, "Save and mark as checked")
    hidden = {"space": form.context["form"]["space"].value(), "kind": "page", "do": "verify"}
    saved = client.post("/wiki/new/", {**hidden, "title": "How we answer the phone", "markdown": "Name first."})

    article = Article.objects.get()
    assertRedirects(saved, f"/wiki/{article.slug}/")
    assert article.published is not None
    assert article.verified_at is not None and article.verify_due_at is not None
    assertContains(client.get("/wiki/"), "First steps")  # two are left
    assertNotContains(client.get("/wiki/new/?space=help"), "Save and mark as checked")

    # What customers read waits for a second person, also when the button is sent from elsewhere (A3).
    public = {"space": Space.objects.get(key="help").pk, "kind": "page", "do": "verify"}
    refused = client.post("/wiki/new/", {**public, "title": "Opening hours", "markdown": "From nine."})
    assert refused.status_code in (302, 422)
    assert not Article.objects.filter(slug="opening-hours", published__isnull=False).exists()


def test_the_first_steps_go_away_once_there_is_something_to_read(client):
    space = Space.objects.get(key="work")
    for number in range(3):
        make_article(space, f"Page {number}")
    sign_in(client, make_staff(Role.AGENT))

    assertNotContains(client.get("/wiki/"), "First steps")
