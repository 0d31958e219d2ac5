"""Placeholders are literal, secrets are sealed, and Django's own mail goes through the queue."""

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection

from mail import vault
from mail.backend import QueueBackend
from mail.checks import check_mail_settings
from mail.choices import MAIL_TRANSITIONS, RAW_TRANSITIONS, Kind, MailState, RawState
from mail.models import Mailbox, OutgoingMail
from mail.placeholders import fill, names_in
from mail.render import words_as_html
from tests.factories.mail import make_mailbox

HOSTILE = [
    "{{7*7}}",
    "{user.password}",
    "{% debug %}",
    "{{ settings.SECRET_KEY }}",
    "{{customer.__class__}}",
    "${7*7}",
    "%(x)s",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_what_customers_write_is_never_evaluated_S55_case_107(words):
    filled = fill(
        "Dear {{customer.name}}, {{order.number}}", {"customer.name": words, "order.number": "{{customer.name}}"}
    )

    assert filled == (f"Dear {words}, {{{{customer.name}}}}", [])
    assert fill(words, {"user.password": "secret"}).text == words


def test_unknown_placeholders_stay_and_are_listed_once():
    filled = fill("{{a}} {{ b.c }} {{a}} {{known}}", {"known": "yes"})

    assert filled == ("{{a}} {{ b.c }} {{a}} yes", ["a", "b.c"])
    assert names_in("{{a}} {{ b.c }} {{a}} {{7}}") == ["a", "b.c"]


def test_a_hundred_kilobytes_of_braces_are_quick_S54():
    assert fill("{{" * 50_000 + " " * 50_000 + "}}" * 10, {}).missing == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\n\n\n\nb", "<p>a</p>\n<p>b</p>"),
        ("<b>&\"'", "<p>&lt;b&gt;&amp;&quot;&#x27;</p>"),
        ("(https://a.example/x).", '<p>(<a href="https://a.example/x">https://a.example/x</a>).</p>'),
        (
            'https://a.example/"onmouseover=x',
            '<p><a href="https://a.example/">https://a.example/</a>&quot;onmouseover=x</p>',
        ),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("", ""),
    ],
)
def test_words_become_html_that_is_only_words_and_links_S1(text, html):
    assert words_as_html(text) == html


@pytest.mark.django_db
def test_secrets_are_encrypted_in_the_database_and_plain_for_us():
    mailbox = make_mailbox(imap_secret="canary-secret", smtp_secret="")

    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(mail_mailbox)::text from mail_mailbox")
        stored = cursor.fetchone()[0]

    assert "canary-secret" not in stored
    assert Mailbox.objects.get(pk=mailbox.pk).imap_secret == "canary-secret"


@pytest.mark.django_db
def test_a_new_vault_key_in_front_reads_what_the_old_one_sealed_F33(settings):
    settings.MAIL_VAULT_KEYS = ["old key of enough characters"]
    mailbox = make_mailbox(imap_secret="canary")

    settings.MAIL_VAULT_KEYS = ["new key of enough characters", "old key of enough characters"]
    assert Mailbox.objects.get(pk=mailbox.pk).imap_secret == "canary"
    settings.MAIL_VAULT_KEYS = ["new key of enough characters"]
    with pytest.raises(vault.SealedTooWell, match="Set it again"):
        Mailbox.objects.get(pk=mailbox.pk)


@pytest.mark.django_db
def test_mail_by_django_and_its_libraries_is_queued_one_row_a_recipient():
    make_mailbox(address="help@desk.example", is_default=True)
    message = EmailMultiAlternatives("Your\r\ncode", "123", None, ["Cara <cara@r.example>"], bcc=["b@r.example"])
    message.attach_alternative("<p>123</p>", "text/html")

    count = QueueBackend().send_messages([message])

    rows = list(
        OutgoingMail.objects.order_by("pk").values_list("to_address", "kind", "from_address", "subject", "html")
    )
    assert count == 1
    assert rows == [
        ("cara@r.example", Kind.TRANSACTIONAL, "help@desk.example", "Your code", "<p>123</p>"),
        ("b@r.example", Kind.TRANSACTIONAL, "help@desk.example", "Your code", "<p>123</p>"),
    ]


@pytest.mark.django_db
def test_an_attachment_is_not_dropped_in_silence():
    message = EmailMessage("x", "x", None, ["cara@r.example"], attachments=[("a.txt", "x", "text/plain")])

    with pytest.raises(ValueError, match="queue_mail"):
        QueueBackend().send_messages([message])

    assert OutgoingMail.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("EMAIL_URL", "smtp+tls://user:pw@host:587", None),
        ("EMAIL_URL", "http://host", "mail.E001"),
        ("EMAIL_URL", "smtp://host:port", "mail.E001"),
        ("DEFAULT_MAIL_FROM", "Desk <a@b.example>", "mail.E002"),
        ("MAIL_VAULT_KEYS", ["short"], "mail.E003"),
        ("SMTP_HOST", "0.0.0.0", "mail.W001"),  # noqa: S104 - the check is about exactly that
    ],
)
def test_settings_that_cannot_work_are_said_at_the_start(settings, name, value, check):
    setattr(settings, name, value)

    assert [one.id for one in check_mail_settings()] == ([check] if check else [])


def test_every_state_is_in_its_table_of_transitions():
    assert set(MAIL_TRANSITIONS) == set(MailState)
    assert set(RAW_TRANSITIONS) == set(RawState)


def test_mail_knows_neither_notes_nor_tickets_S29_I10():
    import ast  # noqa: PLC0415 - reads the sources, not the modules
    from pathlib import Path  # noqa: PLC0415

    root = Path(__file__).resolve().parents[2] / "mail"
    forbidden = {"tickets", "accounts", "billing", "knowledgebase", "selfservice", "insights", "training"}
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & {name.split(".")[0] for name in names}, path
