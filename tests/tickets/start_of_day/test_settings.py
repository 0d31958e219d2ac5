"""Sources are set up by admins, looked at by leads, and their secrets never come out again (S27)."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.choices import Role
from accounts.models import JournalEntry
from tests.factories.accounts import make_staff, sign_in
from tests.tickets.start_of_day.mornings import make_it_morning
from tests.tickets.start_of_day.posts import SECRET, shape
from tickets.actions.start_of_day import days
from tickets.models import DayRules, DeskDay, InboxSource, SourceGap

pytestmark = pytest.mark.django_db
NEW = {"name": "  Old   Zendesk ", "kind": "zendesk", "secret": SECRET, "freshness_minutes": "15", "is_active": "on"}


@pytest.fixture
def browser(client, admin):
    sign_in(client, admin)
    return client


def test_a_source_is_set_up_changed_and_gets_a_new_address_and_its_secret_is_sealed(browser):
    made = browser.post("/settings/sources/new/", NEW, follow=True)
    source = InboxSource.objects.get()
    page = made.content.decode()
    assert (source.name, source.secret, source.freshness_minutes) == ("Old Zendesk", SECRET, 15)
    assert f"/hooks/sources/{source.key}/" in page and SECRET not in page
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM tickets_inboxsource")
        assert SECRET not in cursor.fetchone()[0]

    old = source.key
    browser.post(f"/settings/sources/{source.pk}/", {"name": "Zendesk", "secret": "", "freshness_minutes": "40"})
    browser.post(f"/settings/sources/{source.pk}/address/")
    source.refresh_from_db()
    assert (source.name, source.secret, source.freshness_minutes, source.is_active) == ("Zendesk", SECRET, 40, False)
    assert source.key != old and browser.post(f"/hooks/sources/{old}/").status_code == 404
    assert not [row for row in JournalEntry.objects.all() if SECRET in str(row.data)]
    assert "Zendesk" in browser.get("/settings/sources/").content.decode()


def test_what_cannot_be_a_source_is_said_beside_its_field(browser, source):
    source(name="Taken")
    wrong = {
        "name": ["", "taken", "x" * 81], "kind": ["", "mailbox", "x"], "secret": [""], "team": ["99999", "x"],
        "freshness_minutes": ["0", "-1", "x", "99999"],
    }  # fmt: skip
    for field, values in wrong.items():
        for value in values:
            page = browser.post("/settings/sources/new/", {**NEW, field: value})
            assert page.status_code == 422, (field, value)
            assert f'id="id_{field}' in page.content.decode()
    assert InboxSource.objects.count() == 1
    for odd in (0, 2**70):
        assert browser.get(f"/settings/sources/{odd}/").status_code == 404


def test_the_hour_at_which_a_start_is_late_is_set_and_holds_for_today(browser, agent, now_is_open):
    page = browser.post("/settings/sources/day/", {"late_at": "25:00"})
    assert page.status_code == 422 and "Enter a time like 10:30" in page.content.decode()
    assert browser.post("/settings/sources/day/", {"late_at": "00:00"}).status_code == 302
    assert DayRules.objects.get().late_minute == 1
    assert DeskDay.objects.get().late_at > DeskDay.objects.get().begins_at


@pytest.fixture
def now_is_open(db):
    """A day that goes on while the test runs."""
    now = timezone.now()
    make_it_morning(now)
    return days.keep_day(now=now)


def test_who_may_set_up_sources(client, source):
    row = source()
    addresses = ["/settings/sources/new/", f"/settings/sources/{row.pk}/"]
    posts = [*addresses, f"/settings/sources/{row.pk}/address/", "/settings/sources/day/"]
    for role, may_list in ((Role.AGENT, False), (Role.LEAD, True), (Role.OBSERVER, True), (Role.REVIEWER, False)):
        sign_in(client, make_staff(role, email=f"{role}@desk.example"))
        assert client.get("/settings/sources/").status_code == (200 if may_list else 403)
        assert {client.get(address).status_code for address in addresses} == {403}
        assert {client.post(address, NEW).status_code for address in posts} == {403}
    row.refresh_from_db()
    assert row.key == "key-zendesk"


def test_the_command_counts_an_export_and_says_what_is_missing(source, tmp_path, capsys):
    source(name="Old Zendesk")
    file = tmp_path / "day.json"
    file.write_bytes(shape("zendesk_export"))
    with pytest.raises(SystemExit):
        call_command("count_source", "Old Zendesk", str(file), "--on", "2026-03-03")
    assert capsys.readouterr().out.splitlines() == [
        "Old Zendesk: 2 there, 0 here, 2 missing", "missing: 5158", "missing: 5159",
    ]  # fmt: skip
    assert SourceGap.objects.count() == 2
    for words in (("Nobody", str(file)), ("Old Zendesk", "/nowhere"), ("Old Zendesk", str(file), "--on", "x")):
        with pytest.raises(CommandError):
            call_command("count_source", *words)


def test_whoever_opens_the_address_of_a_form_by_hand_reads_a_sentence_or_the_page(browser):
    """After an error its address stands in the browser: typed again, it sends nothing and says so."""
    assert browser.get("/settings/sources/day/").headers["Location"] == "/settings/sources/"
    for address in ("/today/finish/", "/today/captain/"):
        answer = browser.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert "Nothing has changed." in answer.content.decode() and int(answer.headers["Content-Length"]) > 300
        assert browser.get(address, headers={"Accept": "application/json"}).content == b""
