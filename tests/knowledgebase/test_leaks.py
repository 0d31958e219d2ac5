"""A4: what somebody may not read shows through no door: every page, search, list, feed and file is tried by everybody.

Each text that is not for all holds a word of its own, beside "walnut", which everybody looks for.
"""

import re

import pytest
from django.urls import get_resolver

from accounts.choices import Role
from knowledgebase.actions import filing, shelving, writing
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, ArticleFile
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import NINE, make_article, make_space
from tests.factories.tickets import make_ticket
from tests.house.test_audience import audience_of, every_pattern, methods_of

pytestmark = pytest.mark.django_db
OURS = re.compile(
    r"^/(a|wiki|articles|sitemap|api/articles|palette|go|help|forms|embed|contact|store|$)|articl|suggest|process"
)
ASKED = dict.fromkeys(("q", "words", "text", "subject", "description", "message", "body"), "walnut")


def hide(space, word: str, **more) -> Article:
    """An article whose every part holds `word`."""
    text = f"## Walnut {word}\n\nwalnut {word} [[open-page|{word}]]"
    made = make_article(space, f"Walnut {word}", text, slug=f"hidden-{len(Article.objects.all())}", tags=[word], **more)
    filing.add_file(article=made, content=b"plain", name=f"{word}.txt", by=made.owner, now=NINE)
    return made


@pytest.fixture
def hidden():
    """The secret word of each article, and who may come across it."""
    public = make_space(Visibility.PUBLIC, key="open")
    make_article(public, "Open walnut page", "walnut for all: [[hidden-1]] [[hidden-2]]", slug="open-page")
    hide(make_space(Visibility.STAFF), "staffword")
    hide(make_space(Visibility.ROLE, roles=[Role.LEAD]), "leadword")
    hide(make_space(Visibility.CUSTOMERS), "customerword")
    hide(public, "draftword", published=False)
    away = hide(public, "awayword")
    shelving.archive(article=away, by=make_staff(Role.ADMIN), now=NINE)
    waits = hide(make_space(Visibility.PUBLIC), "plainword")
    editor = make_staff(Role.EDITOR)
    text = f"walnut waitword ![x](/a/files/{ArticleFile.objects.order_by('-pk')[0].pk}/)"
    writing.save(article=waits, title="Walnut waitword", markdown=text, base_no=1, by=editor, now=NINE)
    return {"leadword", "staffword", "draftword", "awayword", "waitword", "customerword"}


def addresses(route: str, articles: list[Article], ticket) -> set[str]:
    """The route with every one of `articles`, of their spaces, files and numbers in its gaps."""
    files = ArticleFile.objects.filter(article__in=articles).values_list("pk", flat=True)
    found = {route}
    for gap, values in {
        "<slug:slug>": [row.slug for row in articles],
        "<slug:key>": sorted({row.space.key for row in articles}),
        "<int:no>": [1, 2],
        "<int:pk>": sorted({ticket.pk, *files, *(row.pk for row in articles)}),
    }.items():
        found = {one.replace(gap, str(value), 1) for one in found for value in values} if gap in route else found
    return {one for one in found if "<" not in one}


def seen_by(client, hidden, doors, articles, ticket) -> dict[str, set[str]]:
    """Which secret words stand where, for whom `client` is."""
    found: dict[str, set[str]] = {}
    for route, pattern in doors:
        posts = "POST" in methods_of(pattern.callback) and audience_of(pattern.callback) == "public"
        for address in sorted(addresses(route, articles, ticket)):
            for answer in [client.get(address, ASKED), *([client.post(address, ASKED)] if posts else ())]:
                assert answer.status_code < 500, address
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                told = content.decode(errors="replace") + " ".join(f"{key}: {value}" for key, value in answer.items())
                for word in hidden:
                    if word in told:
                        found.setdefault(word, set()).add(address)
    return found


def doors(*, staff: bool):
    every = [(route, pattern) for route, pattern in every_pattern(get_resolver()) if OURS.search(route)]
    kinds = ("staff", "role")
    return [one for one in every if staff or not audience_of(one[1].callback).startswith(kinds)]


def test_a4_what_somebody_may_not_read_shows_through_no_door(django_client, hidden, customer, agent, admin):
    ticket = make_ticket(requester=customer, subject="walnut")
    every = list(Article.objects.select_related("space"))
    of_leads = [row for row in every if "leadword" in row.title]
    assert seen_by(django_client(), hidden, doors(staff=False), every, ticket) == {}
    client = django_client()
    sign_in(client, customer)
    assert set(seen_by(client, hidden, doors(staff=False), every, ticket)) == {"customerword"}
    client = django_client()
    sign_in(client, agent)
    opened = [*of_leads, Article.objects.select_related("space").get(slug="open-page")]
    found = seen_by(client, hidden, doors(staff=True), opened, ticket)
    assert "leadword" not in found, found["leadword"]
    assert "staffword" in found
    client = django_client()
    sign_in(client, admin)
    assert len(seen_by(client, hidden, doors(staff=True), of_leads, ticket)["leadword"]) > 6  # the doors are open


def test_a4_a_page_of_the_staff_leads_nowhere_and_is_led_to_from_nowhere(client, hidden, agent):
    page = client.get("/articles/open-page/").text
    assert "hidden 1" in page and "hidden-1/" not in page and "hidden-2/" not in page
    for slug in Article.objects.exclude(slug="open-page").filter(slug__in=[f"hidden-{n}" for n in range(1, 6)]):
        assert client.get(f"/articles/{slug.slug}/").status_code == client.get(f"/a/{slug.slug}/").status_code == 404
    sign_in(client, agent)
    page = client.get("/wiki/open-page/").text
    assert "Walnut staffword" in page and "leadword" not in page  # backlinks


def test_s3_a13_hostile_words_do_nothing_in_body_title_link_picture_diff_and_lists(client, hidden, admin):
    """S3, A13: no element and no address of their making stands anywhere an article shows."""
    bad = [
        "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](javascript:alert(1))", "[[open-page|<svg onload=alert(1)>]]",
        '[x](/a/open-page/ "\\" onmouseover=\\"alert(1)")', "<a href='vbscript:x'>x</a>", "`{{ 7*7 }}` {% debug %}",
        "![<img src=x onerror=alert(1)>](/a/files/1/)", "[x](//evil.example/)", "## <img src=x onerror=alert(1)>",
        "[x](jav&#x09;ascript:alert(1))", "<javascript:alert(1)>",
    ]  # fmt: skip
    title = "Walnut <img src=x onerror=alert(1)>"
    made = make_article(make_space(Visibility.PUBLIC), title, "\n\n".join(bad), slug="hostile", tags=["<b>x"])
    sign_in(client, admin)
    client.post("/wiki/hostile/flag/", {"words": "<img src=x onerror=alert(1)>"})
    writing.save(article=made, title=title, markdown="\n\n".join(reversed(bad)), base_no=1, by=admin, now=NINE)
    pages = ["", "change/", "history/", "history/compare/?old=1&new=2", "history/2/", "links/", "edit/", "place/"]
    shown = [f"/wiki/hostile/{page}" for page in pages]
    shown += ["/articles/hostile/", "/articles/", "/articles/search/?q=walnut", "/articles/feed.xml"]
    shown += ["/wiki/", "/wiki/waiting/", "/wiki/search/?q=walnut", f"/wiki/space/{made.space.key}/"]
    for address in shown:
        answer = client.get(address)
        assert answer.status_code in (200, 302), address
        lower = answer.text.lower()
        for evil in ("<img src=x", "<svg onload", "<script>alert", 'href="javascript', 'href="data', 'src="javascript',
                     'href="vbscript', '" onmouseover="', 'href="//evil', "<b>x"):  # fmt: skip
            assert evil not in lower, f"{evil} on {address}"
