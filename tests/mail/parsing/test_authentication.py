"""Is the sender who they say? Case 114, S6, S10."""

import pytest

from mail.parsing import Authentication, parse
from tests.mail.parsing.building import mail

TRUSTED = ["mx.desk.test"]


def verdict(results: str, *, sender: str = "From: Bob <bob@example.com>") -> Authentication:
    return parse(mail(results, sender=sender), trusted_authserv_ids=TRUSTED).authentication


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("mx.desk.test; dmarc=pass header.from=example.com", "pass"),
        ("mx.desk.test; dmarc=pass (p=REJECT sp=NONE) header.from=example.com", "pass"),
        ("mx.desk.test 1; dmarc=pass header.from=example.com", "pass"),
        ("MX.DESK.TEST; DMARC=PASS header.from=EXAMPLE.com", "pass"),
        ("mx.desk.test; dkim=pass header.d=example.com header.s=s1; spf=fail smtp.mailfrom=other.test", "pass"),
        ("mx.desk.test; dkim=pass header.i=@example.com; dmarc=none header.from=example.com", "pass"),
        ("mx.desk.test; spf=pass smtp.mailfrom=bob@example.com", "pass"),
        ("mx.desk.test; dkim=fail header.d=example.com; dkim=pass header.d=example.com", "pass"),
        ("mx.desk.test;\n spf=pass\n  smtp.mailfrom=example.com;\n dmarc=pass header.from=example.com", "pass"),
        ("mx.desk.test; dmarc=fail header.from=example.com; spf=pass smtp.mailfrom=example.com", "fail"),
        ("mx.desk.test; dmarc=pass header.from=evil.test", "fail"),
        ("mx.desk.test; spf=fail smtp.mailfrom=example.com", "fail"),
        ("mx.desk.test; dkim=pass header.d=evil.test", "none"),
        ("mx.desk.test; spf=pass smtp.mailfrom=evil.test; dmarc=none", "none"),
        ("mx.desk.test; dkim=pass header.d=com", "none"),
        ("mx.desk.test; dkim=pass header.d=notexample.com", "none"),
        ("mx.desk.test; none", "none"),
        ("mx.desk.test; spf=softfail smtp.mailfrom=example.com; dkim=neutral", "none"),
        ('mx.desk.test; spf=fail smtp.mailfrom="x; dmarc=pass header.from=example.com"', "fail"),
        ("mx.desk.test; spf=fail (; dmarc=pass header.from=example.com) smtp.mailfrom=example.com", "fail"),
        ("evil.test; dmarc=pass header.from=example.com", "none"),
        ("mx.desk.test.evil.test; dmarc=pass header.from=example.com", "none"),
        ("(mx.desk.test;) evil.test; dmarc=pass header.from=example.com", "none"),
        ("evil.test; x=(mx.desk.test); dmarc=pass header.from=example.com", "none"),
        ("", "none"),
        (";;;", "none"),
    ],
)
def test_case_114_only_a_trusted_server_vouches_for_a_sender(results: str, expected: str) -> None:
    assert verdict(f"Authentication-Results: {results}").verdict == expected


def test_the_words_of_the_server_are_kept() -> None:
    found = verdict(
        "Authentication-Results: mx.desk.test; spf=softfail smtp.mailfrom=example.com; dkim=pass header.d=example.com; "
        "dmarc=pass header.from=example.com"
    )

    assert found == Authentication("pass", "softfail", "pass", "pass", True)


def test_s10_a_header_that_the_sender_wrote_below_ours_counts_for_nothing() -> None:
    ours = "Authentication-Results: mx.desk.test; dmarc=fail header.from=example.com"
    forged = "Authentication-Results: mx.desk.test; dmarc=pass header.from=example.com"

    assert verdict(f"{ours}\nReceived: from x by mx.desk.test\n{forged}").verdict == "fail"


def test_s10_a_trusted_name_below_a_strangers_header_counts_for_nothing() -> None:
    stranger = "Authentication-Results: evil.test; none"
    forged = "Authentication-Results: mx.desk.test; dmarc=pass header.from=example.com"

    assert verdict(f"{stranger}\n{forged}").verdict == "none"


def test_without_trusted_servers_nobody_vouches() -> None:
    results = "Authentication-Results: mx.desk.test; dmarc=pass header.from=example.com"

    assert parse(mail(results)).authentication == Authentication()


@pytest.mark.parametrize("sender", [None, "From: a@example.com, b@example.com", 'From: "x" <>'])
def test_s6_a_sender_with_a_problem_is_never_vouched_for(sender: str | None) -> None:
    results = "Sender: bob@example.com\nAuthentication-Results: mx.desk.test; dmarc=pass header.from=example.com"

    raw = mail(results, sender=sender)

    assert parse(raw, trusted_authserv_ids=TRUSTED).authentication == Authentication()


@pytest.mark.parametrize(
    ("trusted", "expected"), [(["-"], "pass"), (["mx.desk.test"], "none"), (["spf=pass"], "none"), ([""], "none")]
)
def test_microsoft_365_names_no_server_and_counts_only_when_told_so(trusted: list[str], expected: str) -> None:
    results = (
        "Authentication-Results: spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=example.com; dkim=pass"
        " (signature was verified)\n header.d=example.com;dmarc=pass action=none header.from=example.com;compauth=pass"
    )

    assert parse(mail(results), trusted_authserv_ids=trusted).authentication.verdict == expected


def test_a_field_without_a_name_below_a_named_one_is_not_read() -> None:
    results = (
        "Authentication-Results: mx.desk.test; dmarc=fail\nAuthentication-Results: dmarc=pass header.from=example.com"
    )

    assert parse(mail(results), trusted_authserv_ids=["-"]).authentication.verdict == "none"
