"""Text of attachments: read apart, once, under limits, and found by the search."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from datetime import timedelta

import pytest
from django.utils import timezone

from mail.models import StoredFile
from tests.factories.mail import make_file
from tests.factories.tickets import make_ticket
from tickets.actions import read_files
from tickets.choices import FileReading
from tickets.file_texts.apart import text_apart
from tickets.file_texts.readers import MOST_CHARACTERS, text_of
from tickets.file_texts.types import Unreadable
from tickets.models import Attachment, FileText, Message, Ticket
from tickets.queries_desk import search as searching

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def packed(**parts: str | bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def document(text: str) -> bytes:
    words = "".join(f"<w:p><w:r><w:t>{part}</w:t></w:r></w:p>" for part in text.split("\n"))
    return packed(word__document_xml=f'<w:document xmlns:w="urn:w"><w:body>{words}</w:body></w:document>')


def pdf(*drawn: bytes, table: bytes = b"") -> bytes:
    """A page with a compressed stream of operators; `table` is the font's ToUnicode map."""
    content = zlib.compress(b"\n".join(drawn))
    mapped = zlib.compress(table)
    return (
        b"%PDF-1.7\n1 0 obj << /Type /Page /Resources << /Font << /F1 3 0 R >> >> /Contents 2 0 R >> endobj\n"
        b"2 0 obj << /Filter /FlateDecode /Length " + str(len(content)).encode() + b" >> stream\n" + content
        + b"\nendstream endobj\n3 0 obj << /Type /Font" + (b" /ToUnicode 4 0 R" if table else b"") + b" >> endobj\n"
        b"4 0 obj << /Filter /FlateDecode >> stream\n" + mapped + b"\nendstream endobj\n%%EOF"
    )  # fmt: skip


CMAP = b"2 beginbfchar <0001> <0050> <0002> <004F> endbfchar 1 beginbfrange <0010> <0019> <0030> endbfrange"


@pytest.mark.parametrize(
    ("name", "content_type", "content", "expected"),
    [
        ("a.txt", "text/plain", "Größe 12".encode(), "Größe 12"),
        ("a.txt", "text/plain", "Größe 12".encode("cp1252"), "Größe 12"),
        ("a.txt", "text/plain", "Größe 12".encode("utf-16"), "Größe 12"),
        ("a.csv", "application/octet-stream", b"order,sum\nPO-2231,640.00\n", "order,sum\nPO-2231,640.00"),
        ("a.html", "text/html", b"<p>Total <b>640</b><script>hidden()</script><style>x{}</style>&euro;", "Total 640 €"),
        ("a.docx", WORD, document("Purchase order\nPO-2231"), "Purchase order PO-2231"),
        ("a.odt", "x/y", packed(content_xml='<o:c xmlns:o="urn:o"><o:p>One</o:p><o:p>two</o:p></o:c>'), "One two"),
        ("a.xlsx", "x/y",
         packed(xl__sharedStrings_xml="<sst><si><t>Rover</t></si><si><t>Kit</t></si></sst>"), "Rover Kit"),
        ("a.rtf", "text/rtf", rb"{\rtf1\ansi Purchase \b order\b0 }", "Purchase order"),
        ("a.pdf", "application/pdf", pdf(b"BT /F1 12 Tf (PO-2231 \\(late\\)) Tj ET"), "PO-2231 (late)"),
        ("a.pdf", "application/pdf", pdf(b"BT /F1 9 Tf [(Pur) 20 (chase) -400 (order)] TJ ET"), "Purchase order"),
        ("a.pdf", "x/y", pdf(b"BT /F1 9 Tf <0001000200120012> Tj ET", table=CMAP), "PO22"),
        ("a.png", "image/png", b"\x89PNG\r\n\x1a\n\x00\x00", ""),
        ("a.zip", "application/zip", packed(readme_txt="secret"), ""),
        ("a.bin", "application/octet-stream", bytes(range(256)), ""),
        ("a.txt", "text/plain", b"", ""),
    ],
)  # fmt: skip
def test_text_is_read_from_what_people_send(name, content_type, content, expected):
    assert text_of(name, content_type, content) == expected


def bomb() -> bytes:
    return packed(word__document_xml=b"<w><t>" + b"a " * (60 * 1024 * 1024) + b"</t></w>")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.docx", b"PK\x03\x04 broken", "The file is packed in a way that could not be opened."),
        ("a.docx", packed(word__document_xml="<a><b></a>"), "The document is not well-formed."),
        ("a.docx", packed(word__document_xml='<!DOCTYPE x [<!ENTITY a "aaa">]><x>&a;</x>'),
         "The document declares entities, which no office program writes."),
        ("a.pdf", b"%PDF-1.7 trailer << /Encrypt 5 0 R >>", "The PDF is locked with a password."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(name, content, sentence):
    with pytest.raises(Unreadable, match=sentence):
        text_apart(name, "", content)


def test_a_file_that_unpacks_to_far_more_is_read_up_to_the_limit():
    """A zip bomb costs what the limit says, not what it holds."""
    content = bomb()
    assert len(content) < 1024 * 1024

    try:
        text = text_apart("a.docx", WORD, content)
    except Unreadable:
        text = ""

    assert len(text) <= MOST_CHARACTERS


def test_a_reader_that_hangs_is_ended():
    slow = b"%PDF-1.7\n" + b"1 0 obj << /Font << " + b"/F 1 0 R " * 1000 + b">>" + b"(" * 2_000_000

    began = time.monotonic()
    try:
        text_apart("a.pdf", "", slow, seconds=1)
    except Unreadable as error:
        assert str(error)

    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["x\x00y.txt", "-m", "--help", "../../etc/passwd.txt", "ü" * 300 + ".txt", ""])
def test_no_name_reaches_the_command_line_as_more_than_a_name(name):
    assert text_apart(name, "text/plain", b"hello") in ("hello", "")


@pytest.fixture
def attached(customer):
    """A function that attaches a file to a new ticket."""

    def attach(name: str, content: bytes, content_type: str = "text/plain") -> Attachment:
        ticket = make_ticket(requester=customer, subject="x", text="y")
        message = Message.objects.get(ticket=ticket)
        file = make_file(content=content, content_type=content_type)
        return Attachment.objects.create(
            message=message, file=file, name=name, content_type=content_type, size=len(content)
        )

    return attach


def found(person, q: str) -> list[int]:
    return searching.look(Ticket.objects.all(), searching.read(q), person=person, now=timezone.now()).tickets


def test_a_files_name_is_found_at_once_and_its_text_once_it_was_read(agent, attached):
    attachment = attached("Quote 7.docx", document("The gripper costs 640"), WORD)
    ticket = [attachment.message.ticket_id]
    assert (found(agent, '"quote 7"'), found(agent, "gripper")) == (ticket, [])

    assert read_files.waiting(now=timezone.now(), most=9) == [attachment.pk]
    assert read_files.read_file(attachment=attachment.pk, now=timezone.now()) is True

    assert found(agent, "gripper") == found(agent, "file:gripper costs") == ticket
    assert found(agent, "text:gripper") == []
    assert read_files.read_file(attachment=attachment.pk, now=timezone.now()) is False
    assert read_files.waiting(now=timezone.now(), most=9) == []


def test_a_broken_file_keeps_its_reason_and_its_name(agent, attached):
    attachment = attached("broken.docx", b"PK\x03\x04 broken")

    read_files.read_file(attachment=attachment.pk, now=timezone.now())

    row = FileText.objects.get()
    assert (row.state, row.text) == (FileReading.FAILED, "")
    assert row.reason == "The file is packed in a way that could not be opened."
    assert found(agent, "broken.docx") == [attachment.message.ticket_id]


def test_a_reader_that_was_killed_is_followed_by_another_and_not_for_ever(attached):
    """Killed between claim and answer: the claim runs out; after three the file is given up."""
    attachment, now = attached("a.txt", b"words"), timezone.now()
    mine = FileText.objects.filter(pk=attachment.pk)
    for attempt in range(1, read_files.MOST_ATTEMPTS + 1):
        mine.update(attempts=attempt, next_attempt_at=now + read_files.LEASE)
        assert read_files.read_file(attachment=attachment.pk, now=now) is False
    later = now + read_files.LEASE + timedelta(seconds=1)

    assert read_files.waiting(now=later, most=9) == [attachment.pk]
    read_files.read_file(attachment=attachment.pk, now=later)

    assert mine.get().state == FileReading.FAILED


def test_a_file_that_the_storage_lost_waits(attached):
    attachment = attached("a.txt", b"words")
    StoredFile.objects.update(key="gone/gone")

    assert read_files.read_file(attachment=attachment.pk, now=timezone.now()) is False
    assert FileText.objects.get().state == FileReading.WAITING


def test_the_child_ends_by_a_signal_without_hurting_its_parent():
    child = subprocess.Popen(
        [sys.executable, "-m", "tickets.file_texts.child", "512", "5", "a.txt", "text/plain"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PATH": os.defpath},
    )  # fmt: skip
    os.kill(child.pid, signal.SIGKILL)
    assert child.communicate(b"x")[0] == b""
    assert text_apart("a.txt", "text/plain", b"still here") == "still here"
