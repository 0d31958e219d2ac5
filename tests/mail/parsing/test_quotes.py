"""Quotes: measured on our fixtures, never losing a word (cases 42 to 46)."""

import re
from collections import Counter

import pytest

from mail.parsing import parse
from tests.mail.parsing.building import multipart
from tests.mail.parsing.quote_cases import QuoteCase, quote_cases

CASES = quote_cases()


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def squeezed(text: str) -> str:
    return re.sub(r"\n{2,}", "\n\n", re.sub(r"[ \t]+", " ", text)).strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_44_reply_and_quote_hold_every_word_and_the_reply_is_never_empty(case: QuoteCase) -> None:
    """0 lost words, and stripping never empties a message."""
    parsed = parse(case.mail)

    assert words(parsed.reply_text) + words(parsed.quoted_text) == words(parsed.text)
    assert parsed.reply_text.strip()


def test_at_least_nine_in_ten_replies_are_found_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    """The bar of email.md is 58 of 64; and no reply may lack a word that its sender wrote."""
    wrong, short = [], []
    for case in CASES:
        reply = parse(case.mail).reply_text
        if squeezed(reply) != squeezed(case.reply):
            wrong.append(case.name)
        if words(case.reply) - words(reply):
            short.append(case.name)

    with capsys.disabled():
        print(f"\nquotes: {len(CASES) - len(wrong)}/{len(CASES)} exact, {len(short)} too short; not exact: {wrong}")
    assert len(CASES) >= 64
    assert (len(CASES) - len(wrong)) * 64 >= 58 * len(CASES)
    assert short == []


QUOTED_HTML = (
    '<div>Ndiyo, asante.</div><div class="gmail_quote"><div>Mnamo Jtt, 2 Mac 2026, Nina aliandika</div>'
    '<blockquote class="gmail_quote" style="border-left:1px solid">Je, inafanya kazi?</blockquote></div>'
)


def alternatives(plain: str, html: str) -> bytes:
    return multipart(
        ("Content-Type: text/plain; charset=utf-8", plain), ("Content-Type: text/html", html), subtype="alternative"
    )


def test_case_43_the_html_shows_where_the_quote_of_the_plain_text_begins() -> None:
    plain = "Ndiyo, asante.\n\nMnamo Jtt, 2 Mac 2026, Nina aliandika\nJe, inafanya kazi?\n"

    parsed = parse(alternatives(plain, QUOTED_HTML))

    assert parsed.reply_text == "Ndiyo, asante."
    assert parsed.quoted_text == "Mnamo Jtt, 2 Mac 2026, Nina aliandika\nJe, inafanya kazi?"


def test_a_hint_that_does_not_fit_the_plain_text_cuts_nothing() -> None:
    plain = "Something else entirely.\n\nWith two lines.\n"

    parsed = parse(alternatives(plain, QUOTED_HTML))

    assert (parsed.reply_text, parsed.quoted_text) == ("Something else entirely.\n\nWith two lines.", "")


def test_blank_lines_of_the_sender_stay_and_fallen_lines_leave_none() -> None:
    text = "One\n\n\nTwo\n\nOn 3/2/26 09:14, Nina wrote:\n\n> Which?\n\nThis one\n\n\n\nBye"

    parsed = parse(f"From: a@example.com\nSubject: x\n\n{text}".encode())

    assert parsed.reply_text == "One\n\n\nTwo\n\n> Which?\n\nThis one\n\n\n\nBye"
