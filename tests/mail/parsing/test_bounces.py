"""Bounces: measured on our fixtures, without false alarms. Cases 81, 82, 90, 91."""

import pytest

from mail.parsing import parse
from tests.mail.parsing.bounce_cases import bounce_cases
from tests.mail.parsing.building import mail, multipart
from tests.mail.parsing.quote_cases import quote_cases

CASES = bounce_cases()

INNER_REPORT = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@x.test\nSubject: Undelivered Mail Returned to Sender\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n'
    "--r\nContent-Type: message/delivery-status\n\n"
    "Final-Recipient: rfc822; a@b.test\nAction: failed\nStatus: 5.1.1\n--r--\n"
)
RECEIPT = "Disposition: manual-action/MDN-sent-manually; displayed\n"
AWAY = "Return-Path: <>\nAuto-Submitted: auto-replied\nSubject: Automatic reply: Order"
AWAY_EXCHANGE = (
    "Return-Path: <>\nX-Auto-Response-Suppress: All\nAuto-Submitted: auto-generated\nSubject: Out of Office: Order"
)
DELIVERED = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.test\nAction: delivered"
TEXT = "Content-Type: text/plain"
NO_BOUNCES = {
    "a customer asks about a bounce": mail("Subject: Undeliverable: what is that?", "My mail could not be delivered."),
    "a reply to a bounce": mail(
        "Subject: Re: Undelivered Mail Returned to Sender", "550 5.1.1 user unknown, what now?"
    ),
    "a delivery that failed at the door": mail(
        "Subject: Delivery failed", "Delivery has failed, no such user, he said."
    ),
    "a postmaster who is a person": mail(
        "Subject: Licences", "It does not exist, 550 $", sender="From: postmaster@b.test"
    ),
    "a person called Mailer": mail("Subject: Hello", "does not exist", sender="From: Norman Mailer <mailer@b.test>"),
    "a forwarded bounce": mail("Subject: Fwd: Undelivered Mail Returned to Sender", f"Look:\n\n{INNER_REPORT}"),
    "a bounce attached": multipart((TEXT, "See attached."), ("Content-Type: message/rfc822", INNER_REPORT)),
    "an absence note with an empty path": mail(AWAY, "I am away."),
    "an absence note from Exchange": mail(
        AWAY_EXCHANGE, "I am away. Mail is not delivered to me; write to my colleague."
    ),
    "spam with an empty path": mail("Return-Path: <>\nSubject: You won", "Click here. Your quota is great."),
    "a read receipt": multipart(
        (TEXT, "Your message was displayed"),
        ("Content-Type: message/disposition-notification", RECEIPT),
        subtype="report; report-type=disposition-notification",
        head="Return-Path: <>",
    ),
    "an abuse report": multipart(
        (TEXT, "This is an abuse report"),
        ("Content-Type: message/feedback-report", "Feedback-Type: abuse"),
        ("Content-Type: message/rfc822", "Message-ID: <out@desk.test>\n\nx"),
        subtype="report; report-type=feedback-report",
    ),
    "a report of success": multipart(
        (TEXT, "Delivered"),
        ("Content-Type: message/delivery-status", DELIVERED),
        subtype="report; report-type=delivery-status",
        head="Return-Path: <>",
    ),
    "a notice of a machine": mail("Auto-Submitted: auto-generated\nSubject: Invoice 5", "Your invoice is attached."),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_90_a_bounce_is_known_as_one_and_never_as_an_ordinary_mail(case: object) -> None:
    parsed = parse(case.mail)  # type: ignore[attr-defined]

    assert parsed.bounce is not None
    assert parsed.auto_reply == ""
    assert not parsed.may_be_acknowledged


def test_bounces_are_understood_in_19_of_20_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    """Action, status, recipient and the Message-ID of our mail, all four."""
    wrong = []
    for case in CASES:
        bounce = parse(case.mail).bounce
        found = bounce and (bounce.action, bounce.status, bounce.recipient, bounce.original_message_id)
        if found != (case.action, case.status, case.recipient, case.message_id):
            wrong.append(case.name)

    with capsys.disabled():
        print(f"\nbounces: {len(CASES) - len(wrong)}/{len(CASES)} understood; not: {wrong}")
    assert len(CASES) >= 60
    assert len(wrong) * 20 <= len(CASES)


def test_case_91_delayed_is_never_called_failed_nor_the_other_way_round() -> None:
    actions = {case.name: (parsed.action if (parsed := parse(case.mail).bounce) else None) for case in CASES}

    assert actions == {case.name: case.action for case in CASES}


@pytest.mark.parametrize("name", NO_BOUNCES)
def test_what_only_speaks_of_bounces_is_none(name: str) -> None:
    assert parse(NO_BOUNCES[name]).bounce is None


def test_no_reply_of_a_person_is_a_bounce() -> None:
    assert [case.name for case in quote_cases() if parse(case.mail).bounce] == []


def test_case_81_the_report_names_our_own_mail() -> None:
    case = next(case for case in CASES if case.name == "postfix-unknown-user")

    bounce = parse(case.mail).bounce

    assert bounce is not None
    assert bounce.diagnostic == "550 5.1.1 <bob@dest.test>: Recipient address rejected: User unknown"
    assert bounce.original_message_id == "<out-1@desk.test>"


@pytest.mark.parametrize(
    ("head", "is_bounce"),
    [
        ("From: ann@example.com\nSubject: Fwd: Undelivered Mail Returned to Sender", False),
        ("From: ann@example.com\nSubject: Why did this come back?", False),
        ("From: ann@example.com\nSubject: FW: x\nReturn-Path: <>", False),
        ("From: MAILER-DAEMON@example.com\nSubject: x", True),
        ("From: postmaster@example.com\nSubject: x", True),
        ("From: desk@example.com\nSubject: x\nReturn-Path: <>", True),
    ],
)
def test_a_person_who_passes_on_the_parts_of_a_bounce_is_heard(head: str, is_bounce: bool) -> None:
    """Some programs forward a report as the parts that it had. Not every server calls its own a report either."""
    status = "Reporting-MTA: dns; a.example\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n"
    parts = f"--b\nContent-Type: text/plain\n\nHelp?\n--b\nContent-Type: message/delivery-status\n\n{status}\n--b--\n"

    parsed = parse(f"{head}\nContent-Type: multipart/mixed; boundary=b\n\n{parts}".encode())

    assert (parsed.bounce is not None) is is_bounce
