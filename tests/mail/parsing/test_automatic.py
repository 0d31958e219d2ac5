"""Machines, lists and loops: cases 80, 83 to 85, 88, 89, S13."""

import pytest

from mail.parsing import parse
from tests.mail.parsing.building import mail


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Auto-Submitted: auto-replied\nSubject: Re: Order", "auto_reply"),
        ("Auto-Submitted: auto-replied; owner-email=x@example.com\nSubject: Re: Order", "auto_reply"),
        ("Auto-Submitted: auto-generated\nSubject: Invoice", "auto_generated"),
        ("Auto-Submitted: auto-notified\nSubject: Alert", "auto_generated"),
        ("X-Autoreply: yes\nSubject: Re: Order", "auto_reply"),
        ("X-Autorespond: Order\nSubject: Re: Order", "auto_reply"),
        ("Precedence: auto_reply\nSubject: Re: Order", "auto_reply"),
        ("Preference: auto_reply\nSubject: Re: Order", "auto_reply"),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nSubject: Re: Order", "auto_reply"),
        ("Auto-Submitted: auto-replied\nSubject: Automatic reply: Order", "out_of_office"),
        ("X-Auto-Response-Suppress: All\nSubject: Automatische Antwort: Bestellung", "out_of_office"),
        ("Precedence: bulk\nSubject: Newsletter", "bulk"),
        ("Precedence: junk\nSubject: Newsletter", "bulk"),
        ("List-Unsubscribe: <https://example.com/u>\nSubject: Newsletter", ""),
        ("Feedback-ID: 1.eu-west-1.x:AmazonSES\nSubject: Order by web form", ""),
        ("List-Id: <support.example.com>\nList-Unsubscribe: <mailto:u@x.test>\nPrecedence: list\nSubject: Order", ""),
        ("List-Id: <talk.example.com>\nSubject: Re: talk", ""),
        ("Subject: Order", ""),
        ("Auto-Submitted: no\nSubject: Order", ""),
        ("auto-submitted: NO\nSubject: Order", ""),
        ("X-Autoreply: no\nSubject: Order", ""),
        ("X-Auto-Response-Suppress: None\nSubject: Order", ""),
        ("X-Auto-Response-Suppress: DR, RN, NRN\nSubject: Order", ""),
        ("Precedence: first-class\nSubject: Order", ""),
    ],
)
def test_case_88_what_kind_of_machine_wrote_if_one_did(head: str, kind: str) -> None:
    """Case 88: `Auto-Submitted: no` says that a person wrote."""
    assert parse(mail(head)).auto_reply == kind


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office: Order 5",
        "Out of office AutoReply: Order 5",
        "Automatic reply: Order 5",
        "Automatische Antwort: Bestellung",
        "Abwesenheitsnotiz: Bestellung",
        "=?utf-8?q?R=C3=A9ponse_automatique_=3A_Commande?=",
        "=?utf-8?q?Respuesta_autom=C3=A1tica=3A_Pedido?=",
        "Risposta automatica: Ordine",
        "=?utf-8?q?Resposta_autom=C3=A1tica=3A_Pedido?=",
        "Automatisch antwoord: Bestelling",
        "Autosvar: Order",
        "Automatiskt svar: Order",
        "Automaattinen vastaus: Tilaus",
        "=?utf-8?b?QXV0b29kcG93aWVkxbo6IFphbcOzd2llbmll?=",
        "=?utf-8?b?0JDQstGC0L7QvtGC0LLQtdGCOiDQt9Cw0LrQsNC3?=",
        "=?utf-8?b?6Ieq5YqV5b+c562UOiDms6jmloc=?=",
        "=?utf-8?b?6Ieq5Yqo5Zue5aSNOiDorqLljZU=?=",
        "=?utf-8?b?7J6Q64+ZIO2ajOyLoDog7KO866y4?=",
        "Otomatik: =?utf-8?q?x?=",
    ],
)
def test_case_83_absence_notes_in_many_languages(subject: str) -> None:
    headers = f"Auto-Submitted: auto-replied\nSubject: {subject}"

    assert parse(mail(headers, "I am on vacation until Monday.")).auto_reply == "out_of_office"


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Out of Office: Order 5",
        "Out of office hours support?",
        "On vacation, can you ship later",
        "AW: Automatische Antwort: Bestellung",
        "Your automatic reply was wrong",
        "Absent pupils and licences",
        "Vacation homework kit",
    ],
)
def test_people_who_only_speak_of_absence_are_people(subject: str) -> None:
    assert parse(mail(f"Subject: {subject}", "I was on vacation.")).auto_reply == ""


def test_an_absence_note_without_any_header_is_known_by_its_subject() -> None:
    assert parse(mail("Subject: Automatic reply: Order 5")).auto_reply == "out_of_office"


def test_case_84_and_89_automatic_mail_is_kept_in_full() -> None:
    parsed = parse(mail("Auto-Submitted: auto-replied\nSubject: Automatic reply: Order 5", "Back on Monday.\n"))

    assert parsed.text.strip() == parsed.reply_text == "Back on Monday."
    assert parsed.from_ is not None


@pytest.mark.parametrize(
    "head",
    [
        "Precedence: list",
        "List-Unsubscribe: <mailto:u@example.com>",
        "List-Id: <x.example.com>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Return-Path: <>",
    ],
)
def test_case_85_no_acknowledgement_goes_to_lists_and_machines(head: str) -> None:
    """S13."""
    assert parse(mail(f"{head}\nSubject: x")).may_be_acknowledged is False


@pytest.mark.parametrize("sender", ["noreply@example.com", "do-not-reply@example.com", "no_reply+5@example.com"])
def test_no_acknowledgement_goes_to_addresses_that_read_nothing(sender: str) -> None:
    assert parse(mail("Subject: x", sender=f"From: {sender}")).may_be_acknowledged is False


def test_ordinary_mail_may_be_acknowledged() -> None:
    assert parse(mail("Subject: x\nReturn-Path: <bob@example.com>")).may_be_acknowledged is True


@pytest.mark.parametrize(
    ("head", "loop"),
    [
        ("Message-ID: <5.abc@desk.test>", "own_message_id"),
        ("Message-ID: <5.abc@DESK.test>", "own_message_id"),
        ("X-Loop: help@desk.test\nMessage-ID: <1@x>", "x_loop"),
        ("X-Loop: other@list.test\nX-Loop: desk.test\nMessage-ID: <1@x>", "x_loop"),
        ("X-Loop: other@list.test\nMessage-ID: <1@x>", ""),
        ("Message-ID: <1@desk.test.evil.com>", ""),
        ("Message-ID: <1@example.com>\nIn-Reply-To: <5.abc@desk.test>", ""),
    ],
)
def test_case_80_our_own_mail_that_comes_back_is_known(head: str, loop: str) -> None:
    parsed = parse(mail(head), own_domains=["desk.test"], own_addresses=["help@desk.test"])

    assert parsed.loop == loop


def test_case_71_mail_between_two_own_mailboxes_is_no_loop() -> None:
    raw = mail("To: sales@desk.test\nMessage-ID: <1@staff-program.test>", sender="From: help@desk.test")

    assert parse(raw, own_domains=["mail.desk.test"], own_addresses=["help@desk.test", "sales@desk.test"]).loop == ""
