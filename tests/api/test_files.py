"""Files: uploaded first, named with the words, downloaded and never shown (S2, S17, S18, S23)."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mail.models import OutgoingMail, StoredFile
from tests.factories.mail import make_file
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions.attach import LARGEST, Upload
from tickets.actions.note import add_note
from tickets.api import uploads
from tickets.models import Attachment

pytestmark = pytest.mark.django_db


def send(who, content: bytes = b"hello", name: str = "plan.txt", content_type: str = "text/plain", **fields):
    client = Client(raise_request_exception=False)
    file = SimpleUploadedFile(name, content, content_type)
    file.name = name
    return client.post("/api/uploads/", {"file": file, **fields}, headers={"Authorization": f"Bearer {who.secret}"})


def test_an_upload_goes_out_with_a_reply_and_can_be_downloaded(program, agent):
    who, ticket = program(agent), make_ticket()

    handle = send(who, b"%PDF-1.7 plan", "plan.pdf", "application/pdf").json()
    body = {"text": "See the plan.", "last_seen": ticket.last_message_id, "attachments": [handle["id"]]}
    reply = who.post(f"tickets/{ticket.pk}/reply/", body).json()

    assert (handle["name"], handle["content_type"], handle["size"]) == ("plan.pdf", "application/pdf", 13)
    [file] = reply["attachments"]
    assert (file["name"], file["size"], file["is_inline"]) == ("plan.pdf", 13, False)
    answer = who.get(file["url"].partition("/api/")[2])
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 plan"
    assert OutgoingMail.objects.get().attachments.count() == 1


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xhtml", "a.mhtml", "a.php", "a.pht", ".htaccess", "a.js"])
def test_a_download_is_never_a_page_s2_s18(program, agent, name):
    upload = Upload(file=make_file(content=b"<script>alert(1)</script>"), name=name, content_type="text/html", size=25)
    make_ticket(attachments=[upload])

    answer = program(agent).get(f"attachments/{Attachment.objects.get().pk}/")

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name", ['a"b.txt', "a\r\nSet-Cookie: x=1.txt", "résumé 😀.txt", "../../etc/passwd", "a\\b\\c.txt"]
)
def test_a_name_cannot_leave_its_header_or_its_folder_s14_s17(program, agent, name):
    who, ticket = program(agent), make_ticket()
    said = send(who, name=name).json()
    body = {"text": "x", "attachments": [said["id"]]}
    note = who.post(f"tickets/{ticket.pk}/notes/", body).json()

    answer = who.get(note["attachments"][0]["url"].partition("/api/")[2])

    assert not {"/", "\\", "\r", "\n"} & set(said["name"])
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_a_file_of_a_note_needs_the_scope_of_notes_s29(program, agent):
    ticket = make_ticket()
    upload = Upload(file=make_file(content=b"secret"), name="a.txt", content_type="text/plain", size=6)
    note = add_note(ticket=ticket, by=agent, text="x", now=WEDNESDAY, attachments=[upload])
    path = f"attachments/{note.attachments.get().pk}/"

    assert program(agent, "tickets:read").get(path).status_code == 404
    assert program(agent, "tickets:read", "notes:read").get(path).status_code == 200


def test_a_file_that_the_storage_lost_is_404(program, agent):
    make_ticket(attachments=[Upload(file=make_file(), name="a.txt", content_type="text/plain", size=7)])
    StoredFile.objects.update(key="00/gone")

    assert program(agent).get(f"attachments/{Attachment.objects.get().pk}/").status_code == 404


def test_a_handle_is_of_its_uploader_for_a_day_and_cannot_be_made_up_s23(program, agent, lead):
    ticket, now = make_ticket(), timezone.now()
    handle = send(program(agent)).json()["id"]
    other = signing.dumps([1, "a", "b", 1, agent.pk], salt="other")
    wrong = [(lead, handle), (agent, handle[:-1]), (agent, other), (agent, ""), (agent, "x" * 1001)]

    for person, tried in wrong:
        answer = program(person).post(f"tickets/{ticket.pk}/notes/", {"text": "x", "attachments": [tried]})
        assert answer.status_code == 400, tried
    with time_machine.travel(now + timedelta(hours=25)):
        answer = program(agent).post(f"tickets/{ticket.pk}/notes/", {"text": "x", "attachments": [handle]})
        assert answer.status_code == 400
    assert not Attachment.objects.exists()


def test_a_handle_is_read_for_its_uploader_only(agent, lead):
    upload = Upload(file=make_file(), name="a.txt", content_type="text/plain", size=7)

    handle = uploads.handle_for(upload, agent)

    assert uploads.upload_for(handle, agent) == upload
    assert uploads.upload_for(handle, lead) is None
    upload.file.delete()
    assert uploads.upload_for(handle, agent) is None


def test_an_upload_that_cannot_be_kept_says_why(program, agent):
    who = program(agent)
    client, headers = Client(raise_request_exception=False), {"Authorization": f"Bearer {who.secret}"}
    multipart = "multipart/form-data; boundary=x"
    broken = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello'

    def raw(body: bytes, content_type: str = multipart, **extra):
        return client.generic("POST", "/api/uploads/", body, content_type=content_type, headers=headers, **extra)

    empty, extra = send(who, b""), send(who, owner="1")
    too_large = raw(b"", CONTENT_LENGTH=str(LARGEST + 70_000))

    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "refused")
    assert list(extra.json()["error"]["fields"]) == ["owner"]
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "too_large")
    assert client.post("/api/uploads/", {"file": "words"}, headers=headers).status_code == 400
    assert client.post("/api/uploads/", {}, headers=headers).status_code == 400
    for body, content_type in [(broken, multipart), (b"", "multipart/form-data"), (b"x", "multipart/form-data"),
                               (b"hello", "multipart/form-data; boundary=" + "é" * 9)]:  # fmt: skip
        assert raw(body, content_type).status_code == 400, (body, content_type)
    assert raw(b"{}", "application/json").status_code == 415
    assert not StoredFile.objects.exists()


def test_two_files_in_one_request_are_not_one(program, agent):
    client = Client(raise_request_exception=False)
    files = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]

    answer = client.post("/api/uploads/", {"file": files}, headers={"Authorization": f"Bearer {program(agent).secret}"})

    assert answer.status_code == 400
    assert not StoredFile.objects.exists()
