"""Whatever bytes come: an answer that a database can store, or Unparsable."""

import json
import re
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mail.parsing import Unparsable, parse, to_json
from mail.parsing.wire import LENGTH, dump_parsed, load_answer
from tests.mail.parsing.bombs import MIME_BOMBS
from tests.mail.parsing.bounce_cases import bounce_cases
from tests.mail.parsing.building import PNG, encoded, multipart, typed
from tests.mail.parsing.quote_cases import quote_cases

_INNER = multipart(
    ("Content-Type: text/html", '<p>a<img src="cid:1"></p>'), subtype="related", boundary="in"
).partition(b"\n\n")[2]
SEEDS = [
    *(case.mail for case in quote_cases()),
    *(case.mail for case in bounce_cases()),
    *(raw for raw, _ in MIME_BOMBS.values() if len(raw) < 5_000),
    multipart(
        ("Content-Type: text/plain; charset=utf-8", "Größe"),
        ('Content-Type: multipart/related; boundary="in"', _INNER),
        (
            "Content-Type: image/png; name*=utf-8''%C3%A4.png\nContent-Transfer-Encoding: base64\nContent-ID: <1>",
            encoded(PNG),
        ),
        ("Content-Type: message/rfc822", "From: =?utf-8?q?J=C3=B6rg?= <x@example.org>\nSubject: Inner\n\nInside"),
        subtype="alternative",
    ),
    typed("text/plain; charset=iso-2022-jp", "日本語".encode("iso2022_jp")),
    typed("text/html; charset=gb2312", "<table><tr><td>订单</table>".encode("gb18030")),
]
TOKENS = [
    b"\x00", b"\r", b"\n", b"\n\n", b"\xff", b"\xed\xa0\x80", b"\x1b$B", b"\x1b(B", b"=?utf-8?b?", b"?=",
    b"<", b">", b'"',
    b"(", b"@", b",", b";", b":", b"=", b"--frontier", b"--frontier--", b"From: ", b"Date: 1", b"> ", b"a" * 300,
    b"=?iso-2022-jp?q?=1B$B", b"Content-Type: text/html", b"charset=utf-7", b"charset=utf-16",
    b"begin 644 x\n", b"%00", b"&#xE000;",
    b"Content-Transfer-Encoding: base64", b"Content-Type: message/rfc822", b"On 5 May 2026 a@b wrote:",
    b"&#0;", b"&#xD800;",
    b"<blockquote type=cite>", b"\xee\x80\x80", b"\xee\x80\x81", b"\xee\x80\x82", "\u202e".encode(),
]  # fmt: skip

position = st.integers(min_value=0, max_value=4_000)
mutation = st.one_of(
    st.tuples(st.just("insert"), position, st.sampled_from(TOKENS)),
    st.tuples(st.just("byte"), position, st.binary(min_size=1, max_size=1)),
    st.tuples(st.just("delete"), position, st.integers(min_value=1, max_value=200)),
    st.tuples(st.just("repeat"), position, st.integers(min_value=1, max_value=200)),
    st.tuples(st.just("splice"), position, st.sampled_from(SEEDS)),
)


def mutated(raw: bytes, mutations: list[tuple[str, int, bytes | int]]) -> bytes:
    for kind, place, value in mutations:
        place %= len(raw) + 1
        if isinstance(value, int):
            piece = raw[place : place + value]
            raw = raw[:place] + (piece * 2 if kind == "repeat" else b"") + raw[place + value :]
        elif kind == "byte":
            raw = raw[:place] + value + raw[place + 1 :]
        elif kind == "splice":
            raw = raw[:place] + value[place % (len(value) + 1) :]
        else:
            raw = raw[:place] + value + raw[place:]
    return raw


def check(raw: bytes) -> None:
    try:
        parsed = parse(
            raw, own_domains=["desk.test"], own_addresses=["help@desk.test"], trusted_authserv_ids=["mx.test"]
        )
    except Unparsable as refusal:
        assert refusal.sentence
        return
    written = json.dumps(to_json(parsed), ensure_ascii=False)
    written.encode("utf-8")
    assert "\\u0000" not in written
    assert "\x00" not in repr(parsed.attachments)
    words = Counter(re.findall(r"\w+", parsed.text))
    assert Counter(re.findall(r"\w+", parsed.reply_text)) + Counter(re.findall(r"\w+", parsed.quoted_text)) == words
    assert load_answer(dump_parsed(parsed)[LENGTH.size :]) == parsed


@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.sampled_from(SEEDS), mutations=st.lists(mutation, max_size=8))
def test_no_mutation_of_a_mail_breaks_the_parser_or_its_promises(
    seed: bytes, mutations: list[tuple[str, int, bytes | int]]
) -> None:
    check(mutated(seed, mutations))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=2_000))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    check(raw)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=500), st.text(max_size=500))
def test_no_characters_in_headers_or_html_break_the_parser(header: str, html: str) -> None:
    name = header.encode("utf-8", "surrogatepass")

    check(
        b"From: "
        + name
        + b"\nTo: "
        + name
        + b"\nSubject: "
        + name
        + b"\nContent-Type: text/html\n\n"
        + html.encode("utf-8", "surrogatepass")
    )
