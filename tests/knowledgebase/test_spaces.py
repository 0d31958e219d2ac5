"""Spaces on their settings page, and pages of the wiki that stand beside articles."""

import pytest

from accounts.choices import Role
from knowledgebase.actions import flagging, shelving
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, Revision, Space
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import NINE, make_article, make_space

pytestmark = pytest.mark.django_db
ENTERED = {"name": "Money", "about": "", "visibility": "role", "roles": ["reviewer"], "verify_days": "14"}


def test_a_space_is_made_and_its_readers_only_become_fewer_while_pages_stand_in_it(client, admin, editor):
    sign_in(client, admin)
    assert client.post("/settings/wiki/spaces/new/", ENTERED | {"roles": []}).status_code == 422
    assert client.post("/settings/wiki/spaces/new/", ENTERED).status_code == 302
    space = Space.objects.get(key="money")
    assert (space.visibility, space.roles, space.verify_days) == ("role", ["reviewer"], 14)
    address = f"/settings/wiki/spaces/{space.pk}/"
    assert client.post(address, ENTERED | {"visibility": "staff", "roles": []}).status_code == 302
    make_article(Space.objects.get(pk=space.pk), "Limits")
    wider = client.post(address, ENTERED | {"visibility": "public", "roles": [], "needs_approval": "on"})
    assert wider.status_code == 422 and "each waits for approval" in wider.text
    assert client.post(address, ENTERED | {"visibility": "public", "roles": []}).status_code == 422
    client.post(f"{address}archive/")
    space.refresh_from_db()
    assert space.archived_at is None
    assert client.post(address, ENTERED | {"verify_days": "32"}).status_code == 422
    sign_in(client, editor)
    assert client.get("/settings/wiki/").status_code == 403


def test_a_text_that_one_person_saw_waits_for_approval_before_customers_read_it(client, django_client):
    """A3: moving a page is no way around the second person; neither is archiving for whoever may not publish."""
    agent = make_staff(Role.AGENT)
    article = make_article(make_space(), "Refund override", "Secret words", author=agent)
    public = make_space(Visibility.PUBLIC)
    moved = shelving.move(article=article, space=public, by=agent, now=NINE)
    assert moved.published is None and moved.waiting
    assert django_client().get(f"/articles/{article.slug}/").status_code == 404
    assert Revision.objects.filter(article=article).count() == 2
    shown = make_article(public, "Refunds", "Ask.")
    sign_in(client, agent)
    assert client.post(f"/wiki/{shown.slug}/archive/").status_code == 403
    assert client.post(f"/wiki/{shown.slug}/place/", {"slug": "x"}).status_code == 403
    shown.refresh_from_db()
    assert shown.archived_at is None


def test_a_place_is_entered_in_words_and_a_ring_is_refused(client, editor):
    space = make_space()
    above = make_article(space, "Above", author=editor)
    below = make_article(space, "Below", parent=above, author=editor)
    sign_in(client, editor)
    entered = {"slug": "upper", "space": space.pk, "parent": below.pk, "position": "3", "tags": "W8,  a  b, w8"}
    entered["owner"] = editor.pk
    ring = client.post(f"/wiki/{above.slug}/place/", entered)
    assert ring.status_code == 422 and "cannot stand below itself" in ring.text
    assert Article.objects.get(pk=above.pk).slug == "above"  # all of it or nothing
    for slug in ("below", "search", "Ü", "a b", "x" * 121):
        assert client.post(f"/wiki/{above.slug}/place/", entered | {"parent": "", "slug": slug}).status_code == 422
    assert client.post(f"/wiki/{above.slug}/place/", entered | {"parent": ""}).url == "/wiki/upper/"
    row = Article.objects.get(pk=above.pk)
    assert (row.tags, row.position) == (["w8", "a b"], 3)
    assert client.get("/wiki/above/").url == "/wiki/upper/"
    tree = client.get(f"/wiki/{below.slug}/").text
    assert tree.index('href="/wiki/upper/"') < tree.index('href="/wiki/below/" aria-current="page"')


def test_a_flag_reaches_the_owner_once_until_it_is_mended(client, editor, agent):
    article = make_article(author=editor)
    sign_in(client, agent)
    assert client.post(f"/wiki/{article.slug}/flag/", {"words": " "}).status_code == 422
    client.post(f"/wiki/{article.slug}/flag/", {"words": "The price is <b>old</b>"})
    flagging.flag(article=article, words="And the photo", by=agent, now=NINE, ticket_id=7)
    article.refresh_from_db()
    assert article.needs_change == "Alma Agent: The price is <b>old</b> · Alma Agent: And the photo (ticket #7)"
    sign_in(client, editor)
    assert "&lt;b&gt;old&lt;/b&gt;" in client.get("/wiki/").text
    client.post(f"/wiki/{article.slug}/unflag/")
    article.refresh_from_db()
    assert article.needs_change == "" and article.needs_change_at is None


@pytest.mark.parametrize("page", ["", "unhelpful/", "space/work/", "{slug}/place/", "{slug}/flag/", "{slug}/links/",
                                  "{slug}/votes/", "{slug}/files/", "{slug}/"])  # fmt: skip
def test_every_page_about_an_article_is_shown(client, admin, page):
    article = make_article(author=admin, markdown="[a](https://x.example/) [b](/nowhere/) [[gone]]")
    sign_in(client, admin)
    assert client.get(f"/wiki/{page.format(slug=article.slug)}").status_code == 200
