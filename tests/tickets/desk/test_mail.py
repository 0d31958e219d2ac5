"""Mail that needs a person."""

import pytest
from django.urls import reverse

from accounts.models import JournalEntry
from mail.actions.quarantine import quarantine
from mail.models import OutgoingMail, RawMail
from tests.factories.mail import NOW, make_outgoing, make_raw, raw_bytes


def set_aside(subject: str = "Hello", **mail) -> RawMail:
    raw = make_raw(raw=raw_bytes(subject=subject, **mail))
    quarantine(raw=raw, code="too_deep", reason="Parts stand more than 20 deep in each other.", now=NOW)
    RawMail.objects.filter(pk=raw.pk).update(subject_line=subject, from_line="cara@robotics.example")
    return raw


def failed(**fields) -> OutgoingMail:
    mail = make_outgoing(**fields)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state="failed", error_kind="permanent", last_error="550 5.1.1 <no such> mailbox"
    )
    return mail


def test_the_quarantine_says_why_in_words(desk):
    set_aside("Prices")

    page = desk.get("/quarantine/").content.decode()

    assert "Prices" in page
    assert "Parts stand more than 20 deep in each other." in page


def test_a_mail_is_shown_as_text_and_nothing_of_it_runs(desk):
    """S1, S4."""
    raw = set_aside("<script>alert(1)</script>", text="<img src=x onerror=alert(1)>\x07\x1b[31m")

    page = desk.get(reverse("desk:set_aside", args=[raw.pk])).content.decode()

    assert "Subject: &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in page
    assert "\x1b" not in page


def test_a_mail_that_the_storage_lost_still_has_a_page(desk):
    raw = set_aside()
    type(raw.file).objects.update(key="gone")

    assert "not in the storage any more" in desk.get(reverse("desk:set_aside", args=[raw.pk])).content.decode()
    assert desk.get(reverse("desk:raw_mail", args=[raw.pk])).status_code == 404


def test_a_mail_is_read_again_once_and_journalled(desk, agent):
    raw = set_aside()

    response = desk.post(reverse("desk:replay", args=[raw.pk]), follow=True)

    assert "The mail is being read again." in response.content.decode()
    raw.refresh_from_db()
    assert (raw.state, raw.decided_by) == ("pending", agent.name)
    assert (
        JournalEntry.objects.filter(action="tickets.replay_mail", by=agent, subject=f"mail.raw:{raw.pk}").count() == 1
    )
    again = desk.post(reverse("desk:replay", args=[raw.pk]), follow=True)
    assert "This mail is not set aside; it is waiting." in again.content.decode()
    assert JournalEntry.objects.filter(action="tickets.replay_mail").count() == 1


def test_a_dismissed_mail_leaves_the_list_and_is_kept(desk):
    raw = set_aside("Spam")

    desk.post(reverse("desk:dismiss", args=[raw.pk]))

    assert "Spam" not in desk.get("/quarantine/").content.decode()
    assert "Spam" in desk.get("/quarantine/?show=dismissed").content.decode()
    desk.post(reverse("desk:replay", args=[raw.pk]))
    raw.refresh_from_db()
    assert raw.state == "pending"


def test_a_mail_that_became_a_ticket_is_not_on_these_pages(desk):
    raw = make_raw()
    RawMail.objects.update(state="done", done_at=NOW)

    assert desk.get(reverse("desk:set_aside", args=[raw.pk])).status_code == 404
    assert desk.get(reverse("desk:raw_mail", args=[raw.pk])).status_code == 404


def test_the_original_is_a_download(desk):
    raw = set_aside()

    response = desk.get(reverse("desk:raw_mail", args=[raw.pk]))

    assert b"".join(response.streaming_content) == raw.read()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="mail-{raw.pk}.eml"'


def test_undelivered_mail_says_why_and_leads_to_its_ticket(desk, ticket):
    failed(subject_key=ticket.subject_key, subject="Re: order")

    page = desk.get("/failed-mail/").content.decode()

    assert "The mail server refused it for good." in page
    assert "550 5.1.1 &lt;no such&gt; mailbox" in page
    assert reverse("desk:short_address", args=[ticket.pk]) in page


def test_undelivered_mail_is_sent_again_once(desk, agent):
    mail = failed()

    first = desk.post(reverse("desk:retry_mail", args=[mail.pk]), follow=True)
    second = desk.post(reverse("desk:retry_mail", args=[mail.pk]), follow=True)

    assert f"The mail to {mail.to_address} is being sent again." in first.content.decode()
    assert "This mail has not failed" in second.content.decode()
    mail.refresh_from_db()
    assert mail.state == "queued"


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("path", ["/quarantine/", "/failed-mail/"])
def test_lists_cost_the_same_queries_with_one_row_and_with_three(desk, path, rows, django_assert_num_queries):
    for number in range(rows):
        set_aside(f"Mail {number}")
        failed(subject=f"Mail {number}")
    desk.get(path)

    with django_assert_num_queries(5):
        page = desk.get(path)

    assert len(page.context["page"].rows) == rows


@pytest.mark.parametrize("path", ["/quarantine/", "/failed-mail/"])
@pytest.mark.parametrize("below", ["x", "-1", "0", "1" * 40, "\x00"])
def test_a_page_that_does_not_exist_is_the_first(desk, path, below):
    assert desk.get(path, {"below": below}).status_code == 200


def test_lists_are_paged(desk, monkeypatch):
    monkeypatch.setattr("tickets.queries_desk.mail.PAGE_SIZE", 2)
    made = [set_aside(f"Mail {number}").pk for number in range(3)]

    first = desk.get("/quarantine/").context["page"]
    second = desk.get("/quarantine/", {"below": first.below}).context["page"]

    assert [raw.pk for raw in first.rows + second.rows] == made[::-1]


NAMES = ["quarantine", "failed_mail", "set_aside", "raw_mail", "replay", "dismiss", "retry_mail"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("who", "expected"), [("customer", 404), ("stranger", 404), ("reviewer", 403), ("nobody", 302)]
)
def test_only_agents_see_mail_that_needs_a_person(client, customer, stranger, reviewer, name, who, expected):
    """S22."""
    raw, mail = set_aside(), failed()
    person = {"customer": customer, "stranger": stranger, "reviewer": reviewer}.get(who)
    if person:
        client.force_login(person)
    keys = [] if name in ("quarantine", "failed_mail") else [mail.pk if name == "retry_mail" else raw.pk]
    address = reverse(f"desk:{name}", args=keys)

    response = client.post(address) if name in ("replay", "dismiss", "retry_mail") else client.get(address)

    assert response.status_code == expected
    raw.refresh_from_db(), mail.refresh_from_db()
    assert (raw.state, mail.state) == ("quarantined", "failed")
