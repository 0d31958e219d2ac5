"""Files that customers prove something with: what they are, what they carry, how they are kept (S19)."""

import socket
import struct
import threading
import zlib
from contextlib import contextmanager
from pathlib import Path

import pytest

from billing import file_checks, pdf_checks
from billing.actions import private_files
from billing.actions.certificates import Sent
from billing.actions.private_files import CannotKeepFile, CannotOpenFile
from billing.models import PrivateFile, PrivateFileLook
from supportdesk.lib import virus_scan
from tests.billing.file_samples import EICAR, HEIC, JPEG, PDF, PNG
from tests.billing.test_certificates import upload
from tests.factories.billing import NOON, make_customer, make_seller

pytestmark = pytest.mark.django_db
SCRIPT = b"<</Type /Catalog /OpenAction <</S /JavaScript /JS (app.alert(1))>> >>"


@pytest.fixture(autouse=True)
def no_scanner(settings):
    settings.CLAMD_ADDRESS = ""
    private_files._checked.clear()


def pdf(part: bytes) -> bytes:
    """A PDF with one thing more in it."""
    return PDF.replace(b"trailer", part + b"\ntrailer")


def packed(head: bytes, objects: bytes) -> bytes:
    return pdf(b"9 0 obj " + head + b"\nstream\n" + objects + b"\nendstream endobj")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (HEIC, "image/heic"),
     (packed(b"<</Type /ObjStm /Filter /FlateDecode>>", zlib.compress(b"<</Kids [1 0 R]>>")), "application/pdf"),
     (packed(b"<</Subtype /Image /Filter /DCTDecode>>", b"\xff\xd8 /JS /AA \xff\xd9"), "application/pdf"),
     (PDF + b"\r\n\x00", "application/pdf"), (JPEG + b"\0\0", "image/jpeg")],
)  # fmt: skip
def test_what_offices_and_phones_write_is_kept_whatever_it_is_called(content, kind):
    assert private_files.check(content, "certificate.exe") == kind


@pytest.mark.parametrize(
    "content",
    [
        b"", b"GIF89a" + PDF, b"GIF89a\x01\x00" + b"\0" * 40 + PDF, PDF + b"GIF89a" + b"x" * 3000, PDF[:40], b" " + PDF,
        PDF + b"<script>alert(1)</script>", PDF + b"PK\x03\x04x" + b"PK\x05\x06" + b"\0" * 18 + b"%%EOF",
        PNG + b"trailing", PNG[:-4], PNG[:8] + PNG[20:], JPEG[:-2], JPEG[:40] + b"%PDF-1.7" + JPEG[40:],
        JPEG[:40] + b"<ScRiPt>" + JPEG[40:], HEIC[:-1], HEIC.replace(b"heic", b"isom").replace(b"mif1", b"mp41"),
        JPEG[:-2] + b"PK\x05\x06" + b"\0" * 18 + b"\xff\xd9", b"MZ\x90\0", b"<svg onload=alert(1)>", b"%!PS-Adobe",
        b"\xd0\xcf\x11\xe0" + b"\0" * 500, b"\0" * 1000, EICAR, PDF + b" " * private_files.MOST_BYTES,
        pdf(b"3 0 obj " + SCRIPT + b" endobj"), pdf(b"3 0 obj <</S /J#61vaScript>> endobj"),
        pdf(b"3 0 obj <</Launch 1>> endobj"), pdf(b"3 0 obj <</EmbeddedFiles 1>> endobj"),
        pdf(b"3 0 obj <</AA <</O 4 0 R>> >> endobj"), pdf(b"3 0 obj <</XFA 4 0 R>> endobj"),
        pdf(b"trailer <</Encrypt 5 0 R>>"),
        packed(b"<</Type /ObjStm /Filter /FlateDecode>>", zlib.compress(SCRIPT)),
        packed(b"<</N 1 /First 4 /Filter /FlateDecode>>", zlib.compress(SCRIPT)),
        packed(b"<</Type /ObjStm /Pad (" + b"x" * 5000 + b") /Filter /FlateDecode>>", zlib.compress(SCRIPT)),
        packed(b"<</Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]>>", zlib.compress(SCRIPT).hex().encode()),
        packed(b"<</Type /ObjStm /Filter /LZWDecode>>", b"whatever"),
        packed(b"<</Type /O#62jStm /Filter /Fl#61teDecode>>", zlib.compress(SCRIPT)),
        packed(b"<</Type /ObjStm /Filter /FlateDecode>>", zlib.compress(b"0" * (pdf_checks.MOST_UNPACKED + 1))),
        pdf(b"3 0 obj <</" + b"#61" * 30_000 + b">> endobj"),
        packed(b"<</Type /ObjStm /Filter /ASCII85Decode>>", b"9jqo^" * 300_000),
        pdf(b"% <<>> stream\n3 0 obj " + SCRIPT + b" endobj\n% endstream"),
    ],
)  # fmt: skip
def test_S19_what_is_two_things_active_locked_broken_or_too_large_is_refused_in_a_sentence(content):
    with pytest.raises(CannotKeepFile, match=r"^form\.pdf .*\.$"):
        private_files.check(content, "/tmp/form.pdf")


def test_S20_a_picture_that_claims_more_pixels_than_any_camera_has_is_refused_and_a_large_one_kept():
    """Nothing here opens it; whoever reviews it would, and 50,000 by 50,000 pixels take ten gigabytes."""

    def png(side: int) -> bytes:
        return PNG[:16] + struct.pack(">LL", side, side) + PNG[24:]

    def jpeg(side: int) -> bytes:
        return JPEG[:20] + b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", side, side) + JPEG[20:]

    def heic(side: int) -> bytes:
        return HEIC[:-16] + struct.pack(">L", 24) + b"mdatispe\0\0\0\0" + struct.pack(">LL", side, side)

    for make in (png, jpeg, heic):
        assert private_files.check(make(15_000), "a.bin")
        with pytest.raises(CannotKeepFile, match="too large a picture"):
            private_files.check(make(50_000), "a.bin")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd.pdf.php", "passwd.pdf.pdf"), ("C:\\Users\\x\\..\\a.html", "a.pdf"), ("", "file.pdf"),
     ("\u202egpj.exe\x00\n", "gpj.pdf"), (".htaccess", "htaccess.pdf"), ("n" * 900, "n" * 120 + ".pdf"),
     ('"; rm -rf', "; rm -rf.pdf"), ("Zertifikat für Öl.pdf", "Zertifikat für Öl.pdf")],
)  # fmt: skip
def test_S17_a_name_is_for_people_to_read_and_ends_as_what_the_file_is(name, shown):
    make_seller()
    customer = make_customer()

    upload(customer, file=Sent(PDF, name), key="one")

    assert PrivateFile.objects.get().name.replace('"', "") == shown


def test_a_stolen_disk_or_a_changed_byte_opens_nothing(settings):
    make_seller()
    customer = make_customer()
    upload(customer)
    kept = PrivateFile.objects.select_related("file").get()
    path = Path(settings.STORAGES["files"]["OPTIONS"]["location"]) / kept.file.key
    sealed = path.read_bytes()

    assert b"%PDF" not in sealed and b"Catalog" not in sealed
    assert private_files.open_file(kept, customer.person, NOON) == PDF
    for broken in (sealed[:-3] + b"AA=", b"", PDF):
        path.chmod(0o600)
        path.write_bytes(broken)
        with pytest.raises(CannotOpenFile):
            private_files.open_file(kept, customer.person, NOON)
    path.write_bytes(sealed)
    settings.MAIL_VAULT_KEYS = ["another key"]
    with pytest.raises(CannotOpenFile):
        private_files.open_file(kept, customer.person, NOON)
    assert PrivateFileLook.objects.count() == 5  # each attempt is one


@contextmanager
def clamd(answer: bytes | None = None, *, hangs_up_after: int | None = None):
    """A scanner on a port of its own that speaks INSTREAM; it knows EICAR. Yields its address and what it was sent."""
    server, seen = socket.create_server(("127.0.0.1", 0)), []

    def take(connection: socket.socket) -> bytes:
        file = connection.makefile("rb")
        assert file.read(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack(">L", file.read(4))[0]:
            content += file.read(size)
            if hangs_up_after is not None and len(content) > hangs_up_after:
                break
        return content

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                content = take(connection)
                seen.append(content)
                verdict = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
                connection.sendall(verdict if answer is None else answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}", seen
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def test_S19_the_scanner_sees_the_whole_file_once_and_what_it_finds_is_not_kept(settings):
    make_seller()
    large = packed(b"<</Subtype /Image>>", b"7" * 300_000)
    with clamd() as (address, seen):
        settings.CLAMD_ADDRESS = address
        upload(make_customer(), file=Sent(large, "a.pdf"))
        assert seen == [large]
        with pytest.raises(CannotKeepFile, match="something harmful"):
            upload(make_customer(), key="two", file=Sent(packed(b"<<>>", EICAR), "a.pdf"))
    assert PrivateFile.objects.count() == 1


@pytest.mark.parametrize(
    "answer",
    [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK", b"\0", b"stream: OK FOUND? ERROR\0", b"\xff\0"],
)
def test_S19_a_scanner_without_a_clear_yes_keeps_nothing(settings, answer):
    make_seller()
    with clamd(answer, hangs_up_after=10) as (address, _):
        settings.CLAMD_ADDRESS = address
        with pytest.raises(CannotKeepFile, match="cannot be checked just now"):
            upload(make_customer())
    assert PrivateFile.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "/nowhere/clamd.ctl", "unix:/nowhere", "nonsense", "host:port", ":"]
)
def test_S19_no_scanner_where_one_is_set_keeps_nothing(settings, address):
    settings.CLAMD_ADDRESS = address

    with pytest.raises(CannotKeepFile, match="cannot be checked just now"):
        private_files.check(PDF, "a.pdf")
    settings.CLAMD_ADDRESS = ""
    assert not virus_scan.is_on() and private_files.check(PDF, "a.pdf") == file_checks.PDF
