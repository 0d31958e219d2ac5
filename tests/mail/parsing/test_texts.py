"""Charsets, encodings and the choice of the text: cases 25 to 41, 45, 53."""

import base64
import json

import pytest

from mail.parsing import parse, to_json
from mail.parsing.charsets import decode
from tests.mail.parsing.building import PNG, encoded, mail, multipart, typed

JAPANESE = "日本語の文章です。カタカナもあります。"


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("iso-gb2312", "gb18030", "订单已经收到"),
        ("x-gbk", "gb18030", "訂單已經收到"),
        ("windows-1258", "cp1258", "Viêt Nam"),
        ("cp-850", "cp850", "Größe für 5 £"),
        ("cp850", "cp850", "Größe für 5 £"),
        ("windows-1251", "cp1251", "Заказ получен"),
        ("win-1251", "cp1251", "Заказ получен"),
        ("x-mac-roman", "mac_roman", "Größe"),
        ("KOI8-U", "koi8_u", "Дякую, працює"),
        ("iso-8859-8-i", "iso8859_8", "שלום"),
        ("tis-620", "cp874", "สวัสดี"),
        ("ks_c_5601-1987", "cp949", "주문 햏 도착"),
        ("ks_c_5601", "cp949", "주문 도착"),
        ("big5", "cp950", "訂單已經收到"),
        ("euc-kr", "cp949", "뷁 한국어"),
        ("latin1", "cp1252", "“quoted” – 5 €"),
        ("iso-8859-1", "cp1252", "“quoted” – 5 €"),
        ("utf8", "utf-8", "Größe ✓"),
        ("utf-16", "utf-16", "Größe ✓"),
        ("utf-7", "utf-7", "Größe ✓"),
        ("x-unknown", "utf-8", "Größe ✓"),
        ("unknown-8bit", "utf-8", "Größe ✓"),
        ("'utf-8'", "utf-8", "Größe ✓"),
        ("no-such-charset", "utf-8", "Größe ✓"),
        ("rot13", "ascii", "plain words"),
        ("unicode_escape", "ascii", r"C:\new\table"),
    ],
)
def test_case_25_charset_names_that_few_libraries_know(label: str, codec: str, text: str) -> None:
    body = base64.encodebytes(text.encode(codec)).decode()

    parsed = parse(typed(f'text/plain; charset="{label}"', body, encoding="base64"))

    assert parsed.text.strip() == text


def test_case_26_gb2312_that_is_really_gb18030() -> None:
    text = "朱镕基先生：镕字不在旧标准里，㐀也不在。"

    assert parse(typed("text/plain; charset=gb2312", text.encode("gb18030"))).text.strip() == text


@pytest.mark.parametrize(
    "label", ["iso-2022-jp", "ISO-2022-JP", "iso-2022-jp-ms", "cp50220", "csISO2022JP", "us-ascii", ""]
)
def test_case_27_iso_2022_jp_by_all_its_names(label: str) -> None:
    charset = f"; charset={label}" if label else ""

    assert parse(typed(f"text/plain{charset}", JAPANESE.encode("iso2022_jp"))).text.strip() == JAPANESE


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'\x1b$B-!-"\x1b(B and \x1b$BF|K\\\x1b(B', "①② and 日本"),  # NEC row 13
        (b"\x1b$ByS\x1b(B", b"\xed\x72".decode("cp932")),  # NEC-selected IBM rows, at their places in Shift JIS
        (b"\x1b(I1234\x1b(B ok", "ｱｲｳｴ ok"),  # half-width katakana
    ],
)
def test_case_27_iso_2022_jp_with_vendor_rows(body: bytes, text: str) -> None:
    assert parse(typed("text/plain; charset=iso-2022-jp", body)).text.strip() == text


@pytest.mark.parametrize("label", ["iso-2022-jp", "shift_jis", "us-ascii", "euc-jp", "utf-8"])
def test_case_27_shift_jis_under_a_wrong_label(label: str) -> None:
    assert parse(typed(f"text/plain; charset={label}", JAPANESE.encode("cp932"))).text.strip() == JAPANESE


def test_case_27_iso_2022_jp_words_in_a_subject() -> None:
    word = base64.b64encode("お問い合わせ①".encode("iso2022_jp_ext", "ignore")).decode()

    assert parse(mail(f"Subject: =?ISO-2022-JP?B?{word}?=")).subject == "お問い合わせ"


@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_case_28_ascii_by_name_and_eight_bits_in_fact(codec: str) -> None:
    text = "Die Größe ist 5 €, schöne Grüße aus Köln"

    assert parse(typed("text/plain; charset=us-ascii", text.encode(codec))).text.strip() == text


def test_case_28_cyrillic_without_a_label_is_detected() -> None:
    text = "Здравствуйте! Заказ до сих пор не пришёл, помогите пожалуйста."

    parsed = parse(mail("Subject: x", text.encode("cp1251")))

    assert parsed.text.strip() == text
    assert "guessed" in " ".join(parsed.notes)


@pytest.mark.parametrize(
    "body",
    [
        b"NUL \x00 inside",
        b"cut \xe2\x82",
        b"\xed\xa0\x80 surrogate",
        b"\xff\xfe\xfd",
        b"\xc0\x80",
        b"bell \x07 and \x1b[31mred",
        b"\x80" * 50,
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "us-ascii", "utf-16", "utf-7", "cp1252", "x-none"])
def test_case_29_nothing_that_leaves_the_parser_breaks_a_database(body: bytes, charset: str) -> None:
    parsed = parse(typed(f"text/plain; charset={charset}", body))

    text = json.dumps(to_json(parsed), ensure_ascii=False)
    text.encode("utf-8")
    assert "\\u0000" not in text
    assert not set(parsed.text) & set("\x00\x07\x1b\r")


@pytest.mark.parametrize("encoding", ["8-bit", "utf-8", "x-secret", "7bit; really", "none", "quoted printable ascii"])
def test_case_30_an_unknown_transfer_encoding_is_taken_as_it_is(encoding: str) -> None:
    assert parse(typed("text/plain; charset=utf-8", "Größe = 5", encoding=encoding)).text.strip() == "Größe = 5"


UUENCODED = b"begin 644 hello.txt\n+:&5L;&\\@=V]R;&0 \n`\nend\n"


def test_case_31_uuencode_as_transfer_encoding() -> None:
    raw = multipart(
        ("Content-Type: text/plain", "See file"),
        ('Content-Type: application/octet-stream; name="hello.txt"\nContent-Transfer-Encoding: x-uuencode', UUENCODED),
    )

    assert [(file.name, file.data) for file in parse(raw).attachments] == [("hello.txt", b"hello world")]


def test_case_31_uuencoded_files_inside_the_text_become_attachments() -> None:
    parsed = parse(mail("Subject: x", b"Before.\n\n" + UUENCODED + b"\nAfter.\n"))

    assert [(file.name, file.data) for file in parsed.attachments] == [("hello.txt", b"hello world")]
    assert parsed.text.split() == ["Before.", "After."]


def test_case_31_a_sentence_that_begins_like_uuencode_stays() -> None:
    parsed = parse(mail("Subject: x", "begin 644 times and you will see\nthat nothing works.\n"))

    assert parsed.text.strip() == "begin 644 times and you will see\nthat nothing works."
    assert parsed.attachments == []


def test_case_32_no_content_type_at_all() -> None:
    assert parse(mail("Subject: x", "Größe")).text.strip() == "Größe"


def test_case_32_html_without_content_type_is_shown_as_html() -> None:
    parsed = parse(mail("Subject: x", "<!DOCTYPE html><html><body><p>Hello <b>you</b></p></body></html>"))

    assert parsed.html == "<p>Hello <b>you</b></p>"
    assert parsed.text.strip() == "Hello you"


def test_html_source_in_a_plain_mail_stays_source() -> None:
    parsed = parse(typed("text/plain; charset=utf-8", "<html><b>why does this not work?</b></html>"))

    assert parsed.html is None
    assert parsed.text.strip() == "<html><b>why does this not work?</b></html>"


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("application/pdf", "attachment-1.pdf"),
        ('application/pkcs7-mime; name="smime.p7m"', "smime.p7m"),
        ("image/png", "image-1.png"),
        ("application/x-nobody-knows", "attachment-1.bin"),
    ],
)
def test_case_33_the_body_is_itself_a_file(content_type: str, name: str) -> None:
    parsed = parse(typed(content_type, encoded(b"%PDF-1.4 data"), encoding="base64"))

    assert [(file.name, file.data) for file in parsed.attachments] == [(name, b"%PDF-1.4 data")]
    assert parsed.text == ""
    assert parsed.html is None


def test_case_33_a_mail_as_the_whole_body() -> None:
    parsed = parse(typed("message/rfc822", "From: x@example.org\nSubject: Inner\n\nInside\n", encoding="7bit"))

    assert [(file.name, file.content_type) for file in parsed.attachments] == [("Inner.eml", "message/rfc822")]
    assert parsed.attachments[0].data.endswith(b"Inside\n")


def test_case_34_text_image_text_pdf_text_keeps_order_and_every_word() -> None:
    parsed = parse(
        multipart(
            ("Content-Type: text/plain", "First."),
            ("Content-Type: image/png\nContent-Transfer-Encoding: base64", encoded(PNG)),
            ("Content-Type: text/plain", "Second."),
            ("Content-Type: application/pdf\nContent-Transfer-Encoding: base64", encoded(b"%PDF")),
            ("Content-Type: text/html", "<p>Third.</p>"),
        )
    )

    assert parsed.text.split() == ["First.", "Second.", "Third."]
    assert [file.content_type for file in parsed.attachments] == ["image/png", "application/pdf"]
    assert parsed.html is not None
    assert [parsed.html.find(word) >= 0 for word in ("First.", "Second.", "Third.")] == [True, True, True]
    assert parsed.html.index("First.") < parsed.html.index("Second.") < parsed.html.index("Third.")


@pytest.mark.parametrize("disposition", ['attachment; filename="log.txt"', 'inline; filename="log.txt"', "attachment"])
def test_case_35_an_attached_text_file_is_not_put_before_the_text(disposition: str) -> None:
    parsed = parse(
        multipart(
            (f"Content-Type: text/plain\nContent-Disposition: {disposition}", "log line"),
            ("Content-Type: text/plain", "See the log."),
        )
    )

    assert parsed.text == "See the log."
    assert [file.data for file in parsed.attachments] == [b"log line"]


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: text/plain; name=mail.txt",
        "Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt",
    ],
)
def test_case_35_a_named_text_is_the_letter_when_there_is_no_other(headers: str) -> None:
    parsed = parse(multipart((headers, "All the words."), ("Content-Type: application/pdf; name=a.pdf", "%PDF")))

    assert parsed.text == "All the words."
    assert [file.name for file in parsed.attachments] == ["a.pdf"]


def test_case_37_html_only() -> None:
    parsed = parse(typed("text/html; charset=utf-8", "<h1>Title</h1><p>Word&nbsp;&euro;</p><ul><li>one<li>two</ul>"))

    assert parsed.text.split() == ["Title", "Word", "€", "*", "one", "*", "two"]
    assert parsed.html is not None
    assert parsed.html.startswith("<h1>Title</h1>")


def test_case_37_text_only_has_no_html() -> None:
    assert parse(typed("text/plain", "Only text")).html is None


def test_case_37_attachment_only_and_empty() -> None:
    disposition = 'Content-Disposition: attachment; filename="a.pdf"'
    only = parse(typed("application/pdf", encoded(b"%PDF"), encoding="base64", more=disposition))
    empty = parse(mail("Subject: x", ""))

    assert (only.text, [file.name for file in only.attachments]) == ("", ["a.pdf"])
    assert (empty.text, empty.reply_text, empty.html, empty.attachments) == ("", "", None, [])


def test_case_37_an_empty_plain_part_gives_way_to_the_html() -> None:
    html = ("Content-Type: text/html", "<p>Words</p>")

    parsed = parse(multipart(("Content-Type: text/plain", " \n"), html, subtype="alternative"))

    assert parsed.text.strip() == "Words"


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "quoted-printable", "base64"])
def test_case_38_backslashes_are_only_backslashes(encoding: str) -> None:
    text = r"C:\new\table\x41 and \u0041"
    body = encoded(text.encode()) if encoding == "base64" else text

    assert parse(typed("text/plain", body, encoding=encoding)).text.strip() == text


def test_case_40_a_large_pdf_as_the_body_is_a_file_and_quick() -> None:
    data = b"%PDF-1.4" + bytes(range(256)) * 28_000

    parsed = parse(typed("application/pdf", encoded(data), encoding="base64", more="Content-Disposition: inline"))

    assert [(file.size, file.inline) for file in parsed.attachments] == [(len(data), False)]
    assert parsed.attachments[0].data == data


def test_case_41_conditional_comments_of_word_do_not_leak() -> None:
    source = (
        "<html><head><!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch>"
        "</o:OfficeDocumentSettings></xml><![endif]--><title>Hidden</title><style>p{color:red}</style></head>"
        "<body><![if !vml]>Shown<![endif]><o:p>&nbsp;</o:p><!--[if mso]>Leak<![endif]--></body></html>"
    )

    parsed = parse(typed("text/html; charset=utf-8", source))

    assert parsed.text.split() == ["Shown"]
    assert parsed.html is not None
    assert not {word for word in ("mso", "Leak", "Hidden", "color", "96") if word in parsed.html}


def test_case_45_right_to_left_text_and_direction_survive() -> None:
    parsed = parse(typed("text/html; charset=utf-8", '<div dir="rtl">שלום, הטלפון לא עובד</div>'))

    assert parsed.html == '<div dir="rtl">שלום, הטלפון לא עובד</div>'
    assert parsed.text.strip() == "שלום, הטלפון לא עובד"


def test_a_charset_named_only_inside_the_html_is_found() -> None:
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'
    source = f"<html><head>{meta}</head><body>Заказ</body></html>"

    assert parse(typed("text/html", source.encode("koi8_r"))).text.strip() == "Заказ"


def test_base64_text_with_a_footer_of_a_mailing_list_keeps_both() -> None:
    body = encoded(b"The message itself!") + "\n_______\nTo leave the list write to us\n"

    text = parse(typed("text/plain", body, encoding="base64")).text

    assert "The message itself!" in text
    assert "To leave the list write to us" in text


def test_a_multipart_without_parts_is_read_as_text() -> None:
    parsed = parse(mail('Subject: x\nContent-Type: multipart/mixed; boundary="none"', "All the words.\n"))

    assert parsed.text.strip() == "All the words."


def test_a_missing_last_boundary_loses_nothing() -> None:
    raw = multipart(("Content-Type: text/plain", "First"), ("Content-Type: text/plain", "Second"))

    assert parse(raw.replace(b"--frontier--\n", b"")).text.split() == ["First", "Second"]


def test_text_over_a_million_characters_is_cut_and_attached_whole() -> None:
    text = "word " * 250_000

    parsed = parse(mail("Subject: x", text))

    assert len(parsed.text) <= 1_000_000
    assert [(file.name, file.data) for file in parsed.attachments] == [("whole-text.txt", text.encode())]


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (b"plain", "", "plain"),
        (b"\xef\xbb\xbfwith mark", "latin1", "with mark"),
        (b"caf\xe9", "utf-8", "café"),
        (b"\x93quoted\x94 \x81", "windows-1252", "“quoted” \x81"),
        ("5 € für Müller, wie üblich \ufffd".encode()[:-1], "utf-8", "5 € für Müller, wie üblich \ufffd"),
    ],
)
def test_what_a_charset_label_gets_wrong_is_healed(data: bytes, declared: str, text: str) -> None:
    assert decode(data, declared)[0] == text


@pytest.mark.parametrize(
    ("parameters", "body", "text"),
    [
        ("format=flowed", "A paragraph that \ngoes on \nhere.\n\nNext.\n", "A paragraph that goes on here.\n\nNext."),
        ("format=flowed; delsp=yes", "日本 \n語の文章\n", "日本語の文章"),
        ("format=flowed", "> quoted \n> words\n>> deeper\nown\n", "> quoted words\n>> deeper\nown"),
        ("format=flowed", "Bye \n-- \nAnn\n", "Bye \n-- \nAnn"),
        ("format=flowed", " >stuffed\n From\n", ">stuffed\nFrom"),
        ("format=fixed", "line \nline\n", "line \nline"),
    ],
)
def test_flowed_text_has_its_paragraphs_on_one_line(parameters: str, body: str, text: str) -> None:
    parsed = parse(typed(f"text/plain; charset=utf-8; {parameters}", body))

    assert parsed.text.strip("\n") == text
