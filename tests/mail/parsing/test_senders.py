"""Who wrote it? Cases 1 to 9, 11, 19 to 22, 108, 115 and S16."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.addresses import normalise
from mail import addresses
from mail.parsing import Address, parse
from mail.parsing.addresses import normal_email, parse_addresses
from tests.mail.parsing.building import from_, mail


@pytest.mark.parametrize("name", ["Sender", "Reply-To", "Return-Path"])
def test_case_1_a_mail_without_from_takes_its_stand_in_and_says_so(name: str) -> None:
    parsed = parse(mail(f"{name}: <carol@example.org>\nSubject: x", sender=None))

    assert parsed.from_ == Address("carol@example.org")
    assert parsed.sender_problem == "no_from"
    assert not parsed.may_be_acknowledged


def test_case_1_a_mail_without_any_address_has_no_sender() -> None:
    parsed = parse(mail("Subject: x", sender=None))

    assert (parsed.from_, parsed.sender_problem) == (None, "no_from")


def test_case_2_an_empty_address_in_from_is_no_address() -> None:
    parsed = parse(mail("Reply-To: real@example.org\nSubject: x", sender='From: "Shop" <>'))

    assert (parsed.from_, parsed.sender_problem) == (Address("real@example.org"), "defective_from")


def test_case_3_an_empty_reply_to_is_ignored() -> None:
    parsed = parse(mail("Reply-To: <>\nSubject: Kept"))

    assert (parsed.reply_to, parsed.subject, parsed.from_) == ([], "Kept", Address("bob@example.com", "Bob"))


@pytest.mark.parametrize(
    "written",
    [
        "Ann < ann@example.com >",
        "Ann <ann @example.com>",
        "Ann <ann@example.com",
        "Ann ann@example.com>",
        "Ann <'ann@example.com'>",
        "Ann <<ann@example.com>>",
        "Ann <mailto:ann@example.com>",
        "'ann@example.com'",
        "ann@example.com>",
        "<ann@example.com>>",
        "ann@example.com.",
        '"Ann <ann@example.com>',
    ],
)
def test_case_4_a_damaged_address_that_can_mean_only_one_is_repaired(written: str) -> None:
    parsed = parse(from_(written))

    assert parsed.from_ is not None
    assert (parsed.from_.email, parsed.sender_problem) == ("ann@example.com", "")


@pytest.mark.parametrize("written", ["Ann", "ann.example.com", '"Ann Example"', "<ann>", "root"])
def test_case_5_a_from_without_at_sign_is_no_sender(written: str) -> None:
    parsed = parse(from_(written))

    assert (parsed.from_, parsed.sender_problem) == (None, "defective_from")


def test_case_6_addresses_over_140_characters_are_kept_and_over_254_are_none() -> None:
    long = "a" * 64 + "@" + ".".join(["b" * 50] * 3) + ".com"
    endless = "a" * 64 + "@" + ".".join(["b" * 60] * 4) + ".com"

    assert parse(from_(long)).from_ == Address(long)
    assert parse(from_(endless)).from_ is None


@pytest.mark.parametrize("written", ["ma\u212ae@example.com", "\u0130pek@example.com", "ab\u202egnp.exe@example.com"])
def test_s10_an_address_that_turns_into_somebody_elses_when_it_is_lowered_or_shown_is_no_sender(written: str) -> None:
    """The Kelvin sign becomes a k, the dotted capital I an i, and a mark of direction shows what is not there."""
    parsed = parse(from_(f"Ann <{written}>"))

    assert (parsed.from_, parsed.sender_problem) == (None, "defective_from")


_sign = st.one_of(st.characters(exclude_categories=()), st.sampled_from('\u212a\u0130\u202e\u200b\u0130@.[]:"İK'))


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(
    st.text(_sign, min_size=1, max_size=160), st.sampled_from(["example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]", "b"])
)
def test_every_address_that_is_read_is_one_that_a_person_can_have_and_that_mail_can_go_to(
    local: str, domain: str
) -> None:
    """Else a mail is understood and nobody can take it in: its sender has no row, or nothing can be sent to them."""
    email = normal_email(f"{local}@{domain}")

    if email:
        assert addresses.normalise(email) == email
        assert normalise(email) == email


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("o'neil+shop=x.org!#$%&*-/?^_`{|}~@example.com", "o'neil+shop=x.org!#$%&*-/?^_`{|}~@example.com"),
        ("info@münchen.example", "info@xn--mnchen-3ya.example"),
        ("info@xn--mnchen-3ya.example", "info@xn--mnchen-3ya.example"),
        ("jörg@example.com", "jörg@example.com"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("root@[192.0.2.1]", "root@[192.0.2.1]"),
        ('"ann"@example.com', "ann@example.com"),
        ("under_score@host_name.example.com", "under_score@host_name.example.com"),
    ],
)
def test_case_7_special_local_parts_and_international_domains(written: str, email: str) -> None:
    parsed = parse(from_(f"Ann <{written}>"))

    assert parsed.from_ == Address(email, "Ann")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("ann@example.com (Ann Example)", "Ann Example"),
        ("(Ann) ann@example.com", "Ann"),
        ("ann@example.com (Ann (at home))", "Ann (at home)"),
        ("<ann@example.com> (Ann)", "Ann"),
        ("ann@example.com(=?utf-8?q?J=C3=B6rg?=)", "Jörg"),
    ],
)
def test_case_8_a_name_in_a_comment(written: str, name: str) -> None:
    assert parse(from_(written)).from_ == Address("ann@example.com", name)


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_case_9_raw_eight_bit_names_and_subjects_are_read(charset: str) -> None:
    head = "Subject: Prüfung für Müller".encode(charset)
    raw = b"From: " + "Jürgen Größe <j@example.com>\n".encode(charset) + head + b"\n\nHello\n"

    parsed = parse(raw)

    assert parsed.from_ == Address("j@example.com", "Jürgen Größe")
    assert parsed.subject == "Prüfung für Müller"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("=?utf-8?q?J=C3=B6rg?= Miller <j@example.com>", "Jörg Miller"),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.com>', "Jörg"),
        ("Dr. =?utf-8?b?SsO2cmc=?= (Lab) <j@example.com>", "Dr. Jörg"),
        ("=?utf-8?q?J=C3=B6rg?==?utf-8?q?_Miller?= <j@example.com>", "Jörg Miller"),
    ],
)
def test_case_11_names_that_are_encoded_in_part(written: str, name: str) -> None:
    assert parse(from_(written)).from_ == Address("j@example.com", name)


def test_case_19_addresses_are_compared_without_case() -> None:
    first = parse(from_("Ann <Ann.Lee@EXAMPLE.com>")).from_
    second = parse(from_("ANN <ann.lee@example.COM>")).from_

    assert first is not None
    assert second is not None
    assert first.email == second.email == "ann.lee@example.com"


@pytest.mark.parametrize("written", ["undisclosed-recipients:;", "@", '"', "<<>>", "a@b@c", ";;;,,,", "(", "Team: ;"])
def test_case_20_an_unreadable_to_costs_nothing_else(written: str) -> None:
    parsed = parse(mail(f"To: {written}\nSubject: Kept"))

    assert (parsed.to, parsed.subject) == ([], "Kept")


def test_case_21_hundreds_of_recipients_are_all_read() -> None:
    recipients = ", ".join(f"Person {number} <p{number}@example.com>" for number in range(300))

    parsed = parse(mail(f"To: {recipients}"))

    assert len(parsed.to) == 300
    assert parsed.to[299] == Address("p299@example.com", "Person 299")


def test_case_22_commas_in_names_do_not_split_them() -> None:
    written = (
        '"Doe, Jane" <jane@example.com>, "Roe, Sr., Rick" <rick@example.com>, =?utf-8?q?Poe=2C_E?= <e@example.com>'
    )

    parsed = parse(mail(f"To: {written}"))

    assert parsed.to == [
        Address("jane@example.com", "Doe, Jane"),
        Address("rick@example.com", "Roe, Sr., Rick"),
        Address("e@example.com", "Poe, E"),
    ]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Smith, John <john@example.com>", "Smith, John"),
        ("Smith, John, Dr. <john@example.com>", "Smith, John, Dr."),
        ('"Yangzhou Lighting " <>, "LTD" <john@example.com>', "LTD"),
        ("john@example.com, by telephone", ""),
    ],
)
def test_case_22_a_comma_that_nobody_quoted_belongs_to_the_name(written: str, name: str) -> None:
    parsed = parse(from_(written))

    assert (parsed.from_, parsed.sender_problem) == (Address("john@example.com", name), "")


def test_groups_are_opened_and_every_member_is_a_recipient() -> None:
    parsed = parse(mail("To: Team: ann@example.com, Bo <bo@example.com>; other@example.com"))

    assert [address.email for address in parsed.to] == ["ann@example.com", "bo@example.com", "other@example.com"]


def test_case_20_recipients_without_a_comma_between_them_are_all_kept() -> None:
    parsed = parse(mail("To: a@example.com, Bo <b@example.com>=?utf-8?q?=2C?= Cy <c@example.com>"))

    assert [address.email for address in parsed.to] == ["a@example.com", "b@example.com", "c@example.com"]


def test_case_65_every_to_and_cc_line_counts_each_address_once() -> None:
    parsed = parse(mail("To: a@example.com\nTo: b@example.com, A@example.com\nCc: c@example.com"))

    assert [address.email for address in parsed.to] == ["a@example.com", "b@example.com"]
    assert [address.email for address in parsed.cc] == ["c@example.com"]


@pytest.mark.parametrize(
    "written",
    [
        "victim@corp.com <attacker@evil.com>",
        '"victim@corp.com" <attacker@evil.com>',
        '"victim@corp.com <victim@corp.com>" <attacker@evil.com>',
        "=?utf-8?q?victim=40corp.com_=3Cvictim=40corp.com=3E?= <attacker@evil.com>",
        "attacker@evil.com (victim@corp.com)",
        "(victim@corp.com) attacker@evil.com",
        "<@corp.com:attacker@evil.com>",
        "<@victim.corp.com,@corp.com:attacker@evil.com>",
        "victim@corp.com\u00a0 <attacker@evil.com>",
        "victim@corp.com =?utf-8?b?PHZpY3RpbUBjb3JwLmNvbT4=?= <attacker@evil.com>",
        "\u202emoc.proc@mitciv <attacker@evil.com>",
        "Group: attacker@evil.com;",
        "victim@corp.com <attacker@evil.com",
    ],
)
def test_s16_a_name_that_looks_like_an_address_never_becomes_the_sender(written: str) -> None:
    """S16: the attacker's true address, or no sender at all."""
    parsed = parse(from_(written))

    assert parsed.from_ is not None
    assert parsed.from_.email == "attacker@evil.com"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("victim@corp.com, attacker@evil.com", "several_from"),
        ("<victim@corp.com>, <attacker@evil.com>", "several_from"),
        ("victim@corp.com; attacker@evil.com", "several_from"),
        ("victim@corp.com\nFrom: attacker@evil.com", "several_from"),
        ("victim@corp.com\nfrom : attacker@evil.com", "several_from"),
        ("Team: victim@corp.com, attacker@evil.com;", "several_from"),
        ("<victim@corp.com> <attacker@evil.com>", "defective_from"),
        ("victim@corp.com@evil.com", "defective_from"),
        ('"victim@corp.com"@evil.com', "defective_from"),
        ("victim@corp.com (<attacker@evil.com>)", "defective_from"),
        ("victim@corp.com <attacker", "defective_from"),
        ('victim@corp.com "<attacker@evil.com>', "defective_from"),
        ("victim@corp.com <>, <attacker@evil.com>", "defective_from"),
        ("victim@corp.com x, y <attacker@evil.com>", "defective_from"),
        ("victim@corp.com attacker@evil.com", "defective_from"),
        ('"', "defective_from"),
        ("a <@b:", "defective_from"),
    ],
)
def test_s16_a_from_that_can_be_read_in_two_ways_is_nobody(written: str, problem: str) -> None:
    parsed = parse(from_(written))

    assert (parsed.from_, parsed.sender_problem) == (None, problem)


def test_the_same_from_twice_is_one_sender() -> None:
    parsed = parse(from_("bob@example.com\nFrom: bob@example.com"))

    assert (parsed.from_, parsed.sender_problem) == (Address("bob@example.com"), "")


def test_a_name_that_shows_another_address_is_noted() -> None:
    parsed = parse(from_('"boss@corp.com" <stranger@evil.com>'))

    assert any("boss@corp.com" in note for note in parsed.notes)


def test_case_108_line_breaks_and_nul_in_addresses_and_subjects_add_no_header() -> None:
    """S14: encoded words may carry \\r\\n; nothing that leaves the parser does."""
    poison = "=?utf-8?q?x=0D=0ABcc:_evil=40evil.com=00?="

    parsed = parse(mail(f"To: {poison} <a@example.com>\nSubject: {poison}", sender=f"From: {poison} <bob@example.com>"))

    assert parsed.from_ is not None
    for text in (parsed.subject, parsed.from_.name, parsed.from_.email, parsed.to[0].name, parsed.to[0].email):
        assert not set(text) & set("\r\n\x00")
    assert (parsed.cc, [address.email for address in parsed.to]) == ([], ["a@example.com"])


def test_an_encoded_line_break_inside_an_address_makes_it_no_address() -> None:
    assert normal_email("bob@example.com\r\nBcc: x@example.com") == ""


def test_case_115_reply_to_is_read_but_is_not_the_sender() -> None:
    parsed = parse(mail("Reply-To: Elsewhere <other@example.org>"))

    assert parsed.from_ == Address("bob@example.com", "Bob")
    assert parsed.reply_to == [Address("other@example.org", "Elsewhere")]


def test_case_106_every_address_that_the_mail_was_delivered_to() -> None:
    parsed = parse(mail("Delivered-To: sales@desk.test\nX-Original-To: help@desk.test\nEnvelope-To: <sales@desk.test>"))

    assert parsed.delivered_to == ["sales@desk.test", "help@desk.test"]


def test_idn_bombs_are_refused_quickly() -> None:
    assert parse_addresses("a@" + "ü" * 60_000 + ".com").addresses == []
