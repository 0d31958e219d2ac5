"""Pages are small on the wire."""

import gzip

import brotli
import pytest

from mail.files import store_file
from supportdesk.lib.compression import packed
from tests.factories.accounts import sign_in
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions.attach import Upload, attach_to_message

pytestmark = pytest.mark.django_db


def test_a_page_is_compressed_for_who_can_read_it(client):
    plain = client.get("/help/")
    zipped = client.get("/help/", headers={"accept-encoding": "gzip, br;q=0"})
    small = [client.get("/help/", headers={"accept-encoding": "gzip, deflate, br"}) for _ in range(8)]

    assert plain.headers.get("Content-Encoding") is None
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert b"<h1" in gzip.decompress(zipped.content)
    assert len(zipped.content) < len(plain.content) / 2
    assert {answer.headers["Content-Encoding"] for answer in small} == {"br"}
    assert "Accept-Encoding" in small[0].headers["Vary"]
    assert all(b"<h1" in brotli.decompress(answer.content) for answer in small)
    assert all(len(answer.content) == int(answer.headers["Content-Length"]) < len(zipped.content) for answer in small)


@pytest.mark.parametrize("length", [1, 64, 255, 256])
def test_a_page_hides_its_length_behind_what_readers_pass_over(length):
    """BREACH: who can make us repeat their guess beside a secret learns nothing from the length alone."""
    content = b"<p>words</p>" * 500

    assert brotli.decompress(packed(content, padding=b"x" * length)) == content
    assert len(packed(content, padding=b"x" * length)) == len(packed(content, padding=b"x")) + length - 1


def test_a_file_goes_out_as_it_is(client, agent):
    sign_in(client, agent)
    message = make_ticket().messages.get()
    stored = store_file(content=b"word " * 1000, now=WEDNESDAY)
    attach_to_message(message, [Upload(file=stored, name="a.txt", content_type="text/plain", size=stored.size)])

    answer = client.get(f"/attachments/{message.attachments.get().pk}/", headers={"accept-encoding": "gzip"})

    assert answer.headers.get("Content-Encoding") is None
    assert answer.getvalue() == b"word " * 1000
