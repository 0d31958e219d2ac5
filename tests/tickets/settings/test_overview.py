"""The front page, the journal, and whether mail moves."""

from datetime import timedelta

import pytest

from accounts import journal
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.models import Mailbox, OutgoingMail
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


def test_health_of_an_idle_desk_is_calm(browser):
    response = browser.get("/settings/health/")

    assert response.context["health"].is_slow is False
    assert "Mail is moving." in response.content.decode()
