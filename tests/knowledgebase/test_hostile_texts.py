"""No text, picture or form field, whatever stands in it, holds a worker or ends in an error (S17, S20, S54)."""

import io
import struct
import time

import pytest
from PIL import Image

from accounts.choices import Role
from knowledgebase.actions import filing, shelving, writing
from knowledgebase.choices import ArticleKind, Visibility
from knowledgebase.differing import places_of
from knowledgebase.markdown import plain, render
from knowledgebase.models import Space, SuggestSession
from knowledgebase.search_words import codes, indexable
from knowledgebase.sections import sections
from knowledgebase.template_text import problems_in
from tests.factories.accounts import make_staff, sign_in
from tests.factories.knowledgebase import NINE, make_article, make_space

LONG = 20_000
SECONDS = 2  # of the processor; each of these took from four to without end


@pytest.mark.parametrize(
    "read",
    [
        lambda: render("[" * 200_000),
        lambda: plain("![a" * 60_000 + "]" * 100),
        lambda: render("![a" * 2_000 + "](/a/files/1/)" * 2_000),
        lambda: problems_in("`" * 6_000),
        lambda: problems_in("".join("`" * size + "a" for size in range(1, 120))),
        lambda: indexable("a" * LONG),
        lambda: indexable("7" * LONG),
        lambda: sections("Title", "<h2>a</h2>\n" * 2 * LONG),
        lambda: places_of(["# " + "#" * 5 * LONG + "x"]),
    ],
    ids=["brackets", "pictures", "deep", "ticks", "more ticks", "a word", "a number", "headings", "a heading"],
)
def test_s54_reading_a_text_has_an_end(read):
    begun = time.process_time()
    read()
    assert time.process_time() - begun < SECONDS


def test_texts_that_people_write_are_read_as_before():
    assert render("[a](https://x.example/) [[b]] ![c](/a/files/1/)").links == [
        "https://x.example/",
        "/a/b/",
        "/a/files/1/",
    ]
    assert codes("W-8BEN-E, e-mail; PO/2231 and x2y") == [
        "w8bene",
        "email",
        "po2231",
        "w8",
        "po/2231".replace("/", ""),
        "x2",
    ]
    assert problems_in("`{odd` and ``{a ` b`` but {Odd}") == [
        "{Odd} cannot be filled: braces hold one name, as {customer_first_name}."
    ]
    assert places_of(["## Use C ##", "a", "## ##"]) == ["Use C", "Use C", "##"]
    assert [part.html for part in sections("T", "<h2>a</h2>\n<h3>b</h3>\n<p>c</p>\n<h2>d</h2>")] == [
        "<h2>a</h2>\n<h3>b</h3>\n<p>c</p>\n", "<h2>d</h2>"
    ]  # fmt: skip


def gif(*frames: tuple[int, int]) -> bytes:
    """A GIF whose canvas is one pixel, with frames of these sizes."""
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    one = (b"\x2c" + struct.pack("<HHHH", 0, 0, *size) + b"\0\x02\x02\x44\x01\0" for size in frames)
    return head + b"".join(one) + b"\x3b"


def test_s20_a_broken_or_swollen_picture_is_refused_in_words_and_a_cameras_is_taken():
    for content in (
        gif((1, 1), (9_000, 9_000), (9_000, 9_000)),
        gif((1, 1), (1, 1))[:-9],
        gif((1, 1))[:13] + b"\x21\xf9\x00\x21\xf9\x00",
    ):
        with pytest.raises(filing.CannotKeepFile):
            filing.draw(content, "x.gif")
    out, one = io.BytesIO(), Image.new("RGB", (30, 20), "red")
    one.save(out, "MPO", save_all=True, append_images=[one])
    drawn = filing.draw(out.getvalue(), "phone.jpg")
    assert drawn and (drawn.type, drawn.width, drawn.height) == ("image/jpeg", 30, 20)


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["/articles/suggestions/", "/articles/suggestions/solved/", "/help/"])
def test_an_address_with_a_nul_byte_is_no_error_where_answers_are_suggested(client, door):
    made = make_article(make_space(Visibility.PUBLIC), "Tax form W-8", "The W-8 form.")
    token = client.get("/help/").context["suggest"]
    typed = {"suggest": token, "subject": "tax form", "text": "w-8", "article": made.pk, "look": "1"}
    client.post("/articles/suggestions/", typed)
    assert client.post(door, typed | {"address": "a\0na@school.example"}).status_code == 200
    assert SuggestSession.objects.get(token=token).email == "ana@school.example"


@pytest.mark.django_db
def test_a4_the_words_for_solved_name_no_mail_of_the_desk(client):
    made = make_article(make_space(Visibility.PUBLIC), "Reply to the angry", "Hello", kind=ArticleKind.TEMPLATE)
    done = client.post("/articles/suggestions/solved/", {"suggest": "0" * 32, "article": made.pk})
    assert done.status_code == 200 and "angry" not in done.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (Visibility.STAFF, Visibility.PUBLIC, False),
        (Visibility.CUSTOMERS, Visibility.PUBLIC, False),
        (Visibility.PUBLIC, Visibility.CUSTOMERS, True),
        (Visibility.PUBLIC, Visibility.PUBLIC, True),
    ],
)
def test_a3_what_was_approved_for_few_waits_again_before_more_people_read_it(django_client, before, after, stays):
    """A second person said yes for the readers of then: staff words do not go out by one person's move."""
    made = make_article(make_space(before, needs_approval=True), "Refund override", "Secret words")
    moved = shelving.move(article=made, space=make_space(after), by=make_staff(Role.EDITOR), now=NINE)
    assert bool(moved.published_id) == stays and moved.waiting != stays
    if after == Visibility.PUBLIC:
        assert (django_client().get(f"/articles/{made.slug}/").status_code == 200) == stays


@pytest.mark.django_db
def test_a_move_that_cannot_be_handed_in_is_refused_beside_the_form(client, editor):
    made = make_article(make_space(), "A mail", "Hello", kind=ArticleKind.TEMPLATE, author=editor)
    writing.save(article=made, title="A mail", markdown="{Odd", base_no=1, submit=False, by=editor, now=NINE)
    public = make_space(Visibility.PUBLIC)
    sign_in(client, editor)
    entered = {"slug": made.slug, "space": public.pk, "tags": "", "owner": editor.pk, "position": "0"}
    answer = client.post(f"/wiki/{made.slug}/place/", entered)
    assert answer.status_code == 422 and "{Odd cannot be filled" in answer.text
    assert Space.objects.get(articles=made) != public
