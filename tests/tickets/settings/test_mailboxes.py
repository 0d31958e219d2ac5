"""Mailboxes of ours."""

import pytest
from django.db import connection

from accounts.models import JournalEntry
from mail.models import Mailbox
from tests.factories.tickets import make_mailbox
from tests.tickets.settings.conftest import done
from tickets.models import MailboxRoute, Team

pytestmark = pytest.mark.django_db

ENTERED = {
    "address": "Support@Desk.example",
    "name": "Example Desk",
    "aliases": "sales@desk.example\nhelp@desk.example,",
    "is_active": "on",
    "acknowledges": "on",
    "imap_host": "imap.example",
    "imap_port": "993",
    "imap_security": "tls",
    "imap_authentication": "password",
    "imap_username": "support",
    "imap_secret": "CANARY-imap",
    "imap_folder": "INBOX",
    "smtp_host": "smtp.example",
    "smtp_port": "587",
    "smtp_security": "starttls",
    "smtp_authentication": "password",
    "smtp_username": "support",
    "smtp_secret": "CANARY-smtp",
    "priority": "high",
}


@pytest.fixture
def team(db):
    return Team.objects.create(name="Front desk")


@pytest.fixture
def entered(team):
    return ENTERED | {"team": team.pk}


def test_a_mailbox_is_set_up_with_its_team(browser, entered, team):
    response = browser.post("/settings/mailboxes/new/", entered)

    row = Mailbox.objects.get()
    assert response.status_code == 302
    assert (row.address, row.name, row.is_default) == ("support@desk.example", "Example Desk", True)
    assert set(row.aliases.values_list("address", flat=True)) == {"sales@desk.example", "help@desk.example"}
    assert (row.imap_secret, row.smtp_secret) == ("CANARY-imap", "CANARY-smtp")
    assert (row.route.team, row.route.priority) == (team, "high")


def test_a_secret_goes_in_and_never_comes_out(browser, entered):
    browser.post("/settings/mailboxes/new/", entered)
    row = Mailbox.objects.get()

    pages = [
        browser.get(where).content.decode() for where in (f"/settings/mailboxes/{row.pk}/", "/settings/mailboxes/")
    ]
    pages.append(browser.post(f"/settings/mailboxes/{row.pk}/", entered | {"address": "x"}).content.decode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT imap_secret, smtp_secret FROM mail_mailbox")
        stored = "".join(cursor.fetchone())

    kept = "".join(str(data) for data in JournalEntry.objects.values_list("data", flat=True))
    assert all("CANARY" not in text for text in (*pages, stored, kept))
    assert "Stored. Leave it empty to keep it" in pages[0]
    assert done("tickets.create_mailbox")[0]["new_secrets"] == ["imap_secret", "smtp_secret"]


def test_an_empty_secret_keeps_the_stored_one_and_a_new_one_replaces_it(browser, entered):
    browser.post("/settings/mailboxes/new/", entered)
    row = Mailbox.objects.get()

    changed = entered | {"imap_secret": "", "smtp_secret": "another", "is_default": "on"}
    assert browser.post(f"/settings/mailboxes/{row.pk}/", changed).status_code == 302

    row.refresh_from_db()
    assert (row.imap_secret, row.smtp_secret) == ("CANARY-imap", "another")


@pytest.mark.parametrize(
    ("changes", "secret"),
    [
        ({"imap_host": "evil.example"}, "imap_secret"),
        ({"imap_port": "1993"}, "imap_secret"),
        ({"imap_security": "none"}, "imap_secret"),
        ({"smtp_host": "evil.example"}, "smtp_secret"),
    ],
)
def test_a_stored_secret_is_never_handed_to_another_place(browser, entered, changes, secret):
    """A field that only takes secrets would give them out to whoever names a server of their own."""
    browser.post("/settings/mailboxes/new/", entered)
    row = Mailbox.objects.get()
    without = entered | {"is_default": "on", "imap_secret": "", "smtp_secret": ""} | changes

    response = browser.post(f"/settings/mailboxes/{row.pk}/", without)

    assert response.status_code == 422
    assert "it would go to another place than before" in response.content.decode()
    row.refresh_from_db()
    assert (row.imap_host, row.smtp_host, row.imap_port) == ("imap.example", "smtp.example", 993)
    assert browser.post(f"/settings/mailboxes/{row.pk}/", without | {secret: "new one"}).status_code == 302


def test_a_server_can_be_taken_away_without_its_secret(browser, entered):
    browser.post("/settings/mailboxes/new/", entered)
    row = Mailbox.objects.get()
    without = entered | {"is_default": "on", "imap_host": "", "imap_secret": "", "smtp_secret": ""}

    assert browser.post(f"/settings/mailboxes/{row.pk}/", without).status_code == 302
    assert browser.post(f"/settings/mailboxes/{row.pk}/", without | {"imap_host": "evil.example"}).status_code == 422


def test_another_server_or_folder_is_read_from_its_first_mail(browser, entered):
    browser.post("/settings/mailboxes/new/", entered)
    row = Mailbox.objects.get()
    Mailbox.objects.update(last_uid=77, uid_validity=5, last_error="gone")

    same = entered | {"is_default": "on", "name": "Other name"}
    browser.post(f"/settings/mailboxes/{row.pk}/", same)
    row.refresh_from_db()
    assert (row.last_uid, row.uid_validity, row.last_error) == (77, 5, "")

    browser.post(f"/settings/mailboxes/{row.pk}/", same | {"imap_folder": "Support"})
    row.refresh_from_db()
    assert (row.last_uid, row.uid_validity) == (0, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": "support"}, "Enter an email address like name@example.com"),
        ({"address": ""}, "Enter the address, like support@example.com"),
        ({"aliases": "not an address"}, "is no address like sales@example.com"),
        ({"aliases": "support@desk.example"}, "is the mailbox itself"),
        ({"imap_port": "70000"}, "Enter a port from 1 to 65535"),
        ({"imap_username": ""}, "Enter the user name for the IMAP server"),
        ({"imap_authentication": "xoauth2"}, "Enter the token address of your mail provider"),
        ({"oauth_token_url": "http://token.example"}, "Enter a web address that begins with https://"),
        ({"team": ""}, "Choose a team"),
        ({"address": "taken@desk.example"}, "taken@desk.example belongs to another mailbox"),
        ({"aliases": "taken@desk.example"}, "taken@desk.example belongs to another mailbox"),
    ],
)
def test_what_cannot_be_a_mailbox_says_what_to_enter(browser, entered, changes, words):
    """U27."""
    make_mailbox(address="taken@desk.example")

    response = browser.post("/settings/mailboxes/new/", entered | changes)

    body = response.content.decode()
    assert response.status_code == 422
    assert body.startswith("<!doctype html>")
    assert words in body.split('class="errsum"')[1].split("</div>")[0]
    assert (Mailbox.objects.count(), MailboxRoute.objects.count()) == (1, 0)


def test_fields_that_the_form_does_not_name_change_nothing(browser, entered):
    """S26."""
    browser.post("/settings/mailboxes/new/", entered | {"last_uid": "99", "failing_since": "2026-01-01", "id": "5"})

    row = Mailbox.objects.get()
    assert (row.last_uid, row.failing_since) == (0, None)


def test_there_is_always_one_default_mailbox(browser, entered):
    first = make_mailbox(address="first@desk.example")
    browser.post("/settings/mailboxes/new/", entered | {"is_default": "on"})
    second = Mailbox.objects.get(address="support@desk.example")

    assert list(Mailbox.objects.filter(is_default=True)) == [second]
    response = browser.post(f"/settings/mailboxes/{second.pk}/", entered)
    assert response.status_code == 422
    assert "then this one steps down" in response.content.decode()
    assert first.pk != second.pk


def test_trying_servers_that_are_not_there_shows_what_went_wrong(browser, entered):
    browser.post(
        "/settings/mailboxes/new/",
        entered
        | {
            "imap_host": "127.0.0.1",
            "imap_port": "9",
            "smtp_host": "127.0.0.1",
            "smtp_port": "9",
            "imap_security": "none",
        },
    )
    row = Mailbox.objects.get()

    response = browser.post(f"/settings/mailboxes/{row.pk}/try/")

    body = response.content.decode()
    assert response.status_code == 200
    assert body.count("127.0.0.1 cannot be reached") == 2
    assert "Fetching (IMAP) does not work" in body
    assert "Sending (SMTP) does not work" in body
    assert "CANARY" not in body


def test_trying_a_mailbox_without_servers_says_so(browser):
    row = make_mailbox()

    assert "names no server of its own" in browser.post(f"/settings/mailboxes/{row.pk}/try/").content.decode()
