"""Header blocks, dates, ids and subjects: cases 10, 12 to 17, 23, 24, 36, 68, 77, 107, 118."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.parsing import Unparsable, parse
from tests.mail.parsing.building import mail

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "subject"),
    [
        ("=?utf-8?b?44GT44KT44Gr?= =?utf-8?b?44Gh44Gv?=", "こんにちは"),
        ("=?utf-8?b?44GT44KT4w==?=\n =?utf-8?b?gas=?= =?utf-8?q?_Bob?=", "こんに Bob"),
        ("=?UTF-8?Q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?gb2312?B?xOO6w4+h?=", "你好彙"),
        ("=?iso-8859-1?q?=93quoted=94_=80?=", "“quoted” €"),
        ("=?us-ascii?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?x-unknown?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?q?two words?=", "two words"),
        ("=?utf-8?q?really??=", "really?"),
        ("Re: =?utf-8?q?=5BTicket_5=5D?= done", "Re: [Ticket 5] done"),
        ("=?utf-8?q?broken", "=?utf-8?q?broken"),
        ("=?utf-8*en?q?language?=", "language"),
        ("=?shift_jis?B?k/qWew==?=", "日本"),
        ("=?utf-8?B?SGVsbG8?=", "Hello"),
    ],
)
def test_case_10_encoded_words_as_mailers_write_them(written: str, subject: str) -> None:
    assert parse(mail(f"Subject: {written}")).subject == subject


@pytest.mark.parametrize(
    "line",
    ["this is no header", "=?utf-8?q?lost?= piece", "--", "<html>", "Sent from somewhere", "X Y: with blank"],
)
def test_case_12_a_broken_line_costs_neither_from_nor_subject(line: str) -> None:
    above = f"Received: from a by b\n{line}\n".encode()
    raw = above + b"From: Bob <bob@example.com>\nSubject: Kept\nMessage-ID: <1@x>\n\nText\n"

    parsed = parse(raw)

    assert parsed.from_ is not None
    assert (parsed.from_.email, parsed.subject, parsed.message_id) == ("bob@example.com", "Kept", "<1@x>")
    assert parsed.text.strip() == "Text"


def test_case_12_text_right_below_the_headers_is_text() -> None:
    parsed = parse(
        b"From: bob@example.com\nSubject: Kept\nHello,\nthis began without a blank line.\n\nSecond paragraph.\n"
    )

    assert parsed.subject == "Kept"
    assert parsed.text.strip() == "Hello,\nthis began without a blank line.\n\nSecond paragraph."


def test_case_12_a_folded_line_of_blanks_ends_nothing() -> None:
    parsed = parse(mail("To: a@example.com,\n\t\n\tb@example.com\nSubject: Kept"))

    assert [address.email for address in parsed.to] == ["a@example.com", "b@example.com"]
    assert parsed.subject == "Kept"


def test_case_12_a_separator_of_blanks_is_a_separator() -> None:
    parsed = parse(b"From: bob@example.com\nSubject: Kept\n \t\nFirst words.\n")

    assert (parsed.subject, parsed.text.strip()) == ("Kept", "First words.")


def test_case_13_long_meta_headers_are_read() -> None:
    parsed = parse(mail("X-Trace: " + "a" * 40_000 + "\nSubject: Kept"))

    assert parsed.subject == "Kept"


def test_case_13_headers_over_64_kilobytes_are_refused() -> None:
    with pytest.raises(Unparsable) as refusal:
        parse(mail("X-Trace: " + "a" * 70_000 + "\nSubject: x"))

    assert refusal.value.code == "headers_too_large"


RECEIVED = "Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000"
ARRIVAL = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("Mon, 2 Mar 2026 09:14:00 +0100", datetime(2026, 3, 2, 9, 14, tzinfo=timezone(timedelta(hours=1)))),
        ("Mon, 02 Mar 26 09:14 UT", datetime(2026, 3, 2, 9, 14, tzinfo=UTC)),
        ("2 Mar 2026 09:14:00 -0000", datetime(2026, 3, 2, 9, 14, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 09:14:00 GMT (really)", datetime(2026, 3, 2, 9, 14, tzinfo=UTC)),
        ("Mon, 2 Mar 2026 04:14:60 EST", datetime(2026, 3, 2, 4, 14, 59, tzinfo=timezone(timedelta(hours=-5)))),
        ("Mon, 2 Mar 2026 09:14:00 +9999", datetime(2026, 3, 2, 9, 14, tzinfo=UTC)),
        ("Tue, 1 Jan 2050 00:00:00 +0000", ARRIVAL),
        ("Thu, 1 Jan 1970 00:00:00 +0000", ARRIVAL),
        ("yesterday", ARRIVAL),
        ("", ARRIVAL),
        ("Mon, 32 Feb 2026 25:61:61 +0000", ARRIVAL),
        ("9" * 5000, ARRIVAL),
    ],
)
def test_case_14_odd_dates_are_read_and_impossible_ones_give_way_to_the_arrival(
    written: str, understood: datetime
) -> None:
    parsed = parse(mail(f"{RECEIVED}\nDate: {written}"), now=NOW)

    assert parsed.date == understood


def test_case_14_without_date_and_arrival_there_is_no_date() -> None:
    assert parse(mail("Resent-Date: garbage\nSubject: x"), now=NOW).date is None
    assert parse(mail("Date: Tue, 1 Jan 2050 00:00:00 +0000"), now=NOW).date is None


@pytest.mark.parametrize(
    ("lines", "message_id"),
    [
        ("Message-ID: <1@example.com>", "<1@example.com>"),
        ("Message-Id: 1@example.com", "<1@example.com>"),
        ("Message-ID: < 1@example.com >", "<1@example.com>"),
        ("Message-ID:\n <1@example.com>", "<1@example.com>"),
        ("Message-ID: <>", ""),
        ("Message-ID:", ""),
        ("Subject: none", ""),
        ("Message-ID: <1@example.com>\nMessage-ID: <2@example.com>", "<1@example.com>"),
        ("Message-ID: <no-at-sign>", "<no-at-sign>"),
        ("Message-ID: garbage", ""),
    ],
)
def test_case_15_message_ids_missing_malformed_or_repeated(lines: str, message_id: str) -> None:
    assert parse(mail(lines)).message_id == message_id


def test_case_16_several_in_reply_to_ids_are_all_kept() -> None:
    parsed = parse(mail("In-Reply-To: <1@x> <2@x>\n\t<3@x>\nIn-Reply-To: <4@x>"))

    assert parsed.in_reply_to == ["<1@x>", "<2@x>", "<3@x>", "<4@x>"]


def test_case_16_the_comment_form_of_in_reply_to_gives_the_id() -> None:
    parsed = parse(mail("In-Reply-To: Your message of Monday. <1@x>"))

    assert parsed.in_reply_to == ["<1@x>"]


def test_case_17_very_long_references_keep_the_first_and_the_newest() -> None:
    ids = [f"<{number}@example.com>" for number in range(1000)]

    references = parse(mail("References: " + "\n ".join(ids))).references

    assert len(references) == 200
    assert references[0] == ids[0]
    assert references[1:] == ids[-199:]


def test_case_68_references_keep_their_order_newest_last() -> None:
    parsed = parse(mail("References: <a@x><b@x>,<c@x> <a@x>"))

    assert parsed.references == ["<a@x>", "<b@x>", "<c@x>"]


def test_case_23_a_subject_is_cut_at_998_characters() -> None:
    parsed = parse(mail("Subject: " + "\n ".join(["word" * 10] * 60)))

    assert len(parsed.subject) <= 998
    assert parsed.subject.startswith("wordword")


@pytest.mark.parametrize("line", ["Subject:", "Subject: ", "Subject: =?utf-8?q??=", "X-Other: 1"])
def test_case_24_an_empty_subject_is_empty(line: str) -> None:
    assert parse(mail(line)).subject == ""


def test_case_32_headers_after_a_blank_line_too_many_are_still_headers() -> None:
    inside = "--b\nContent-Type: text/plain\n\nInside\n--b--\n"
    body = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n{inside}'

    assert parse(mail("Subject: x", body)).text.strip() == "Inside"


def test_case_32_a_text_that_speaks_of_headers_stays_text() -> None:
    body = "From: where do I take the key?\n\nThanks\n"

    parsed = parse(mail("Subject: x", body))

    assert parsed.text.strip() == body.strip()


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/mixed;\nboundary="b"',
        'multipart/mixed;\n\tboundary=\n "b"',
        "multipart/mixed; boundary=b;",
        'multipart/mixed; boundary="b";',
        "multipart/mixed; boundary = b",
        'multipart/mixed; charset="utf-8"; type=x; boundary="b" ',
        "MULTIPART/MIXED; BOUNDARY=b",
        'multipart/mixed; boundary="wrong"',
        "multipart/mixed",
        "multipart/*; boundary=b",
        "multipart; boundary=b",
        "text/plain\nContent-Type: multipart/mixed; boundary=b",
    ],
)
def test_case_36_boundaries_written_oddly_or_wrongly(content_type: str) -> None:
    body = "--b\nContent-Type: text/plain\n\nFirst\n--b\nContent-Type: text/plain\n\nSecond\n--b--\n"

    assert parse(mail(f"Subject: x\nContent-Type: {content_type}", body)).text == "First\n\nSecond"


def test_case_36_a_boundary_outside_ascii_without_an_end() -> None:
    for charset in ("utf-8", "latin-1"):
        raw = mail('Content-Type: multipart/mixed; boundary="böse"'.encode(charset), b"")

        parsed = parse(raw + "--böse\nContent-Type: text/plain\n\nFirst\n".encode(charset))

        assert parsed.text == "First"


def test_case_36_a_boundary_of_one_dash() -> None:
    body = "---\nContent-Type: text/plain\n\nFirst\n---\nContent-Type: text/plain\n\nSecond\n-----\n"

    assert parse(mail('Subject: x\nContent-Type: multipart/mixed; boundary="-"', body)).text == "First\n\nSecond"


def test_case_77_outlooks_thread_index_is_kept() -> None:
    assert parse(mail("Thread-Index: AdABC\n 123=")).thread_index == "AdABC123="


def test_case_107_template_signs_are_plain_text() -> None:
    """S55."""
    poison = "{{7*7}} {user.password} {% debug %} ${x} #{y} %s"

    parsed = parse(mail(f"Subject: {poison}", poison))

    assert (parsed.subject, parsed.text.strip()) == (poison, poison)


def test_case_118_x_headers_from_outside_change_nothing() -> None:
    plain = parse(mail("Subject: x\nMessage-ID: <1@x>"))
    extra = "X-Ticket-Priority: 3\nX-Supportdesk-Agent: boss\nX-Priority: 1"
    marked = parse(mail(f"{extra}\nSubject: x\nMessage-ID: <1@x>"))

    assert marked == plain


def test_a_mailbox_file_envelope_and_a_byte_order_mark_are_skipped() -> None:
    envelope = b"\xef\xbb\xbf\r\nFrom bob@example.com Mon Mar  2 09:14:00 2026\r\n"

    parsed = parse(envelope + b"From: bob@example.com\r\nSubject: Kept\r\n\r\nText\r\n")

    assert (parsed.subject, parsed.text.strip()) == ("Kept", "Text")


def test_bare_carriage_returns_as_line_ends_are_read() -> None:
    parsed = parse(b"From: bob@example.com\rSubject: Kept\r\rFirst\rSecond\r")

    assert (parsed.subject, parsed.text.strip()) == ("Kept", "First\nSecond")


@pytest.mark.parametrize("raw", [b"", b"\n", b"\n\n\n", b"Just a text.", b"\x00\x00", b"From: ", b"\xff\xfe"])
def test_what_is_hardly_a_mail_is_still_an_answer(raw: bytes) -> None:
    parsed = parse(raw)

    assert parsed.from_ is None
    assert parsed.sender_problem == "no_from"


def test_a_block_of_64_kilobytes_is_read_in_no_time() -> None:
    lines = "\n".join(["no header at all"] * 3_500)
    started = time.process_time()

    parse(mail(f"{lines}\nSubject: Kept"))

    assert time.process_time() - started < 1
