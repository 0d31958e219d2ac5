"""What readers and staff see of an article."""

import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from accounts.choices import Role
from knowledgebase.actions import link_checking, shelving
from knowledgebase.choices import LinkStatus, Visibility
from knowledgebase.models import Link
from knowledgebase.slugs import TAKEN, free_slug
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import NINE, add_text, make_article, make_space
from tests.house.test_audience import every_pattern

pytestmark = pytest.mark.django_db


def test_a_public_article_is_read_by_everybody_and_staff_read_it_in_the_wiki(client, editor):
    space = make_space(Visibility.PUBLIC)
    target = make_article(space, "Refunds", "Ask within 90 days.")
    source = make_article(space, "Returns", f"See [[{target.slug}|refunds]].")
    assert f'<a href="/articles/{target.slug}/">refunds</a>' in client.get(f"/articles/{source.slug}/").text
    assert client.get(f"/a/{target.slug}/").url == f"/articles/{target.slug}/"
    sign_in(client, editor)
    assert client.get(f"/a/{target.slug}/").url == f"/wiki/{target.slug}/"
    page = client.get(f"/wiki/{source.slug}/")
    assert f'<a href="/wiki/{target.slug}/">refunds</a>' in page.text
    assert client.get("/wiki/").status_code == client.get("/articles/").status_code == 200


@pytest.fixture
def linked():
    """A public article to which twelve others lead."""
    space = make_space(Visibility.PUBLIC)
    target = make_article(space, "Refunds", "Ask within 90 days.")
    owners = [make_staff(Role.EDITOR) for _ in range(3)]
    for number in range(12):
        make_article(space, f"Leads there {number}", f"See [[{target.slug}]].", author=owners[number % 3])
    return target


def test_a6_renaming_breaks_no_link_and_the_old_address_leads_on(client, linked, editor):
    """A6: 12 inbound links; rename: old URL 301, 0 broken, and readers are led without a hop."""
    shelving.rename(article=linked, slug="money-back", by=editor, now=NINE)
    moved = client.get("/articles/refunds/")
    assert (moved.status_code, moved.url) == (301, "/articles/money-back/")
    assert moved["Cache-Control"] == "no-cache", "back under its old address, it would lead in a ring"
    assert Link.objects.filter(target=linked, status=LinkStatus.REDIRECTED).count() == 12
    assert not Link.objects.filter(status=LinkStatus.BROKEN).exists()
    source = Link.objects.filter(target=linked).first().article
    assert '<a href="/articles/money-back/">refunds</a>' in client.get(f"/articles/{source.slug}/").text
    shelving.rename(article=linked, slug="refunds", by=editor, now=NINE)
    assert client.get("/articles/money-back/").url == "/articles/refunds/"
    with pytest.raises(shelving.CannotShelve):
        shelving.rename(article=source, slug="money-back", by=editor, now=NINE)


def test_a6_archiving_a_target_tells_each_owner_once(linked, editor):
    """A6: archive the target: 12 broken, reported once to their owners."""
    shelving.archive(article=linked, by=editor, now=NINE)
    assert Link.objects.filter(target=linked, status=LinkStatus.BROKEN).count() == 12
    mails = OutgoingMail.objects.filter(text__contains="archived")
    assert mails.count() == 3
    assert sorted(mail.subject[:7] for mail in mails) == ["4 links"] * 3
    assert link_checking.tell_owners(now=NINE) == 0
    shelving.unarchive(article=linked, by=editor, now=NINE)
    assert not Link.objects.filter(status=LinkStatus.BROKEN).exists()


class Elsewhere(BaseHTTPRequestHandler):
    """Somebody else's server: /gone is gone, /moved leads on, HEAD is not for it at /shy."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        self.asked.append(f"{self.command} {self.path}")
        status = {"/gone": 404, "/moved": 302}.get(self.path, 405 if self.command == "HEAD" else 200)
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1/secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def elsewhere():
    Elsewhere.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.enable_socket
def test_a6_the_link_checker_calls_no_private_network_and_tells_once_what_is_gone(elsewhere, settings, editor):
    """A6: 127.0.0.1, 10/8 and 169.254/16 are refused without a call; no redirect is followed, and owners hear once."""
    here = f"http://127.0.0.1:{elsewhere}"
    closed = [f"{here}/x", "http://10.1.2.3/", "http://169.254.169.254/latest", f"http://2130706433:{elsewhere}/"]
    article = make_article(make_space(), "Links", "\n".join(f"[x]({one})" for one in closed), author=editor)
    assert link_checking.check_outside(now=NINE) == 4
    assert set(article.links.values_list("status", flat=True)) == {LinkStatus.BROKEN}
    assert Elsewhere.asked == [] and OutgoingMail.objects.count() == 1
    settings.WEBHOOK_INTERNAL_HOSTS = [f"127.0.0.1:{elsewhere}"]
    add_text(article, "\n".join(f"[x]({here}{path})" for path in ("/gone", "/moved", "/shy")), author=editor)
    make_article(article.space, "More", f"[x]({here}/shy)", author=editor)
    link_checking.check_outside(now=NINE)
    found = {link.address.removeprefix(here): link.status for link in article.links.all()}
    assert found == {"/gone": "broken", "/moved": "redirected", "/shy": "working"}
    assert sorted(Elsewhere.asked) == ["GET /gone", "GET /shy", "HEAD /gone", "HEAD /moved", "HEAD /shy"]
    assert link_checking.check_outside(now=NINE) == 0 and OutgoingMail.objects.count() == 2
    assert link_checking.check_outside(now=NINE + timedelta(days=8)) == 3 and OutgoingMail.objects.count() == 2


def test_a6_a_server_that_is_silent_once_is_not_called_broken(settings, editor):
    """No answer counts when it failed on two days; whoever looks after the page may say that it is right."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        settings.WEBHOOK_INTERNAL_HOSTS = [address[7:-1]]
        article = make_article(make_space(), "Links", f"[x]({address})", author=editor)
        link_checking.check_outside(now=NINE)
        link = article.links.get()
        assert (link.status, bool(link.problem)) == (LinkStatus.UNCHECKED, True)
        link_checking.check_outside(now=NINE + timedelta(days=1, minutes=1))
        link.refresh_from_db()
        assert link.status == LinkStatus.BROKEN and link.told_at
        link_checking.ignore(link=link, now=NINE)
        assert link_checking.check_outside(now=NINE + timedelta(days=30)) == 0


def test_no_article_takes_the_address_of_a_page_of_the_wiki_itself():
    """What stands beside the slugs in /wiki/ and /articles/ is nobody's slug."""
    routes = [route.split("/") for route, _ in every_pattern()]
    firsts = {parts[2] for parts in routes if parts[1] in ("wiki", "articles", "a") and len(parts) > 3}
    assert {name for name in firsts if "<" not in name} <= TAKEN
    assert {free_slug("Search"), free_slug("?!"), free_slug("Ü" * 300)} == {"search-2", "page", "u" * 112}
