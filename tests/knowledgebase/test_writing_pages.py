"""Writing, comparing and deciding, as staff do it in the browser without a script."""

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import Role
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, ArticleDraft, Revision, Space
from tests.factories.accounts import make_person, make_staff
from tests.factories.knowledgebase import add_text, make_article, make_process, make_space

pytestmark = pytest.mark.django_db
TEXT = "## Refunds\n\nAsk within 90 days.\n\nWe answer in a day.\n\nThe bank needs 5 to 10 days."


@pytest.fixture
def ann(client):
    person = make_staff(Role.EDITOR, name="Ann")
    client.force_login(person)
    return person


@pytest.fixture
def article(ann):
    return make_article(make_space(Visibility.PUBLIC), "Refunds", TEXT)


def send(client, article, markdown, base_no=1, **more):
    sent = {"title": article.title, "markdown": markdown, "base_no": base_no, "do": "save", **more}
    return client.post(f"/wiki/{article.slug}/edit/", sent)


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def head_of(article):
    return Article.objects.get(pk=article.pk)


def test_a_change_is_written_compared_accepted_and_read(client, article):
    editor = page(client, f"/wiki/{article.slug}/edit/")
    assert "Ask within 90 days." in editor and 'name="base_no" value="1"' in editor

    response = send(client, article, TEXT.replace("90", "60"), comment="Shorter.")
    assert response.url == f"/wiki/{article.slug}/change/"
    shown = page(client, response.url)
    assert "<del>90</del>" in shown and "<ins>60</ins>" in shown and "1 line changed." in shown
    assert "Somebody else approves your change." in shown and "/approve/" not in shown
    assert client.post(f"/wiki/{article.slug}/history/2/approve/").status_code == 403
    assert "Waits for approval" in page(client, f"/wiki/{article.slug}/history/")
    assert "Shorter." in page(client, "/wiki/waiting/")

    bob = make_staff(Role.EDITOR, name="Bob")
    client.force_login(bob)
    assert f'href="/wiki/{article.slug}/change/"' in page(client, "/wiki/"), "it is among what is theirs to do"
    assert "Accept as version 2" in page(client, f"/wiki/{article.slug}/change/")
    for _ in range(2):
        assert client.post(f"/wiki/{article.slug}/history/2/approve/", {"verify": "1"}).status_code == 302
    assert "within 60 days" in page(client, f"/wiki/{article.slug}/")
    assert head_of(article).verified_at
    client.logout()
    assert "within 60 days" in page(client, f"/articles/{article.slug}/")


def test_A1_a_conflict_is_409_with_both_texts_and_both_fit_together(client, article):
    add_text(article, TEXT.replace("in a day", "in two days"), author=make_staff(Role.EDITOR, name="Cleo"))

    response = send(client, article, TEXT.replace("90", "60"), comment="Shorter.")

    body = response.content.decode()
    assert response.status_code == 409 and "Cleo saved version 2 while you were writing" in body
    for words in ("Ask within 60 days.", "We answer in two days.", "Ask within 90 days."):
        assert words in re.sub(r"</?(ins|del)>", "", body)
    assert ArticleDraft.objects.get().markdown == TEXT.replace("90", "60")
    assert head_of(article).head_no == 2
    editor = page(client, f"/wiki/{article.slug}/edit/")
    assert "Cleo saved version 2 meanwhile" in editor and "within 60 days" in editor
    fields = dict(
        re.findall(r'<input type="hidden" name="(title|base_no|comment|significance|known)" value="([^"]*)"', body)
    )
    merged = re.search(r'<textarea name="markdown"[^>]*>\n(.*?)</textarea>', body, re.DOTALL)[1]
    client.post(f"/wiki/{article.slug}/edit/", {**fields, "markdown": merged, "do": "save"})
    third = Revision.objects.get(article=article, no=3)
    assert third.markdown == TEXT.replace("90", "60").replace("in a day", "in two days") and third.comment == "Shorter."


def test_A1_where_both_changed_one_line_it_has_to_be_chosen(client, article):
    add_text(article, TEXT.replace("90", "30"), author=make_staff(Role.EDITOR, name="Cleo"), title="Money back")
    body = send(client, article, TEXT.replace("90", "60"), title="Refund").content.decode()
    part = re.search(r'name="(part-\d+)" value="mine"', body)[1]
    sent = {
        "do": "merge", "then": "save", "title": "Refund", "markdown": TEXT.replace("90", "60"), "base_no": "1",
        "head_no": "2", "comment": "", "significance": "medium",
    }  # fmt: skip

    for missing in ({}, {part: "mine"}, {part: "nonsense", "title-is": "mine"}, {"title-is": "mine"}):
        again = client.post(f"/wiki/{article.slug}/edit/", sent | missing)
        assert again.status_code == 409 and "Choose what shall stand" in again.content.decode()
    assert head_of(article).head_no == 2
    client.post(f"/wiki/{article.slug}/edit/", sent | {part: "both", "title-is": "theirs"})

    third = Revision.objects.get(article=article, no=3)
    assert third.title == "Money back"
    assert third.markdown == TEXT.replace("Ask within 90 days.", "Ask within 30 days.\nAsk within 60 days.")


def test_the_text_stays_when_something_is_missing_or_refused(client, article, ann):
    process = make_process(make_space())
    for row, sent, said in (
        (article, {"title": ""}, "Enter a title"),
        (article, {"significance": "x"}, "Choose one of the three"),
        (article, {"markdown": "x" * 200_001}, "Make two pages of it"),
        (process, {"markdown": "## Steps\n### One\nWHEN: soon\n"}, "tep 1"),
    ):
        response = send(client, row, **({"markdown": "Kept words."} | sent))
        body = response.content.decode()
        assert response.status_code == 422 and said in body and "Error: Edit" in body
        assert sent.get("markdown", "Kept words.")[:20] in body
    assert send(client, process, "## Steps\n### One\nWHEN: soon\n", do="keep").url.endswith("/history/")
    assert (
        "tep 1"
        in client.post(
            "/wiki/preview/", {"slug": process.slug, "markdown": "## Steps\n### A\nWHEN: soon"}
        ).content.decode()
    )


def test_the_preview_is_safe_and_names_what_it_cannot_reach(client, article):
    secret = make_article(make_space(Visibility.ROLE, roles=[Role.LEAD]), "Override")
    hostile = "# Hi\n<img src=x onerror=alert(1)> [x](javascript:alert(1)) [[refunds]] [[override]] [[nowhere]]"

    body = client.post("/wiki/preview/", {"slug": article.slug, "markdown": hostile}).content.decode()

    assert "<img" not in body and "javascript:" not in re.sub(r"\[x\]\(javascript:alert\(1\)\)", "", body)
    assert 'href="/wiki/refunds/"' in body and f'href="/wiki/{secret.slug}/"' not in body
    assert "<code>[[override]]</code>" in body and "<code>[[nowhere]]</code>" in body
    assert "Error" not in body and send(client, article, hostile, do="preview").status_code == 200


def test_A2_an_old_version_is_read_compared_and_brought_back(client, article):
    for number in range(2, 10):
        add_text(article, f"{TEXT}\n\nDay {number}.")
    assert "Day 3." in page(client, f"/wiki/{article.slug}/history/3/")
    for old, new in ((3, 9), (9, 3)):
        shown = page(client, f"/wiki/{article.slug}/history/compare/?old={old}&new={new}")
        assert "<del>3</del>" in shown and "<ins>9</ins>" in shown and "Version 3 to 9" in shown

    client.post(f"/wiki/{article.slug}/history/3/restore/", {"base_no": 9})
    client.post(f"/wiki/{article.slug}/history/3/restore/", {"base_no": 9})
    client.post(f"/wiki/{article.slug}/history/4/restore/", {"base_no": 9})

    tenth = Revision.objects.get(article=article, no=10)
    assert tenth.digest == Revision.objects.get(article=article, no=3).digest and head_of(article).head_no == 10


def test_a_suggestion_is_declined_with_words(client, article):
    send(client, article, "Worse.")
    client.force_login(make_staff(Role.EDITOR))
    empty = client.post(f"/wiki/{article.slug}/history/2/decline/", {"answer": ""})
    assert empty.status_code == 422 and "Say why" in empty.content.decode()
    client.post(f"/wiki/{article.slug}/history/2/decline/", {"answer": "It was better."})

    assert "It was better." in page(client, f"/wiki/{article.slug}/history/")
    assert client.post(f"/wiki/{article.slug}/history/2/approve/").status_code == 302
    assert head_of(article).published.no == 1


def test_what_was_only_saved_is_handed_in_taken_back_and_published_where_one_may(client, article):
    version = f"/wiki/{article.slug}/history/2/"
    assert send(client, article, "Half.", do="keep").url.endswith("/history/")
    assert "Hand it in" in page(client, version) and not head_of(article).waiting
    client.post(f"{version}submit/")
    assert head_of(article).waiting and "Take it back" in page(client, version)
    client.post(f"{version}withdraw/")
    assert not head_of(article).waiting
    assert "Half." in page(client, f"/wiki/{article.slug}/edit/"), "one goes on from it"

    own = make_article(make_space(), "Own", "Old.")
    send(client, own, "New.", do="keep")
    assert "Publish it" in page(client, f"/wiki/{own.slug}/history/2/")
    client.post(f"/wiki/{own.slug}/history/2/submit/")
    assert head_of(own).published.no == 2


def test_after_a_conflict_one_goes_on_writing_with_what_was_chosen(client, article):
    add_text(article, TEXT.replace("90", "30"))
    sent = {"do": "merge", "then": "save", "next": "go_on", "title": "Refunds", "base_no": 1, "head_no": 2,
            "markdown": TEXT.replace("90", "60")}  # fmt: skip
    body = send(client, article, sent["markdown"]).content.decode()
    part = re.search(r'name="(part-\d+)" value="mine"', body)[1]

    editor = client.post(f"/wiki/{article.slug}/edit/", sent | {part: "mine"}).content.decode()

    assert "within 60 days" in editor and 'name="base_no" value="2"' in editor
    assert head_of(article).head_no == 2


def test_a_new_page_begins_as_a_draft_or_from_another_page(client, ann):
    """R46: the library of templates is where one begins."""
    space = Space.objects.get(key="templates")
    make_article(space, "Letter", "Dear {customer_name}")
    typed = {"space": space.pk, "kind": "page", "title": "Printers", "markdown": "Turn it on.", "known": 0}
    kept = client.post("/wiki/new/draft/", typed).json()
    assert "Turn it on." in page(client, kept["address"])
    assert client.post("/wiki/new/draft/", typed).json()["draft"] != kept["draft"]
    assert "Dear {customer_name}" in page(client, "/wiki/new/?from=letter")
    assert "Printers" in page(client, "/wiki/waiting/")

    for _ in range(2):
        made = client.post(kept["address"], {**typed, "draft": kept["draft"], "known": 1, "do": "save"})
        assert made.url == "/wiki/printers/"

    assert Article.objects.filter(title="Printers").count() == 1
    assert client.get(kept["address"]).status_code == 404
    other = ArticleDraft.objects.get()
    client.post(reverse("wiki:drop_new", args=[other.pk]))
    assert not ArticleDraft.objects.exists()
    assert client.post("/wiki/new/", {**typed, "space": 10**9}).status_code == 422


def test_what_is_typed_is_kept_and_another_window_is_told(client, article, ann):
    def keep(markdown, known, status=200):
        response = client.post(
            f"/wiki/{article.slug}/draft/", {"title": "T", "markdown": markdown, "base_no": 1, "known": known}
        )
        assert response.status_code == status
        return json.loads(response.content)

    assert keep("One.", 0)["version"] == 1
    assert keep("Two.", 0, 409)["other"]["markdown"] == "One."
    assert keep("", 1)["version"] == 1
    assert keep("x" * 200_001, 1, 422)["words"]
    assert "One." in page(client, f"/wiki/{article.slug}/edit/")
    client.post(f"/wiki/{article.slug}/draft/drop/")
    assert "One." not in page(client, f"/wiki/{article.slug}/edit/")
    ArticleDraft.objects.create(
        article=article, person=make_staff(), space=article.space, markdown="Theirs.", created_at=article.created_at,
        updated_at=article.created_at,
    )  # fmt: skip
    assert "Theirs." not in page(client, f"/wiki/{article.slug}/edit/") + page(client, "/wiki/waiting/")


def test_who_may_not_read_finds_nothing_and_nothing_breaks(client, article, ann):
    secret = make_article(make_space(Visibility.ROLE, roles=[Role.LEAD]))
    add_text(secret, "More.", published=False)
    doors = ("edit/", "change/", "history/", "history/1/", "history/compare/?old=1&new=2")
    posts = (
        "edit/",
        "draft/",
        "draft/drop/",
        *(f"history/2/{verb}/" for verb in ("approve", "decline", "withdraw", "submit", "restore")),
    )
    for door in doors:
        assert client.get(f"/wiki/{secret.slug}/{door}").status_code == 404, door
    for door in posts:
        assert client.post(f"/wiki/{secret.slug}/{door}", {"title": "x", "markdown": "x"}).status_code == 404, door
    assert secret.title not in page(client, "/wiki/waiting/")
    for odd in ("0", "99", "99999999999999999999"):
        assert client.get(f"/wiki/{article.slug}/history/{odd}/").status_code == 404
        assert client.post(f"/wiki/{article.slug}/history/{odd}/approve/").status_code == 404
    for query in ("old=a&new=2", "old=1&new=99999999999999999999", "old=1&new=7", ""):
        assert client.get(f"/wiki/{article.slug}/history/compare/?{query}").status_code in (302, 404)
    assert client.get(f"/wiki/{article.slug}/history/?before=x").status_code == 200
    for sent in ({"base_no": "x"}, {"base_no": 10**30}, {"known": "\0"}, {"markdown": "a\0b"}, {"do": "?"}):
        assert send(client, article, **({"markdown": "y"} | sent)).status_code in (200, 302, 409, 422), sent
    sent = {"do": "merge", "head_no": 10**12, "title": "x", "markdown": "y"}
    assert client.post(f"/wiki/{article.slug}/edit/", sent).status_code == 404
    for person in (make_person(), None):
        client.logout()
        if person:
            client.force_login(person)
        for door in doors:
            assert client.get(f"/wiki/{article.slug}/{door}").status_code in (302, 404)
        assert client.post("/wiki/preview/", {"markdown": "x"}).status_code in (302, 404)


def test_pages_ask_no_more_when_there_is_more(client, article):
    def asked(address):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    addresses = [f"/wiki/{article.slug}/history/", "/wiki/waiting/", f"/wiki/{article.slug}/change/"]
    add_text(article, "New.", published=False)
    send(client, head_of(article), "Newer.", base_no=2)
    before = [asked(address) for address in addresses * 2][3:]
    for number in range(4, 12):
        send(client, head_of(article), f"New {number}.", base_no=number - 1)
    assert [asked(address) for address in addresses * 2][3:] == before
    assert 'Suggested changes <span class="chip wait">9</span>' in page(client, addresses[0])


def test_a_correction_leads_back_to_where_it_was_asked_for_and_nowhere_else(client, article):
    """The month's reading opens no second window. S42: only an address of ours is gone back to."""
    send_to = f"/wiki/{article.slug}/edit/?back="
    typed = {"title": article.title, "base_no": 1, "do": "save"}
    assert 'href="/wiki/checks/7/"' in page(client, f"{send_to}/wiki/checks/7/")

    first = client.post(f"{send_to}/wiki/checks/7/", {**typed, "markdown": TEXT.replace("90", "60")})
    assert first.url == "/wiki/checks/7/"
    clash = client.post(f"{send_to}/wiki/checks/7/", {**typed, "markdown": TEXT.replace("90", "30")})
    assert clash.status_code == 409
    assert f'action="{send_to}/wiki/checks/7/"' in clash.content.decode()

    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        shown = page(client, f"{send_to}{elsewhere}")
        assert not re.search(r'(href|action)="(https:|//evil|/\\|javascript:)', shown)
    away = client.post(f"{send_to}//evil.example", {**typed, "base_no": 2, "markdown": TEXT.replace("90", "20")})
    assert away.url == f"/wiki/{article.slug}/change/"
