"""Files as they really are: broken off, in another alphabet, with a mark too few, far too deep. No database."""

import json

import pytest

from tickets.choices import Category
from tickets.import_formats import columns, json_records, mbox, tables
from tickets.import_formats.records import Place, Unreadable, clean, line
from tickets.import_formats.times import is_day_first, read_time


def read(data: bytes, reader=json_records.rows) -> tuple[list, list[str]]:
    """(values, reasons), read in one go, and again from each place: the same."""
    rows = list(reader(data, Place()))
    for at, row in enumerate(rows[:-1]):
        again = list(reader(data, row.place))
        assert [(one.value, one.why) for one in again] == [(one.value, one.why) for one in rows[at + 1 :]], row.place
    return [row.value for row in rows if row.value is not None], [row.why for row in rows if row.why]


RECORDS = [
    {"id": 1, "subject": 'a "quoted" }{ [word]', "comments": [{"id": 2, "body": "x"}]},
    {"id": 3, "subject": "y"},
]
PAGE = {"count": 2, "next_page": None, "links": {"a": [1, {"b": "}"}]}, "tickets": RECORDS, "end_time": 1}


@pytest.mark.parametrize(
    "data",
    [
        b"\n".join(json.dumps(one).encode() for one in RECORDS),
        b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(one).encode() for one in RECORDS) + b"\r\n\r\n",
        json.dumps(RECORDS).encode(),
        json.dumps(RECORDS, indent=2).encode(),
        json.dumps(PAGE).encode(),
        json.dumps(PAGE, indent=1).encode() + b"\n" + json.dumps({"tickets": []}, indent=1).encode(),
        b"\n\n".join(json.dumps(one, indent=2).encode() for one in RECORDS),
    ],
)
def test_every_shape_of_json_gives_the_same_records_from_any_place(data):
    assert read(data) == (RECORDS, [])


def test_broken_json_is_named_and_what_follows_is_read():
    good = json.dumps({"id": 1, "subject": "x"}).encode()
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    lines = [good, b'{"id": 2, "subj', b"[1, 2]", b"nonsense", b'{"id": NaN}', deep, good]
    values, whys = read(b"\n".join(lines))
    assert len(values) == 2 and len(whys) == 5 and "nested too deep" in whys[-1]
    torn = json.dumps([{"id": no, "subject": "x" * 20} for no in range(4)], indent=1).encode()
    values, whys = read(torn[:-30])
    assert len(values) == 3 and "breaks off" in whys[0]
    hole = torn.replace(b'"id": 1,', b'"id": "1,')
    assert len(read(hole)[0]) == 3 and len(read(hole)[1]) == 1
    assert read(b"") == ([], []) and read(b"\x00\x00") == ([], [])
    assert read('{"id": 1, "name": "Zoë"}\n'.encode("cp1252") * 2)[0] == [{"id": 1, "name": "Zoë"}] * 2


def read_table(data: bytes, encoding: str = "") -> tuple[list, list[str]]:
    table = tables.sniff(data, encoding)
    return read(data, lambda data, place: tables.rows(data, place, table, encoding))


def test_tables_with_any_mark_any_line_end_and_any_alphabet_are_read():
    for mark in tables.DELIMITERS:
        rows = f'Id{mark}Text\r\n1{mark}"two\nlines, ""quoted"" {mark}"\r\n\r\n2{mark}é\r\n'
        assert read_table(rows.encode()) == ([["1", f'two\nlines, "quoted" {mark}'], ["2", "é"]], [])
    assert read_table("Id;Text\r1;é\r2;b\r".encode())[0] == [["1", "é"], ["2", "b"]]
    assert read_table("\ufeffId,Text\n1,Привет\n".encode())[0] == [["1", "Привет"]]
    assert read_table("Id,Text\n1,Привет\n".encode("cp1251"), "cp1251")[0] == [["1", "Привет"]]
    assert read_table("Id,Text\n1,Zoë\n2,Zo\xc3\xab\n".encode("cp1252"))[0] == [["1", "Zoë"], ["2", "Zoë"]]
    assert read_table(b"Id,Text\n1,a\x00b\n2\n")[0] == [["1", "ab"], ["2", ""]]


def test_broken_rows_are_named_and_take_no_other_row_along():
    data = b'Id,Text\n1,good\n2,"open\n3,good\n4,a,b\n5,"x"y\n6,good\n7,' + b"z" * 1_100_000 + b"\n8,good\n"
    values, whys = read_table(data)
    assert [value[0] for value in values] == ["1", "3", "6", "8"]
    assert len(whys) == 4 and "never closed" in whys[0] + whys[3] and "3 columns" in whys[1]
    for head in (b",".join(b"c%d" % no for no in range(10_000)), b"one", b"", "Id,Text\n".encode("utf-16")):
        with pytest.raises(Unreadable):
            tables.sniff(head + b"\n1,2\n" if head else b"")


def test_an_mbox_is_cut_where_a_mail_begins():
    one = b"From a@b.example Mon Jan  1 10:00:00 2024\nSubject: 1\n\nFrom here on\n>From quoted\n\n"
    mails = one + b"From c Tue Jan  2 10:00:00 2024\nSubject: 2\n\nx\n"
    values, whys = read(mails, mbox.rows)
    assert [value[:10] for value in values] == [b"Subject: 1", b"Subject: 2"] and whys == []
    assert b"\nFrom quoted" in values[0]
    assert read(b"no mails", mbox.rows)[1] == ["This does not begin as an mbox archive does."]


def test_columns_of_other_desks_are_known_by_their_names():
    heads = {
        "Zoho": "Ticket Id,Subject,Description,Email,Contact Name,Status,Created Time,Closed Time",
        "Kayako": "Ticket ID,Subject,Contents,Requester Email,Full Name,Ticket Status,Created At,Resolved At",
        "Salesforce": "CaseNumber,Subject,Description,ContactEmail,ContactName,Status,CreatedDate,ClosedDate",
        "Freshdesk": "Ticket ID,Subject,Description,Email,Full name,Status,Created time,Closed time",
    }
    for desk, head in heads.items():
        assert columns.guess(head.split(","), [])["columns"] == [
            "id", "subject", "text", "email", "name", "state", "created", "closed"
        ], desk  # fmt: skip
    assert columns.guess(["Contact ID", "Full Name", "E-mail"], [])["rows"] == "people"
    assert columns.fingerprint(["E-Mail", "Subject"]) == columns.fingerprint(["e mail", "SUBJECT"])
    assert [columns.category_of(word, {}) for word in ("On-Hold", "Solved", "awaiting reply", "???")] == [
        Category.HOLD, Category.CLOSED, Category.WAITING, ""
    ]  # fmt: skip


def test_a_column_that_says_who_may_read_makes_public_only_what_says_so():
    """A4, S29."""
    mapping = {"rows": "tickets", "columns": ["id", "email", "text", "public", "private"], "states": {}}
    for public, private, is_public in (
        ("yes", "no", True), ("", "", True), ("no", "", False), ("maybe", "", False), ("", "yes", False),
        ("true", "1", False), ("", "internal", False), ("Public", "", True),
    ):  # fmt: skip
        case = columns.record(["1", "a@b.example", "words", public, private], mapping)
        assert case.said[0].is_public is is_public, (public, private)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2025-02-03T04:05:06Z", "2025-02-03T04:05"), ("2025-02-03 04:05:06 +0100", "2025-02-03T03:05"),
        ("03/02/2025 4:05 PM", "2025-03-02T16:05"), ("31/01/2025", "2025-01-31T00:00"),
        ("31.01.25 10:00", "2025-01-31T10:00"), ("3 Feb 2025 10:00", "2025-02-03T10:00"),
        ("1738500400", "2025-02-02T12:46"), ("1738500400000", "2025-02-02T12:46"),
        ("Feb 3, 2025 10:00 AM", "2025-02-03T10:00"), ("Mon, 3 Feb 2025 10:00:00 +0200", "2025-02-03T08:00"),
        ("2025-02-03 04:05:06 UTC", "2025-02-03T04:05"),
    ],
)  # fmt: skip
def test_dates_are_read_as_they_are_written(text, shown):
    assert read_time(text).isoformat().startswith(shown)


def test_what_is_no_date_is_a_sentence():
    for text in ("soon", "99/99/2025", "1e400", "12:00", "0001-01-01", "9" * 40, "2025-02-30", "२०२५"):
        with pytest.raises(Unreadable):
            read_time(text)
    assert read_time(" ") is None
    assert read_time("03/02/2025", day_first=True).month == 2
    assert read_time("2025-07-01 12:00", zone="Europe/Paris").hour == 10
    told = [is_day_first([text]) for text in ("31/01/2025", "01/31/2025", "31.01.2025", "x")]
    assert told == [True, False, True, False]


def test_texts_lose_what_no_database_keeps():
    assert clean("a\x00b\r\nc\ud800") == "ab\nc?" and clean(["x"]) == clean(None) == ""
    assert line(" a\n\u202eb\t ") == "a b" and line("x" * 300) == "x" * 255
