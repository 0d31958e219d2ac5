"""What strangers sent: downloads, the sealed frame, pictures, originals (S1, S2, S4, S5, S22, S23)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.mail import make_file, make_raw
from tests.factories.tickets import make_ticket
from tickets.actions.note import add_note
from tickets.models import Attachment, Message

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"


@pytest.fixture
def message(ticket) -> Message:
    return ticket.messages.get()


def attach(message: Message, name: str, content_type: str, content: bytes, **fields) -> Attachment:
    return Attachment.objects.create(
        message=message, file=make_file(content=content, content_type=content_type), name=name,
        content_type=content_type, size=len(content), **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.svg", "image/svg+xml"),
        ("a.html", "text/html"),
        ("a.xhtml", "application/xhtml+xml"),
        ("a.xml", "text/xml"),
        ("a.mhtml", "multipart/related"),
        ("a.pdf", "application/pdf"),
        ("a.png", "image/png"),
        ("a.js", "text/javascript\r\nX-Evil: 1"),
    ],
)
def test_every_file_is_a_download_and_never_a_page_of_ours(desk, message, name, content_type):
    """S2."""
    file = attach(message, name, content_type, SCRIPT)

    response = desk.get(reverse("desk:attachment", args=[file.pk]))

    assert b"".join(response.streaming_content) == SCRIPT
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "X-Evil" not in response


@pytest.mark.parametrize(
    "name", ['"; x="y.exe', "../../etc/passwd", "a\r\nSet-Cookie: x=1", "мой файл.txt", "\u202egpj.exe"]
)
def test_a_files_name_stays_a_name(desk, message, name):
    """S14, S18."""
    file = attach(message, name, "text/plain", b"x")

    response = desk.get(reverse("desk:attachment", args=[file.pk]))

    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in response["Content-Disposition"]
    assert "Set-Cookie" not in response


def test_a_file_that_the_storage_lost_is_not_found(desk, message):
    file = attach(message, "a.txt", "text/plain", b"x")
    type(file.file).objects.filter(pk=file.file_id).update(key="gone")

    assert desk.get(reverse("desk:attachment", args=[file.pk])).status_code == 404


def test_files_of_others_are_not_found(client, desk, message, customer, stranger, agent):
    """S22, S23: the stranger, another ticket's customer, and everybody for a note's file."""
    theirs = attach(message, "a.txt", "text/plain", b"x")
    note = add_note(ticket=message.ticket, by=agent, text="Look", now=timezone.now())
    secret = Attachment.objects.create(note=note, file=make_file(), name="n.txt", content_type="text/plain", size=7)
    address = reverse("desk:attachment", args=[theirs.pk])

    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(customer)
    assert client.get(address).status_code == 200
    assert client.get(reverse("desk:attachment", args=[secret.pk])).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


@pytest.mark.parametrize("name", ["picture", "formatted", "source"])
def test_only_staff_look_inside_a_mail(client, message, customer, name):
    client.force_login(customer)
    key = attach(message, "a.png", "image/png", PNG).pk if name == "picture" else message.pk

    assert client.get(reverse(f"desk:{name}", args=[key])).status_code == 404


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
        (b"GIF89a" + b"\0" * 20, "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_is_shown_as_what_its_bytes_are(desk, message, content, content_type):
    file = attach(message, "a.svg", "image/svg+xml", content)

    response = desk.get(reverse("desk:picture", args=[file.pk]))

    assert (response.status_code, response["Content-Type"]) == (200, content_type)
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize("content", [SCRIPT, b"", b"GIF8", b"<html>", b"BM", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_picture_is_not_shown_whatever_it_claims(desk, message, content):
    """S2."""
    file = attach(message, "a.png", "image/png", content)

    assert desk.get(reverse("desk:picture", args=[file.pk])).status_code == 404


def test_the_formatted_version_is_sealed_and_cleaned_again(desk, message):
    """S1, S5: even if the row was written by somebody who did not clean it."""
    Message.objects.update(
        html="<p onclick=alert(1)>Hello <script>alert(1)</script><a href='javascript:alert(1)'>x</a>"
        "<img src='https://evil.example/pixel.png'><style>body{background:url(https://evil.example)}</style>"
        "<iframe src=/inbox/></iframe><form action=https://evil.example><input></form></p>"
    )

    response = desk.get(reverse("desk:formatted", args=[message.pk]))

    body = response.content.decode()
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox" in policy
    assert "script-src" not in policy and "allow-scripts" not in policy
    assert "frame-ancestors 'self'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    for bad in ("onclick", "<script", "javascript:", " src=", "url(", "<style", "<iframe", "<form", "<input"):
        assert bad not in body
    assert "Hello" in body


def test_a_mails_own_pictures_come_through_our_door_and_others_from_nowhere(desk, message):
    """S5."""
    file = attach(message, "logo.png", "image/png", PNG, content_id="logo&1@x", is_inline=True)
    other = make_ticket().messages.get()
    attach(other, "secret.png", "image/png", PNG, content_id="secret@y", is_inline=True)
    Message.objects.filter(pk=message.pk).update(
        html='<img src="cid:logo&amp;1@x"><img src="cid:secret@y"><img src="https://evil.example/p.png">'
    )

    body = desk.get(reverse("desk:formatted", args=[message.pk])).content.decode()

    assert body.count("<img") == 3
    assert f'src="{reverse("desk:picture", args=[file.pk])}"' in body
    assert body.count(" src=") == 1


def test_a_message_without_html_has_no_formatted_version(desk, message):
    assert desk.get(reverse("desk:formatted", args=[message.pk])).status_code == 404


def test_the_page_shows_text_first_and_offers_the_frame(desk, message):
    Message.objects.update(html="<p>Hello</p>", remote_images=3)

    page = desk.get(f"/inbox/all/{message.ticket_id}/").content.decode()

    frame = page.split("<iframe")[1].split(">")[0]
    assert 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in frame
    assert 'loading="lazy"' in frame
    assert "without 3 images from elsewhere" in page


def test_the_original_mail_is_a_download(desk, message):
    raw = make_raw()
    Message.objects.update(raw=raw)

    response = desk.get(reverse("desk:source", args=[message.pk]))

    assert b"".join(response.streaming_content) == raw.read()
    assert response["Content-Disposition"] == f'attachment; filename="message-{message.pk}.eml"'
    assert response["Content-Type"] == "application/octet-stream"


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover=alert(1) x='",
    "javascript:alert(1)",
    "{{7*7}}{% debug %}",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_in_every_field_is_only_text(desk, agent, message, payload):
    """S4."""
    ticket, customer = message.ticket, message.ticket.requester
    type(customer).objects.filter(pk=customer.pk).update(name=payload)
    type(ticket.organisation).objects.update(name=payload, notes=payload)
    type(ticket).objects.update(subject=payload, snippet=payload, tags=[payload[:60]], came_back=payload[:60])
    Message.objects.update(
        text=payload, quoted_text=payload, from_name=payload, from_address=payload, cc_line=[{"email": payload}],
        answers_to=payload, auto_reply=payload[:20], notes_on_parsing=[payload], is_held=True, held_reason=payload,
        authentication={"verdict": "fail", "spf": payload},
    )  # fmt: skip
    attach(message, payload, payload, b"x")
    add_note(ticket=ticket, by=agent, text=payload, now=timezone.now())

    for address in (f"/inbox/all/{ticket.pk}/", "/inbox/all/", f"/inbox/search/?q={payload}"):
        page = desk.get(address).content.decode()
        assert page.count("<script") == page.count('<script src="/static/') > 0, address
        assert "onerror=alert" not in page.replace("&gt;", ">").split("<img")[0] or "<img" not in page
        assert "<img" not in page
        assert 'href="javascript:' not in page
        assert "' onmouseover" not in page


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://shop.example/a?b=1&c=2.", ["https://shop.example/a?b=1&amp;c=2"]),
        ('https://x.example/"onclick="alert(1)', ["https://x.example/"]),
        ("https://x.example/<script>", ["https://x.example/"]),
        ("javascript:alert(1) data:text/html,x", []),
        ("(https://x.example/a)", ["https://x.example/a"]),
    ],
)
def test_addresses_in_a_text_are_links_and_nothing_else_is(desk, message, text, links):
    """S4."""
    Message.objects.update(text=text)

    page = desk.get(f"/inbox/all/{message.ticket_id}/").content.decode()

    body = page.split('class="text plainly"')[1].split("</div>")[0]
    assert [part.split('"')[0] for part in body.split('<a href="')[1:]] == links
    assert body.count("<a ") == len(links)
