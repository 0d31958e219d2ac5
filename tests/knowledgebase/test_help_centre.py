"""The help centre: votes, files, feed, sitemap, and answers that a browser keeps."""

import io
import zlib

import pytest
from django.utils import timezone
from PIL import Image, PngImagePlugin

from knowledgebase.actions import filing
from knowledgebase.actions.filing import add_file, clean_name
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, ArticleFile, Vote
from knowledgebase.queries_page import said_of
from knowledgebase.queries_start import unhelpful
from tests.factories.accounts import sign_in
from tests.factories.knowledgebase import NINE, add_text, make_article, make_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def public():
    """A public article."""
    return make_article(
        make_space(Visibility.PUBLIC), "Refunds", "## When\nWithin **90 days**.\n\n## How\nAsk.\n\n## Who\nYou."
    )


def vote(client, article, helped, reason="", version=None):
    data = {"helped": helped, "reason": reason, "version": version or article.published.no}
    return client.post(f"/articles/{article.slug}/vote/", data)


def test_a9_one_visitor_has_one_vote_and_five_of_six_no_flag_the_page(django_client, public):
    """A9: voting twice is one vote; 5 No and 1 Yes in 7 days flag the article; a new text begins with none."""
    first = django_client()
    assert vote(first, public, "no").url.endswith("?said=no")
    assert vote(first, public, "no", "Where is the button?").url.endswith("?said=reason")
    assert [(row.helpful, row.reason) for row in Vote.objects.all()] == [(False, "Where is the button?")]
    vote(django_client(), public, "yes")
    for _ in range(3):
        vote(django_client(), public, "no")
    public.refresh_from_db()
    assert not public.needs_change
    vote(django_client(), public, "no")
    public.refresh_from_db()
    assert public.needs_change == "5 of 6 readers of the last 7 days say that it did not help."
    again = add_text(public, "Another text.")
    assert not Vote.objects.filter(revision=again.published).exists()
    vote(django_client(), public, "no", version=public.published.no)  # who still had the old text open
    assert Vote.objects.filter(revision=public.published_id).count() == 7
    assert vote(django_client(), again, "maybe").status_code == 422


def test_a9_strangers_of_one_network_count_as_one_reader_and_people_who_signed_in_each(django_client, public, customer):
    """Five cookies thrown away in one café flag nothing; five networks do. The address is not kept, nor comparable."""

    def said(address, helped="no", person=None):
        client = django_client()
        if person:
            sign_in(client, person)
        data = {"helped": helped, "version": public.published.no}
        assert client.post(f"/articles/{public.slug}/vote/", data, REMOTE_ADDR=address).status_code == 302
        public.refresh_from_db()

    for number in range(6):
        said(f"2a00:1450:4001:80f::{number + 1:x}")
    said("2a00:1450:4001:80f::99", person=customer)
    assert Vote.objects.count() == 7 and not public.needs_change
    assert (said_of(public).yes, said_of(public).no) == (0, 2)
    for number in range(3):
        assert not public.needs_change
        said(f"8.8.{number}.8")
    assert public.needs_change.startswith("5 of 5 readers")
    assert unhelpful(public.owner, timezone.now())[0].no == 5
    kept = set(Vote.objects.exclude(network="").values_list("network", flat=True))
    other = add_text(public, "Another text.")
    client = django_client()
    client.post(f"/articles/{other.slug}/vote/", {"helped": "no", "version": 2}, REMOTE_ADDR="8.8.1.8")
    assert len(kept) == 4 and Vote.objects.get(revision=other.published).network not in kept


def test_a_reader_who_has_the_page_gets_304_and_the_page_costs_few_queries(
    client, public, django_assert_num_queries, customer
):
    """Public article: itself, what stands below it, and where its links lead; 304 while nothing changed."""
    with django_assert_num_queries(2):
        page = client.get(f"/articles/{public.slug}/")
    assert page["Cache-Control"] == "no-cache"
    address = f"/articles/{public.slug}/"
    assert client.get(address, headers={"If-None-Match": page["ETag"]}).status_code == 304
    assert client.get(address, headers={"If-Modified-Since": page["Last-Modified"]}).status_code == 304
    source = make_article(public.space, "Returns", f"[[{public.slug}]] [[{public.slug}|once more]]")
    with django_assert_num_queries(3):
        client.get(f"/articles/{source.slug}/")
    add_text(public, "Within 60 days.")
    assert client.get(address, headers={"If-None-Match": page["ETag"]}).status_code == 200
    sign_in(client, customer)
    assert "no-store" in client.get(address)["Cache-Control"]


def test_a8_readers_see_when_it_was_last_checked(client, public):
    """A8: on 2 April the page still says 1 March."""
    Article.objects.filter(pk=public.pk).update(verified_at=NINE.replace(year=2026, month=3, day=1))
    assert "Last checked 1 March" in client.get(f"/articles/{public.slug}/").text


def picture(width=8, height=8, kind="PNG", **more) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, kind, **more)
    return out.getvalue()


def test_s20_pictures_are_drawn_anew_and_a_flood_of_pixels_is_refused_in_words(client, public, editor):
    """S20: no place and no hidden part is left, 50,000 by 50,000 pixels get 422 and a sentence."""
    exif = Image.Exif()
    exif[0x010F] = "Spy camera"
    exif.get_ifd(0x8825)[2] = (43.0, 39.0, 0.0)
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "secret words")
    for content in (
        picture(kind="JPEG", exif=exif, comment=b"secret words"),
        picture(pnginfo=hidden),
        picture(kind="WEBP", exif=exif),
    ):
        kept = add_file(article=public, content=content, name="where.png", by=editor, now=NINE).file.read()
        assert b"Spy" not in kept and b"secret" not in kept and not Image.open(io.BytesIO(kept)).getexif()
    header = picture(1, 1)
    bomb = header[:16] + (50_000).to_bytes(4) + (50_000).to_bytes(4) + header[24:]
    sign_in(client, editor)
    bomb = bomb[:29] + zlib.crc32(bomb[12:29]).to_bytes(4) + bomb[33:]
    answer = client.post(f"/wiki/{public.slug}/files/", {"file": io.BytesIO(bomb)})
    assert answer.status_code == 422
    assert "more pixels than a screen can show" in answer.text
    with pytest.raises(filing.CannotKeepFile):
        filing.draw(picture(80, 80, "JPEG")[:300], "broken.jpg")


@pytest.mark.parametrize(
    "name",
    ["x.py", "x.pht", ".htaccess", "../../etc/passwd", "a\0b.html", "a\u202egnp.exe", "z\u200bero.svg", "42.zip"],
)
def test_s17_s18_whatever_is_sent_is_only_ever_a_download(client, public, editor, name):
    """S17, S18: kept as it came under a random key, never unpacked, never run, never a page of ours."""
    content = b"GIF89a<?php system('id') ?>" if name == "x.pht" else b"PK\x03\x04<script>alert(1)</script>"
    if name == "x.pht":
        with pytest.raises(filing.CannotKeepFile):
            add_file(article=public, content=content, name=name, by=editor, now=NINE)
        content = content[6:]
    kept = add_file(article=public, content=content, name=name, by=editor, now=NINE)
    assert kept.file.key not in name and "/" not in kept.name and kept.name.isprintable()
    sign_in(client, editor)
    answer = client.get(f"/a/files/{kept.pk}/")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content) == content
    assert clean_name(name) == kept.name


def test_readers_get_a_file_once_a_published_text_names_it(client, public, editor):
    """A4: neither a number tried out nor a suggestion opens a file."""
    kept = add_file(article=public, content=picture(), name="button.png", by=editor, now=NINE)
    address = f"/a/files/{kept.pk}/"
    assert client.get(address).status_code == 404
    add_text(public, f"Press {kept.markdown}.")
    shown = client.get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert client.get(address, headers={"If-None-Match": shown["ETag"]}).status_code == 304
    assert f'<img src="{address}" alt="button.png">' in client.get(f"/articles/{public.slug}/").text
    add_text(public, "Press the button.")
    assert client.get(address).status_code == 404
    assert ArticleFile.objects.count() == 1
