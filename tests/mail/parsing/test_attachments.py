"""Files: cases 47 to 61, 117, S17, S18."""

import hashlib
import struct

import pytest

from mail.parsing import parse
from mail.parsing.filenames import LONGEST_NAME, flat_name, name_for
from tests.mail.parsing.building import PNG, encoded, multipart, typed

TEXT = ("Content-Type: text/plain", "See file")


def file_part(headers: str, data: bytes = b"data") -> tuple[str, str]:
    return f"{headers}\nContent-Transfer-Encoding: base64", encoded(data)


def names(raw: bytes) -> list[str]:
    return [file.name for file in parse(raw).attachments]


@pytest.mark.parametrize(
    "written",
    ['filename="=?utf-8?b??="', 'filename=""', "filename=", 'filename="   "', 'filename="..."', 'filename="/"'],
)
def test_case_47_a_blank_file_name_gets_one(written: str) -> None:
    raw = multipart(TEXT, file_part(f"Content-Type: application/pdf\nContent-Disposition: attachment; {written}"))

    assert names(raw) == ["attachment-1.pdf"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="10.,DAVIDGASSE 76-80;2;2.pdf"', "10.,DAVIDGASSE 76-80;2;2.pdf"),
        ("filename=10.,DAVIDGASSE 76-80;2;2.pdf", "10.,DAVIDGASSE 76-80;2;2.pdf"),
        ("filename*=utf-8''Gr%C3%B6%C3%9Fe%20%E2%82%AC.pdf", "Größe €.pdf"),
        ("filename*=iso-8859-1'de'Gr%F6%DFe.pdf", "Größe.pdf"),
        ("filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9Fe; filename*2=.pdf", "Größe.pdf"),
        ('filename*0="long "; filename*1="name.pdf"', "long name.pdf"),
        ("filename*1=b.pdf; filename*0=a", "ab.pdf"),
        ("filename=plain.pdf; filename*=utf-8''sch%C3%B6n.pdf", "schön.pdf"),
        ('filename="=?utf-8?q?Gr=C3=B6=C3=9Fe=2Epdf?="', "Größe.pdf"),
        ('filename="=?utf-8?b?R3LDtg==?=\n =?utf-8?b?w59lLnBkZg==?="', "Größe.pdf"),
        ("filename==?iso-8859-1?q?caf=E9.pdf?=", "café.pdf"),
        ('filename="a \\"quoted\\" name.pdf"', "a _quoted_ name.pdf"),
        ("filename*=nonsense%ZZ.pdf", "nonsense%ZZ.pdf"),
        ('filename="Größe.pdf"', "Größe.pdf"),
        ('FILENAME="a.pdf"', "a.pdf"),
    ],
)
def test_case_48_names_encoded_split_quoted_or_full_of_specials(written: str, name: str) -> None:
    raw = multipart(TEXT, file_part(f"Content-Type: application/pdf\nContent-Disposition: attachment; {written}"))

    assert names(raw) == [name]


def test_case_48_the_name_in_the_type_counts_when_the_disposition_has_none() -> None:
    head = 'Content-Type: application/pdf; name="=?utf-8?q?Gr=C3=B6=C3=9Fe?=.pdf"\nContent-Disposition: attachment'

    raw = multipart(TEXT, file_part(head))

    assert names(raw) == ["Größe.pdf"]


def test_case_49_two_files_of_one_name_are_two_files() -> None:
    head = 'Content-Type: application/pdf\nContent-Disposition: attachment; filename="a.pdf"'

    parsed = parse(multipart(TEXT, file_part(head, b"one"), file_part(head, b"two")))

    assert [(file.name, file.data) for file in parsed.attachments] == [("a.pdf", b"one"), ("a.pdf", b"two")]


def test_case_50_a_very_long_content_type_becomes_the_general_one() -> None:
    raw = multipart(
        TEXT, file_part(f"Content-Type: application/{'x' * 3000}; name=a.bin\nContent-Disposition: attachment")
    )

    assert [(file.name, file.content_type) for file in parse(raw).attachments] == [
        ("a.bin", "application/octet-stream")
    ]


HTML = ("Content-Type: text/html; charset=utf-8", '<p>Look:<img src="cid:pic@1" width="20" onerror="alert(1)"></p>')
PICTURE = file_part("Content-Type: image/png; name=pic.png\nContent-ID: <pic@1>", PNG)


def test_case_51_an_inline_picture_without_content_disposition() -> None:
    parsed = parse(multipart(HTML, PICTURE, subtype="related"))

    assert [(file.name, file.content_id, file.inline) for file in parsed.attachments] == [("pic.png", "pic@1", True)]
    assert parsed.html == '<p>Look:<img src="cid:pic@1" width="20"></p>'


def test_case_52_a_content_id_that_nobody_shows_is_an_ordinary_attachment() -> None:
    parsed = parse(multipart(("Content-Type: text/html", "<p>No picture</p>"), PICTURE, subtype="related"))

    assert [(file.name, file.inline) for file in parsed.attachments] == [("pic.png", False)]


def test_case_53_a_picture_in_related_inside_alternative_inside_mixed() -> None:
    related = multipart(HTML, PICTURE, subtype="related", boundary="inner").partition(b"\n\n")[2]
    alternative = multipart(
        ("Content-Type: text/plain", "Look: [picture]"),
        ('Content-Type: multipart/related; boundary="inner"', related),
        subtype="alternative",
        boundary="middle",
    ).partition(b"\n\n")[2]
    raw = multipart(
        ('Content-Type: multipart/alternative; boundary="middle"', alternative),
        file_part("Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf"),
    )

    parsed = parse(raw)

    assert [(file.name, file.inline) for file in parsed.attachments] == [("pic.png", True), ("a.pdf", False)]
    assert parsed.text.strip() == "Look: [picture]"
    assert "cid:pic@1" in (parsed.html or "")


def test_case_54_pictures_are_kept_as_bytes_whatever_they_hold() -> None:
    head = "Content-Type: image/png\nContent-Disposition: attachment; filename=x.png"

    for data in (b"", PNG, b"\x89PNG\r\n\x1a\n" + b"\xff" * 50):
        parsed = parse(multipart(TEXT, file_part(head, data)))

        assert [file.data for file in parsed.attachments] == [data]


def test_case_55_and_59_thirty_files_keep_their_order() -> None:
    head = "Content-Type: application/pdf\nContent-Disposition: attachment; filename="
    parts = [file_part(f"{head}{number}.pdf") for number in range(30)]

    assert names(multipart(TEXT, *parts)) == [f"{number}.pdf" for number in range(30)]


def test_case_56_an_attached_mail_is_named_after_its_subject() -> None:
    inner = "From: x@example.org\nSubject: =?utf-8?q?Pr=C3=BCfung?=: a/b\n\nInside"
    raw = multipart(TEXT, ("Content-Type: message/rfc822", inner))
    named = multipart(TEXT, file_part("Content-Type: application/vnd.ms-outlook; name=talk.msg"))

    assert names(raw) == ["Prüfung: a_b.eml"]
    assert names(named) == ["talk.msg"]


def test_case_57_invitations_and_signatures_are_files() -> None:
    raw = multipart(
        TEXT,
        ("Content-Type: text/calendar; method=REQUEST; charset=utf-8", "BEGIN:VCALENDAR\nEND:VCALENDAR"),
        ("Content-Type: application/pgp-signature", "-----BEGIN PGP SIGNATURE-----"),
        file_part("Content-Type: application/pkcs7-signature", b"0\x80"),
    )

    parsed = parse(raw)

    assert [file.name for file in parsed.attachments] == ["attachment-1.ics", "attachment-2.asc", "attachment-3.p7s"]
    assert parsed.text == "See file"


def test_case_57_an_invitation_among_the_alternatives_is_a_file_too() -> None:
    raw = multipart(
        ("Content-Type: text/plain", "Come!"),
        ("Content-Type: text/html", "<p>Come!</p>"),
        ("Content-Type: text/calendar; method=REQUEST; name=invite.ics", "BEGIN:VCALENDAR"),
        subtype="alternative",
    )

    parsed = parse(raw)

    assert (parsed.text, parsed.html) == ("Come!", "<p>Come!</p>")
    assert [file.name for file in parsed.attachments] == ["invite.ics"]


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """A winmail.dat of (level, attribute id, data)."""
    out = struct.pack("<IH", 0x223E9F78, 1)
    for level, name, data in attributes:
        out += struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return out


WINMAIL = tnef(
    (1, 0x00089006, struct.pack("<I", 0x00010000)),
    (1, 0x0002800C, b"The words of the letter.\x00"),
    (2, 0x00069002, bytes(14)),
    (2, 0x00018010, b"plan.pdf\x00"),
    (2, 0x0006800F, b"%PDF plan"),
)


def test_case_58_winmail_is_unpacked() -> None:
    """Also complained about: winmail.dat (zammad#2403)."""
    parsed = parse(multipart(TEXT, file_part("Content-Type: application/ms-tnef; name=winmail.dat", WINMAIL)))

    files = [(file.name, file.content_type, file.data) for file in parsed.attachments]
    assert files == [("plan.pdf", "application/pdf", b"%PDF plan")]
    assert parsed.text == "See file"


def test_case_58_the_words_inside_winmail_are_the_text_when_there_is_no_other() -> None:
    parsed = parse(typed("application/ms-tnef; name=winmail.dat", encoded(WINMAIL), encoding="base64"))

    assert parsed.text.strip() == "The words of the letter."


@pytest.mark.parametrize("data", [b"", b"\x78\x9f\x3e\x22", WINMAIL[:40], b"\x78\x9f\x3e\x22" + b"\xff" * 300])
def test_case_58_a_winmail_that_cannot_be_opened_stays_a_file(data: bytes) -> None:
    parsed = parse(multipart(TEXT, file_part("Content-Type: application/ms-tnef; name=winmail.dat", data)))

    assert [(file.name, file.data) for file in parsed.attachments] == [("winmail.dat", data)]


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ("aGVsbG8gd29ybGQ", b"hello world"),
        ("aGVsbG8gd29ybGQ=\n====\n", b"hello world"),
        ("aGVs\nbG8g*d29y\r\n\r\nbGQ=", b"hello world"),
        ("aGVsbG8g\nd29ybGQ=\naGVsbG8=\n", b"hello worldhello"),
        ("aGVsbG8gd29ybGQA=", b"hello world\x00"),
        ("a", b""),
        ("", b""),
    ],
)
def test_case_60_base64_cut_short_or_badly_padded(body: str, data: bytes) -> None:
    head = "Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64"

    raw = multipart(TEXT, (head, body))

    assert [file.data for file in parse(raw).attachments] == [data]


def test_case_61_the_text_stands_beside_a_file_of_any_type() -> None:
    parsed = parse(multipart(TEXT, file_part("Content-Type: application/x-msdownload; name=setup.exe")))

    assert (parsed.text, [file.name for file in parsed.attachments]) == ("See file", ["setup.exe"])


def test_case_117_html_and_svg_files_are_never_inline() -> None:
    """S2: only pictures that cannot run anything are shown inside the text."""
    html = ("Content-Type: text/html", '<img src="cid:s"><img src="cid:h">')
    svg = file_part("Content-Type: image/svg+xml; name=a.svg\nContent-ID: <s>")
    page = file_part("Content-Type: text/html; name=a.html\nContent-ID: <h>\nContent-Disposition: inline")

    parsed = parse(multipart(html, svg, page, subtype="related"))

    assert [(file.name, file.inline) for file in parsed.attachments] == [("a.svg", False), ("a.html", False)]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system32\\evil.dll", "evil.dll"),
        ("/etc/cron.d/x", "x"),
        ("C:\\Users\\x\\a.doc", "a.doc"),
        (".htaccess", "htaccess"),
        ("a.php\x00.png", "a.php .png"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb\u200d\ufeff.pdf", "ab.pdf"),
        ("line\r\nbreak.txt", "line break.txt"),
        ("a\u2215b.pdf", "b.pdf"),
        ("\ud800x.pdf", "x.pdf"),
        ("<script>.html", "_script_.html"),
        ("shell.pht", "shell.pht"),
    ],
)
def test_s17_s18_names_are_flat_and_without_tricks(written: str, name: str) -> None:
    assert flat_name(written) == name


def test_names_are_short_and_keep_their_ending() -> None:
    name = flat_name("x" * 5000 + ".pdf")

    assert len(name) == LONGEST_NAME
    assert name.endswith("x.pdf")
    assert name_for("", "text/calendar", 3) == "attachment-3.ics"


def test_size_and_hash_are_those_of_the_bytes() -> None:
    parsed = parse(multipart(TEXT, file_part("Content-Type: application/pdf; name=a.pdf", b"%PDF-1.7")))

    assert [(file.size, file.sha256) for file in parsed.attachments] == [(8, hashlib.sha256(b"%PDF-1.7").hexdigest())]


def test_pictures_written_into_the_html_become_inline_attachments() -> None:
    source = f'<p><img src="data:image/png;base64,{encoded(PNG).replace(chr(10), "")}"></p>'

    parsed = parse(typed("text/html", source))

    assert [(file.data, file.content_type, file.inline) for file in parsed.attachments] == [(PNG, "image/png", True)]
    assert parsed.html == f'<p><img src="cid:{parsed.attachments[0].content_id}"></p>'


def test_an_attached_message_in_base64_is_a_file_with_its_own_bytes() -> None:
    inner = b"From: x@example.org\nSubject: Inner\n\nInside\n"

    parsed = parse(multipart(TEXT, file_part("Content-Type: message/rfc822; name=inner.eml", inner)))

    assert [(file.name, file.data) for file in parsed.attachments] == [("inner.eml", inner)]
