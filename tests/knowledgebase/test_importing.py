"""Pages from DokuWiki and from folders of Markdown: taken once, changed where they changed, and never in the way."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from accounts.access import NotAllowed
from accounts.choices import Role
from knowledgebase.actions import importing, shelving, writing
from knowledgebase.choices import ArticleKind, ImportKind, ImportOutcome, ImportState, RevisionState, Visibility
from knowledgebase.dokuwiki import convert
from knowledgebase.models import Article, ArticleFile, ImportLine, ImportRun, Revision
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import NINE, make_space
from tests.knowledgebase.hostile import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_staff(Role.ADMIN, name="Ada Admin")


@pytest.fixture
def wiki(tmp_path):
    """A DokuWiki of four pages and a picture."""
    pages, media = tmp_path / "data/pages", tmp_path / "data/media/billing"
    (pages / "billing").mkdir(parents=True)
    media.mkdir(parents=True)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    (media / "form.png").write_bytes(picture.getvalue())
    (pages / "start.txt").write_text("====== Welcome ======\n\nBegin with [[billing:start|billing]].\n")
    (pages / "billing/start.txt").write_text(
        "====== Billing ======\n\n  * [[w-8]]\n  * [[.:refunds#how long|Refunds]]\n"
    )
    (pages / "billing/w-8.txt").write_text(
        "====== The W-8 form ======\n\n{{ :billing:form.png?40|The form}} See [[refunds]].\n"
    )
    (pages / "billing/refunds.txt").write_text(
        "====== Refunds ======\n\nSee [[:gone:page|the old page]].\n\n===== How long =====\n\n90 days.\n"
    )
    return tmp_path


def take(folder, admin, space, *, kind=ImportKind.DOKUWIKI, now=NINE) -> ImportRun:
    run = importing.begin(kind=kind, folder=folder, space=space, by=admin, now=now)
    assert importing.work(run_id=run.pk, now=lambda: now)
    run.refresh_from_db()
    assert run.state == ImportState.DONE
    return run


def outcomes(run: ImportRun) -> dict[str, str]:
    return dict(ImportLine.objects.filter(run=run).values_list("source", "outcome"))


def page(slug: str) -> Article:
    return Article.objects.select_related("published", "parent").get(slug=slug)


def test_a_dokuwiki_comes_with_its_tree_its_links_and_its_pictures(wiki, admin):
    """R51."""
    space = make_space()

    run = take(wiki, admin, space)

    assert set(outcomes(run).values()) == {ImportOutcome.MADE}
    start, w8, refunds = page("billing-start"), page("billing-w-8"), page("billing-refunds")
    assert (start.title, w8.title, refunds.title) == ("Billing", "The W-8 form", "Refunds")
    assert w8.parent == refunds.parent == start and start.parent is None
    file = ArticleFile.objects.get()
    assert (file.article, file.picture_type) == (w8, "image/png")
    assert w8.published.markdown == f"![The form](/a/files/{file.pk}/) See [refunds](/a/billing-refunds/)."
    assert "[Refunds](/a/billing-refunds/#s-how-long)" in start.published.markdown
    assert 'id="s-how-long"' in refunds.published.html, "the anchor of the link stands there"
    said = ImportLine.objects.get(run=run, source="billing:refunds").says
    assert "gone:page" in said and "the old page" in refunds.published.markdown


def test_a_second_reading_changes_nothing_and_a_changed_source_makes_one_revision(wiki, admin):
    space = make_space()
    take(wiki, admin, space)
    before = Revision.objects.count(), ArticleFile.objects.count(), Article.objects.count()

    assert set(outcomes(take(wiki, admin, space)).values()) == {ImportOutcome.SAME}
    assert (Revision.objects.count(), ArticleFile.objects.count(), Article.objects.count()) == before

    path = wiki / "data/pages/billing/refunds.txt"
    path.write_text(path.read_text().replace("90 days", "60 days"))
    run = take(wiki, admin, space)
    assert {key for key, value in outcomes(run).items() if value == ImportOutcome.CHANGED} == {"billing:refunds"}
    assert "60 days" in page("billing-refunds").published.markdown
    assert page("billing-refunds").head_no == 2


def test_what_was_written_here_stays_and_is_merged_or_else_the_page_is_listed(wiki, admin):
    space, path = make_space(), wiki / "data/pages/billing/refunds.txt"
    take(wiki, admin, space)
    article = page("billing-refunds")
    ours = article.published.markdown + "\n\n## Ours\n\nWritten here."
    writing.save(article=article, title="Refunds", markdown=ours, base_no=1, by=admin, now=NINE)
    path.write_text(path.read_text().replace("90 days", "60 days"))

    take(wiki, admin, space)

    merged = page("billing-refunds").published.markdown
    assert "60 days" in merged and "Written here." in merged
    mine = merged.replace("60 days", "61 days")
    writing.save(article=article, title="Refunds", markdown=mine, base_no=3, by=admin, now=NINE)
    path.write_text(path.read_text().replace("60 days", "30 days"))
    run = take(wiki, admin, space)
    line = ImportLine.objects.get(run=run, source="billing:refunds")
    assert line.outcome == ImportOutcome.BAD and "Version 4 stays" in line.says
    assert page("billing-refunds").published.markdown == mine


def test_bad_pages_are_listed_and_the_others_come(wiki, admin, tmp_path, client):
    """S17, S18: no link is followed, nothing is unpacked, and one bad page stops no other."""
    pages, space = wiki / "data/pages", make_space()
    secret = tmp_path / "secret.txt"
    secret.write_text("====== Secret ======\nhidden words")
    (pages / "link.txt").symlink_to(secret)
    (pages / "latin.txt").write_bytes("Caf\xe9".encode("latin-1"))
    (pages / "long.txt").write_text("x" * 300_000)
    (pages / "huge.txt").write_bytes(b"x" * 900_000)
    (pages / "twice.txt").write_text("one")
    (pages / "Twice.txt").write_text("two")
    with zipfile.ZipFile(pages / "bomb.zip", "w") as archive:
        archive.writestr("../../evil.txt", "x")
    (wiki / "data/media/billing/form.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    run = take(wiki, admin, space)

    bad = dict(ImportLine.objects.filter(run=run, outcome=ImportOutcome.BAD).values_list("source", "says"))
    assert set(bad) == {"link.txt", "latin", "long", "huge", "twice.txt"}
    assert "UTF-8" in bad["latin"] and "200,000" in bad["long"] and "not followed" in bad["link.txt"]
    assert not Revision.objects.filter(markdown__contains="hidden words").exists()
    assert not Article.objects.filter(slug__contains="evil").exists() and not (wiki.parent / "evil.txt").exists()
    assert "not a whole picture" in ImportLine.objects.get(run=run, source="billing:w-8").says
    assert page("billing-w-8").published.markdown.startswith("The form See")
    assert run.lines.count() == run.total
    client.force_login(admin)
    answer = client.get(f"/wiki/import/{run.pk}/pages/?show=bad")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 6


@pytest.mark.parametrize("kind", ImportKind.values)
def test_S3_whatever_a_page_says_it_brings_nothing_that_runs(tmp_path, admin, kind):
    folder = tmp_path / ("pages" if kind == ImportKind.DOKUWIKI else "")
    folder.mkdir(exist_ok=True)
    ending = "txt" if kind == ImportKind.DOKUWIKI else "md"
    for number, text in enumerate(HOSTILE):
        around = f"[[{text}|{text}]] {{{{{text}|{text}}}}} [{text}]({text}) {text}"
        (folder / f"p{number}.{ending}").write_text(
            f"====== {text} ======\n# {text}\n\n{around}\n\n^ {text} ^\n| {text} |\n"
        )

    run = take(tmp_path, admin, make_space(), kind=kind)

    assert set(outcomes(run).values()) == {ImportOutcome.MADE}
    for html in Revision.objects.values_list("html", flat=True):
        assert not any(
            sign in html.lower()
            for sign in ("<script", "<img src=x", "<svg", "<iframe", 'href="javascript', 'href="data', "<style")
        )


def test_markdown_comes_with_what_stands_at_its_head_and_waits_where_somebody_has_to_agree(tmp_path, admin):
    (tmp_path / "guides").mkdir()
    (tmp_path / "README.md").write_text("# Handbook\n\n[First](guides/first.md#look) and [gone](gone.md)\n")
    (tmp_path / "guides/first.md").write_text(
        "---\ntitle: First steps\nslug: first-steps\nkind: process\ntags: [start, Robots]\n---\n"
        "Back [home](../README.md), `[not](a-link.md)`\n\n```\n[nor](this.md)\n```\n\n## Steps\n### Look\nDone.\n"
    )
    (tmp_path / "guides/bare.md").write_text("---\nkind: process\n---\nNo steps.")
    space = make_space(Visibility.PUBLIC)

    run = take(tmp_path, admin, space, kind=ImportKind.MARKDOWN)

    first = page("first-steps")
    assert (first.title, first.kind, first.tags) == ("First steps", ArticleKind.PROCESS, ["start", "robots"])
    text = first.revisions.get()
    assert text.state == RevisionState.SUBMITTED and first.published is None, "A3: nobody approves their own"
    assert text.markdown.startswith("Back [home](/a/readme/), `[not](a-link.md)`\n\n```\n[nor](this.md)\n```")
    home = page("readme")
    assert home.revisions.get().markdown == "[First](/a/first-steps/#s-look) and [gone](gone.md)"
    assert first.parent == home
    bare = page("guides-bare").revisions.get()
    assert bare.state == RevisionState.SAVED and "step" in ImportLine.objects.get(run=run, source="guides/bare.md").says
    assert "gone.md" in ImportLine.objects.get(run=run, source="README.md").says


def test_an_import_goes_on_where_it_was_left_and_stops_when_told(wiki, admin):
    space = make_space()
    run = importing.begin(kind=ImportKind.DOKUWIKI, folder=wiki, space=space, by=admin, now=NINE)
    assert not importing.work(run_id=run.pk, now=lambda: NINE, seconds=0)
    with pytest.raises(importing.CannotImport, match="Another import"):
        importing.begin(kind=ImportKind.DOKUWIKI, folder=wiki, space=space, by=admin, now=NINE)
    assert importing.wake_again(run_id=run.pk, now=NINE) == NINE + importing.PATIENCE
    assert importing.work(run_id=run.pk, now=lambda: NINE + timedelta(minutes=1))
    assert importing.wake_again(run_id=run.pk, now=NINE) is None
    assert Article.objects.filter(space=space).count() == 4

    again = importing.begin(kind=ImportKind.DOKUWIKI, folder=wiki, space=space, by=admin, now=NINE)
    importing.stop(run=again, by=admin, now=NINE)
    assert importing.work(run_id=again.pk, now=lambda: NINE)
    assert not again.lines.exists()


def test_only_admins_import_and_only_what_is_a_folder_of_pages(wiki, admin, tmp_path):
    space = make_space()
    for person in (make_staff(Role.EDITOR), make_staff(Role.LEAD)):
        with pytest.raises(NotAllowed):
            importing.begin(kind=ImportKind.DOKUWIKI, folder=wiki, space=space, by=person, now=NINE)
    for folder, words in ((tmp_path / "no", "no such folder"), (wiki / "data/media", "has none")):
        with pytest.raises(importing.CannotImport, match=words):
            importing.begin(kind=ImportKind.DOKUWIKI, folder=folder, space=space, by=admin, now=NINE)


def test_what_was_put_away_here_is_not_brought_back(wiki, admin):
    space, path = make_space(), wiki / "data/pages/billing/refunds.txt"
    take(wiki, admin, space)
    shelving.archive(article=page("billing-refunds"), by=admin, now=NINE)
    path.write_text(path.read_text() + "\nMore.")
    assert outcomes(take(wiki, admin, space))["billing:refunds"] == ImportOutcome.BAD


def test_the_command_says_what_was_not_taken(wiki, admin, capsys):
    space = make_space()
    (wiki / "data/pages/latin.txt").write_bytes(b"\xff")
    arguments = {"kind": "dokuwiki", "space": space.key, "by": admin.email}
    with pytest.raises(CommandError, match="1 of 5 pages"):
        call_command("import_wiki", str(wiki), **arguments)
    said = capsys.readouterr()
    assert "New: 4" in said.out and "latin: Line 1 is not UTF-8" in said.err


def test_dokuwiki_of_many_kinds_reads_as_it_did():
    text = (
        "====== A *title* ======\n"
        "It's **bold //and italic//**, ''mono *x*'', <del>old</del>, %%**raw**%%, a_b 5*3 [x].\n"
        "1. no list\n\n  * one\n    - two\n\n^ Head ^ Two ^\n| a | [[b|c]] |\n\n<code php>\necho '```';\n</code>\n"
        "  as it is\n> said\n----\nEnd \\\\ here ((a note)) https://x.example/a_(b).\n"
    )
    made = convert(text, page_id="ns:page", page_of={"ns:b": "b"}.get, file_of=lambda name: None)
    assert made.title == "A *title*"
    assert made.markdown == (
        "It's **bold *and italic***, `mono *x*`, ~~old~~, \\*\\*raw\\*\\*, a_b 5\\*3 \\[x\\].\n1\\. no list\n\n"
        "- one\n    1. two\n\n| Head | Two |\n| --- | --- |\n| a | [c](/a/b/) |\n\n````php\necho '```';\n````\n\n"
        "```\nas it is\n```\n\n> said\n\n---\n\nEnd \\\n here  (a note) <https://x.example/a_(b)>."
    )
