"""A picture that stands in the words of a mail: where mail programs look for it, and nowhere to break out of."""

from email import message_from_bytes, policy

import pytest

from mail.actions.send import OutgoingFile
from mail.build import BadHeader, as_bytes
from tests.factories.mail import NOW, make_file, make_outgoing

pytestmark = pytest.mark.django_db

HTML = '<p>Look: <img src="cid:one@supportdesk" alt="a.png"></p>'


def test_pictures_stand_beside_the_html_by_content_id_and_files_stay_attached():
    picture, paper = make_file(content=b"\x89PNG\r\n\x1a\n1"), make_file(content=b"%PDF-1.7")
    mail = make_outgoing(
        text="Look: [image: a.png]", html=HTML,
        attachments=[
            OutgoingFile(picture, "a.png", "image/png", "one@supportdesk"),
            OutgoingFile(paper, "b.pdf", "application/pdf"),
        ],
    )  # fmt: skip

    parsed = message_from_bytes(as_bytes(mail=mail, now=NOW), policy=policy.default)

    shape = [part.get_content_type() for part in parsed.walk()]
    assert shape == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    shown = next(part for part in parsed.walk() if part.get_content_type() == "image/png")
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<one@supportdesk>", "inline")
    assert shown.get_content() == b"\x89PNG\r\n\x1a\n1"
    assert "cid:one@supportdesk" in parsed.get_body(("html",)).get_content()
    assert parsed.get_body(("plain",)).get_content().strip() == "Look: [image: a.png]"


@pytest.mark.parametrize("poison", ["a>\r\nBcc: evil@evil.example", "a b", "a<b", "ä"])
def test_a_content_id_that_would_break_out_is_never_sent_S14(poison):
    mail = make_outgoing(html=HTML, attachments=[OutgoingFile(make_file(), "a.png", "image/png", poison)])

    with pytest.raises(BadHeader):
        as_bytes(mail=mail, now=NOW)
