"""Mail that somebody passes on: cases 72 to 74."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.parsing import Address, Forwarded, parse
from tests.mail.parsing.building import mail, multipart, typed

CUSTOMER = Address("carol@school.test", "Carol Lane")
BODY = "My kit arrived broken.\n\nCarol"


def forwarded(subject: str, body: str) -> Forwarded:
    parsed = parse(mail(f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8", body))
    assert parsed.forwarded is not None
    assert parsed.reply_text == parsed.text.strip("\n")
    assert parsed.quoted_text == ""
    return parsed.forwarded


@pytest.mark.parametrize(
    ("subject", "block"),
    [
        (
            "Fwd: Broken kit",
            "---------- Forwarded message ---------\nFrom: Carol Lane <carol@school.test>\n"
            "Date: Mon, Mar 2, 2026 at 9:14 AM\nSubject: Broken kit\nTo: Sam <sam@desk.test>\n\n\n",
        ),
        (
            "Fwd: Broken kit",
            "---------- Forwarded message ----------\nVon: Carol Lane <carol@school.test>\nDatum: Mo., 2. März 2026\n"
            "Betreff: Broken kit\nAn: sam@desk.test\n\n",
        ),
        (
            "FW: Broken kit",
            "________________________________\nFrom: Carol Lane <carol@school.test>\n"
            "Sent: Monday, March 2, 2026 9:14 AM\nTo: Sam <sam@desk.test>\nSubject: Broken kit\n\n",
        ),
        (
            "WG: Broken kit",
            "Von: Carol Lane [mailto:carol@school.test]\nGesendet: Montag, 2. März 2026 09:14\nAn: Sam\n"
            "Betreff: Broken kit\n\n",
        ),
        (
            "TR: Broken kit",
            "De : Carol Lane <carol@school.test>\nEnvoyé : lundi 2 mars 2026 09:14\nÀ : Sam\nObjet : Broken kit\n\n",
        ),
        (
            "Fwd: Broken kit",
            "Begin forwarded message:\n\nFrom: Carol Lane <carol@school.test>\nSubject: Broken kit\n"
            "Date: 2 March 2026 at 09:14:00 GMT\nTo: Sam <sam@desk.test>\n\n",
        ),
        (
            "Fwd: Broken kit",
            "-------- Forwarded Message --------\nSubject: \tBroken kit\nDate: \tMon, 2 Mar 2026 09:14:00 +0100\n"
            "From: \tCarol Lane <carol@school.test>\nTo: \tsam@desk.test\n\n\n",
        ),
        (
            "Fw: Broken kit",
            '----- Forwarded Message -----\nFrom: "Carol Lane" <carol@school.test>\nTo: "Sam" <sam@desk.test>\n'
            "Sent: Monday, March 2, 2026 at 09:14:00 AM EST\nSubject: Broken kit\n\n",
        ),
        (
            "FW: Broken kit",
            "-----Original Message-----\nFrom: Carol Lane <carol@school.test>\nSent: Monday, March 2, 2026 9:14 AM\n"
            "To: Sam\nSubject: Broken kit\n\n",
        ),
        (
            "Fwd: Broken kit",
            "*From:* Carol Lane <carol@school.test>\n*Date:* 2 March 2026\n*To:* Sam\n*Subject:* Broken kit\n\n",
        ),
        (
            "RV: Broken kit",
            "De: Carol Lane <carol@school.test>\nEnviado el: lunes, 2 de marzo de 2026 9:14\nPara: Sam\n"
            "Asunto: Broken kit\n\n",
        ),
        (
            "I: Broken kit",
            "Da: Carol Lane <carol@school.test>\nInviato: lunedì 2 marzo 2026 09:14\nA: Sam\nOggetto: Broken kit\n\n",
        ),
    ],
    ids=[
        "gmail",
        "gmail-de",
        "outlook",
        "outlook-de",
        "outlook-fr",
        "apple",
        "thunderbird",
        "yahoo",
        "outlook-old",
        "new",
        "es",
        "it",
    ],
)
def test_case_73_the_customer_behind_a_forwarded_mail_is_found(subject: str, block: str) -> None:
    found = forwarded(subject, f"Please take this one.\n\n{block}{BODY}\n")

    assert (found.sender, found.subject, found.text) == (CUSTOMER, "Broken kit", BODY)
    assert found.comment == "Please take this one."


def test_the_date_of_the_original_is_read_where_it_is_a_date() -> None:
    block = "Subject: x\nDate: Mon, 2 Mar 2026 09:14:00 +0100\nFrom: carol@school.test\n\nHi\n"

    found = forwarded("Fwd: x", f"-------- Forwarded Message --------\n{block}")

    assert found.date == datetime(2026, 3, 2, 9, 14, tzinfo=timezone(timedelta(hours=1)))


def test_case_73_a_mail_passed_on_as_an_attachment() -> None:
    subject = "Subject: =?utf-8?q?Br=C3=B6ken?="
    inner = f"From: Carol Lane <carol@school.test>\n{subject}\nDate: Mon, 2 Mar 2026 09:14:00 +0000\n\n{BODY}"
    parts = (("Content-Type: text/plain", "Yours."), ("Content-Type: message/rfc822", inner))

    parsed = parse(multipart(*parts, head="Subject: Fwd: Broken"))

    expected = Forwarded(CUSTOMER, "Bröken", datetime(2026, 3, 2, 9, 14, tzinfo=UTC), BODY)
    assert parsed.forwarded == expected
    assert parsed.from_ == Address("bob@example.com", "Bob")


def test_case_73_a_forward_in_html_is_read_too() -> None:
    source = (
        '<div>Yours.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>'
        "From: <strong>Carol Lane</strong> &lt;<a href='mailto:carol@school.test'>carol@school.test</a>&gt;<br>"
        "Date: Mon, Mar 2, 2026<br>Subject: Broken kit<br>To: &lt;sam@desk.test&gt;<br></div><br>"
        "<div>My kit arrived broken.</div></div>"
    )

    parsed = parse(typed("text/html; charset=utf-8", source))

    assert parsed.forwarded is not None
    assert (parsed.forwarded.sender, parsed.forwarded.text) == (CUSTOMER, "My kit arrived broken.")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (
            "Re: Broken kit",
            "Yes.\n\nFrom: Carol <carol@school.test>\nSent: Monday\nTo: Sam\nSubject: Broken kit\n\nOld",
        ),
        ("Broken kit", "I forwarded the message yesterday."),
        ("Fwd: Broken kit", "Nothing below."),
        ("Fwd: Broken kit", "---------- Forwarded message ---------\nFrom: a@x.test, b@x.test\nSubject: x\n\nHi"),
        ("I: think it broke", "From: the shop\n\nHelp"),
    ],
)
def test_case_74_what_is_no_forward_is_none(subject: str, body: str) -> None:
    assert parse(mail(f"Subject: {subject}", body)).forwarded is None


def test_an_attached_mail_without_a_sound_sender_is_only_a_file() -> None:
    for sender in ("a@x.test, b@x.test", "a@x.test <b@x.test> <c@x.test>", ""):
        inner = f"From: {sender}\nSubject: x\n\nHi"

        parsed = parse(multipart(("Content-Type: text/plain", "See."), ("Content-Type: message/rfc822", inner)))

        assert parsed.forwarded is None
        assert len(parsed.attachments) == 1
