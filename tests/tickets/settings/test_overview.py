"""The front page, the journal, and whether mail moves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import journal
from accounts.models import JournalEntry
from mail.actions import deliver
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.models import Home, Mailbox, OutgoingMail
from tests.factories.tickets import make_mailbox
from tickets import setup_queries

pytestmark = pytest.mark.django_db


def test_the_front_page_lists_what_somebody_may_see(client, agent, admin):
    client.force_login(agent)
    for_agents = client.get("/settings/").content.decode()
    assert "/settings/teams/" in for_agents
    assert "/settings/journal/" not in for_agents
    assert "/settings/mailboxes/" not in for_agents

    client.force_login(admin)
    for_admins = client.get("/settings/").content.decode()
    assert "/settings/journal/" in for_admins
    assert "/settings/mailboxes/" in for_admins


def test_nothing_is_offered_that_would_be_refused(client, agent):
    client.force_login(agent)

    for where in ("teams", "states", "reasons", "calendars", "service-levels", "people"):
        body = client.get(f"/settings/{where}/").content.decode()
        page = body[body.index('id="main"') : body.index("</main>")]
        assert 'method="post"' not in page, where
        assert "/new/" not in page, where


def test_the_journal_is_read_by_person_deed_and_subject(browser, admin, agent, now):
    journal.record(by=agent, action="tickets.close", subject="ticket:1", data={"reason": 3}, now=now)
    journal.record(by=admin, action="accounts.grant_role", subject="accounts.person:7", data={"role": "lead"}, now=now)
    journal.record(by=None, action="tickets.wake", subject="ticket:2", now=now)

    def numbers(**wanted):
        return [entry.action for entry in browser.get("/settings/journal/", wanted).context["entries"]]

    assert numbers() == ["tickets.wake", "accounts.grant_role", "tickets.close"]
    assert numbers(by=agent.pk) == ["tickets.close"]
    assert numbers(action="accounts.") == ["accounts.grant_role"]
    assert numbers(subject="ticket:1") == ["tickets.close"]
    assert numbers(subject="ticket") == []
    assert "Grant role" in browser.get("/settings/journal/").content.decode()


@pytest.mark.parametrize("name", ["by", "action", "subject", "before", "order", "by__password", "_connector"])
@pytest.mark.parametrize("value", ["\x00", "' or 1=1", "%", "-1", "9" * 40, "٣", "by__password"])
def test_no_filter_reaches_further_than_itself(browser, admin, now, name, value):
    """S25, S53."""
    journal.record(by=admin, action="tickets.close", subject="ticket:1", now=now)

    assert browser.get("/settings/journal/", {name: value}).status_code == 200


@pytest.mark.parametrize("entries", [1, 3])
def test_the_journal_costs_the_same_however_long(browser, admin, now, entries, django_assert_num_queries):
    for number in range(entries):
        journal.record(by=admin, action="tickets.close", subject=f"ticket:{number}", data={"reason": 1}, now=now)
    browser.get("/settings/journal/")

    with django_assert_num_queries(5):
        browser.get("/settings/journal/")


def test_pages_of_the_journal_join(browser, admin, now, monkeypatch):
    monkeypatch.setattr(setup_queries, "PAGE_SIZE", 2)
    for number in range(3):
        journal.record(by=admin, action="tickets.close", subject=f"ticket:{number}", now=now)

    first = browser.get("/settings/journal/")
    second = browser.get(f"/settings/journal/?before={first.context['following']}")

    assert [entry.number for response in (first, second) for entry in response.context["entries"]] == [3, 2, 1]


def test_health_counts_what_waits_failed_and_does_not_answer(browser, now):
    box = make_mailbox()
    Mailbox.objects.filter(pk=box.pk).update(
        imap_host="imap.example", last_error="imap.example refused our sign-in: NO"
    )
    for number in range(2):
        queue_mail(
            kind="transactional",
            mailbox=box,
            to=Address(f"p{number}@x.example"),
            subject="x",
            text="x",
            now=now - timedelta(hours=1),
        )
    OutgoingMail.objects.filter(to_address="p1@x.example").update(state="failed", last_error="550 no such user")

    response = browser.get("/settings/health/")

    health, body = response.context["health"], response.content.decode()
    assert (health.queued, health.failed, health.is_slow) == (1, 1, True)
    assert "Mail is not leaving." in body
    assert "550 no such user" in body
    assert "refused our sign-in: NO" in body
    assert "Does not answer" in body


@pytest.fixture
def restored(now):
    """A desk out of a backup: one mail was waiting when it was made, another was written since."""
    Home.objects.create(identity="1.2.3", since=now - timedelta(days=9))
    box = make_mailbox()
    for subject, written in (("old", now - timedelta(hours=2)), ("new", timezone.now() + timedelta(seconds=5))):
        to = Address(f"{subject}@x.example")
        queue_mail(kind="transactional", mailbox=box, to=to, subject=subject, text="x", now=written, not_before=now)
    deliver.deliver_due(limit=10, clock=timezone.now)


def test_after_a_restore_health_says_what_waits_and_the_desk_counts_it_F32(browser, client, agent, restored):
    body = browser.get("/settings/health/").content.decode()
    client.force_login(agent)
    listed = client.get("/failed-mail/")

    assert "<b>Mail is paused.</b>" in body
    assert "1 mail written before waits and may have been sent then. 1 written since waits, too." in body
    assert "Mail is not leaving" not in body
    assert [mail.subject for mail in listed.context["page"].rows] == ["new", "old"]
    assert "Send it again" not in listed.content.decode()


@pytest.mark.parametrize(("choice", "left_out"), [("leave-out", 1), ("send", 0)])
def test_an_administrator_lets_mail_go_once_and_the_journal_has_it_F32(browser, restored, admin, choice, left_out):
    first = browser.post("/settings/health/let-mail-go/", {"old": choice}, follow=True).content.decode()
    again = browser.post("/settings/health/let-mail-go/", {"old": choice}, follow=True).content.decode()

    assert "Mail leaves again." in first
    assert "Mail leaves already" in again
    assert OutgoingMail.objects.filter(state="cancelled", subject="old").count() == left_out
    entry = JournalEntry.objects.get(action="tickets.let_mail_go")
    assert (entry.by_id, entry.data) == (admin.pk, {"left_out": left_out, "let_go": 2 - left_out})


def test_health_of_an_idle_desk_is_calm(browser):
    response = browser.get("/settings/health/")

    assert response.context["health"].is_slow is False
    assert "Mail is moving." in response.content.decode()
