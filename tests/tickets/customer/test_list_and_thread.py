"""What makes a customer's pages more than a list: finding, news, pictures, words that outlive a session."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories.accounts import make_member
from tests.factories.tickets import make_ticket
from tests.tickets.customer.conftest import CANARY, agent_says, token_of
from tickets.actions import links, merge, participants, state
from tickets.actions.attach import store_upload
from tickets.choices import Category, Role
from tickets.models import AccessLink, Attachment, Message, Participant, Ticket

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def browser(client, customer):
    client.force_login(customer)
    return client


def subjects(answer) -> list[str]:
    return [row.ticket.subject for row in answer.context["rows"]]


def attach(message, name, content, now, content_type="image/png") -> Attachment:
    upload = store_upload(upload=SimpleUploadedFile(name, content, content_type), now=now)
    return Attachment.objects.create(
        message=message, file=upload.file, name=name, content_type=content_type, size=upload.size
    )


def test_a_customer_finds_words_files_and_numbers_of_what_they_may_read_and_nothing_of_staff(
    browser, ticket, agent, customer, stranger, now
):
    """S29: the canary stands in a note, in held words, and in a reply that can still be taken back."""
    other = make_ticket(requester=customer, subject="Motor is loud", text="It hums at night", now=now)
    make_ticket(requester=stranger, subject="Motor of a stranger", now=now)
    attach(ticket.messages.get(), "floor-plan.pdf", b"x", now)
    agent_says(ticket, f"Later {CANARY}", by=agent, at=now, sends_at=now + timedelta(minutes=1))
    Message.objects.filter(pk=agent_says(ticket, CANARY, by=agent, at=now).pk).update(is_held=True)

    found = {
        q: subjects(browser.get("/tickets/", {"q": q}))
        for q in ("motor", "HUMS night", "hums licence", "floor-plan", CANARY, f"#{ticket.pk}", str(other.pk), "%", "_")
    }

    assert found == {
        "motor": [other.subject], "HUMS night": [other.subject], "hums licence": [], "floor-plan": [ticket.subject],
        CANARY: [], f"#{ticket.pk}": [ticket.subject], str(other.pk): [other.subject], "%": [], "_": [],
    }  # fmt: skip


def test_a_standing_narrows_the_list_and_stays_in_its_links(browser, ticket, customer, agent, now):
    waiting = make_ticket(requester=customer, subject="Waiting", now=now)
    state.set_waiting(ticket=waiting, by=agent, now=now)
    done = make_ticket(requester=customer, subject="Done", now=now)
    state.close_ticket(ticket=done, by=agent, now=now, unanswered=True)

    assert subjects(browser.get("/tickets/?standing=you")) == ["Waiting"]
    assert subjects(browser.get("/tickets/?standing=us")) == [ticket.subject]
    closed = browser.get("/tickets/?standing=closed&q=done")
    assert subjects(closed) == ["Done"]
    assert 'href="?standing=you&amp;q=done"' in closed.content.decode()
    page = browser.get("/tickets/").content.decode()
    assert "Your turn: answer or close" in page and "We answer by" in page and "Closed " in page


@pytest.mark.parametrize(
    "typed", [{"standing": "x"}, {"of": "everybody"}, {"q": "\x00"}, {"q": "a" * 900}, {"q": "'); --"}]
)
def test_strange_choices_show_a_list_and_never_an_error(browser, ticket, typed):
    """S25, S53."""
    assert browser.get("/tickets/", typed).status_code == 200


def test_an_empty_search_offers_a_way_on(browser, ticket):
    """U16."""
    page = browser.get("/tickets/?q=zebra").content.decode()

    assert "Nothing found for “zebra”" in page and "Show all tickets" in page


def test_an_answer_is_news_until_its_reader_looked_and_looking_back_makes_no_news(
    browser, ticket, agent, customer, now
):
    first = agent_says(ticket, "One", by=agent, at=now)
    Ticket.objects.filter(pk=ticket.pk).update(last_message_id=first.pk)

    assert browser.get("/tickets/").content.decode().count("New answer") == 1
    browser.get(f"/tickets/{ticket.pk}/")
    assert browser.get("/tickets/").content.decode().count("New answer") == 1, "opening changes nothing (S38)"

    for newest in (str(first.pk), "0", "-1", "x", "9" * 30, ""):
        assert browser.post(f"/tickets/{ticket.pk}/looked/", {"newest": newest}).status_code == 302
    assert "New answer" not in browser.get("/tickets/").content.decode()
    assert Participant.objects.get(person=customer).seen_message_id == first.pk

    second = agent_says(ticket, "Two", by=agent, at=now)
    assert "New answer" in browser.get("/tickets/").content.decode()
    Message.objects.filter(pk=second.pk).update(created_at=now - timedelta(days=31))
    assert "New answer" not in browser.get("/tickets/").content.decode()


def test_nobody_marks_the_ticket_of_a_stranger(client, ticket, stranger):
    client.force_login(stranger)

    assert client.post(f"/tickets/{ticket.pk}/looked/", {"newest": "1"}).status_code == 404


def test_words_that_were_sent_after_the_session_ended_come_back_after_signing_in(client, ticket, customer, now):
    """U5 for customers, U27: nothing typed is lost, and nothing was sent in somebody's name."""
    before = ticket.messages.count()

    refused = client.post(f"/tickets/{ticket.pk}/answer/", {"text": "My long answer."})

    assert (refused.status_code, refused["Location"]) == (302, f"/sign-in/?next=%2Ftickets%2F{ticket.pk}%2F")
    client.force_login(customer)
    page = client.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "My long answer.</textarea>" in page and "was not sent" in page
    assert ticket.messages.count() == before
    assert "My long answer." not in client.get(f"/tickets/{ticket.pk}/").content.decode()


def test_kept_words_are_shown_to_nobody_who_may_not_open_their_ticket(client, ticket, stranger):
    client.post(f"/tickets/{ticket.pk}/answer/", {"text": "Private words"})
    client.force_login(stranger)

    assert client.get(f"/tickets/{ticket.pk}/").status_code == 404
    theirs = make_ticket(requester=stranger)
    assert "Private words" not in client.get(f"/tickets/{theirs.pk}/").content.decode()


def test_a_picture_is_shown_by_its_bytes_and_sealed(browser, client, ticket, stranger, now, token):
    """S2, S23."""
    message = ticket.messages.get()
    real = attach(message, "photo.png", PNG, now)
    fake = attach(message, "photo2.png", b"<svg onload=alert(1)>", now)

    page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
    shown = browser.get(f"/tickets/{ticket.pk}/files/{real.pk}/picture/")

    assert f'src="/tickets/{ticket.pk}/files/{real.pk}/picture/"' in page
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in shown["Content-Security-Policy"]
    assert browser.get(f"/tickets/{ticket.pk}/files/{fake.pk}/picture/").status_code == 404
    client.logout()
    assert client.get(f"/t/{token}/files/{real.pk}/picture/")["Content-Type"] == "image/png"
    client.force_login(stranger)
    assert client.get(f"/tickets/{ticket.pk}/files/{real.pk}/picture/").status_code == 404


def test_the_requester_closes_and_opens_again_by_the_link_and_a_copied_person_does_not(
    client, ticket, token, agent, stranger, now
):
    """S37: no session; S38: only by POST."""
    for method in ("get", "head"):
        assert getattr(client, method)(f"/t/{token}/close/").status_code == 405
    client.post(f"/t/{token}/close/")
    ticket.refresh_from_db()
    assert ticket.category == Category.CLOSED
    client.post(f"/t/{token}/reopen/")
    ticket.refresh_from_db()
    assert (ticket.category, AccessLink.objects.get(purpose="ticket").uses) == (Category.OPEN, 2)
    assert "session" not in client.cookies

    participants.add(ticket=ticket, person=stranger, role=Role.COPIED, by=agent, now=now)
    copied = token_of(links.make_link(ticket=ticket, person=stranger, now=now))
    assert client.post(f"/t/{copied}/close/").status_code == 404
    assert "My question is answered" not in client.get(f"/t/{copied}/").content.decode()


def test_scanners_of_mail_change_nothing_however_often_they_open_every_address(client, ticket, token, customer):
    """S38: fifty visits of each address that a mail or its page names."""
    rows = (Message, AccessLink, Participant, Ticket)
    before = [list(row.objects.order_by("pk").values()) for row in rows]

    for _ in range(25):
        for address in (f"/t/{token}/", f"/t/{token}/answered/", f"/t/{token}/close/", f"/t/{token}/answer/"):
            client.get(address)
            client.head(address)

    assert [list(row.objects.order_by("pk").values()) for row in rows] == before


def test_made_up_links_are_counted_and_a_real_one_still_opens(client, ticket, token):
    """S46."""
    codes = {client.get(f"/t/{'x' * 42}{'abcdefghij'[n % 10]}/").status_code for n in range(61)}

    assert codes == {404, 429}
    assert client.get(f"/t/{token}/").status_code == 200


def test_an_agent_ends_every_link_at_once_and_the_customer_can_have_a_fresh_one(client, ticket, token, agent, observer):
    """S36, S28."""
    client.force_login(observer)
    assert client.post(f"/desk/tickets/{ticket.pk}/links/").status_code == 403
    client.force_login(agent)
    assert "<b>1</b> link" in client.get(f"/desk/tickets/{ticket.pk}/links/").content.decode()

    said = client.post(f"/desk/tickets/{ticket.pk}/links/", follow=True).content.decode()

    assert f"1 secure link to ticket {ticket.pk} ended." in said
    client.logout()
    gone = client.get(f"/t/{token}/")
    assert gone.status_code == 410 and "Mail me fresh links" in gone.content.decode()
    assert client.post(f"/t/{token}/close/").status_code == 410


def test_pages_behind_a_link_lead_nowhere_that_learns_of_it_and_name_the_choice_of_mails(client, ticket, token):
    """S36."""
    answer = client.get(f"/t/{token}/")

    assert answer["Referrer-Policy"] == "no-referrer"
    assert (answer["X-Robots-Tag"], answer["Cache-Control"]) == ("noindex, nofollow", "no-store")
    assert "/mail/choices/" in answer.content.decode()


def test_the_whole_list_of_an_organisation_costs_one_query_of_tickets(
    client, organisation, now, django_assert_num_queries
):
    boss = make_member(organisation=organisation, sees_colleagues_tickets=True)
    for _ in range(3):
        make_ticket(requester=make_member(organisation=organisation), subject="Ours", now=now)
    client.force_login(boss)
    client.get("/tickets/?of=everybody&q=ours")

    with django_assert_num_queries(4):
        assert len(client.get("/tickets/?of=everybody&q=ours&standing=us").context["rows"]) == 3


@pytest.fixture
def kept_apart(customer, stranger, agent, now):
    """The customer's ticket, merged into a stranger's, and that one into another of the stranger."""
    into, middle = (make_ticket(requester=stranger, subject=name, now=now) for name in ("Theirs", "Also theirs"))
    gone = make_ticket(requester=customer, subject="Mine", now=now)
    merge.merge(ticket=gone, into=middle, by=agent, now=now)
    merge.merge(ticket=middle, into=into, by=agent, now=now)
    return gone, into


def row_of(page, ticket) -> str:
    return page.content.decode().partition(f"Ticket {ticket.pk}, opened")[2].partition("</tr>")[0]


def test_a_ticket_that_was_merged_into_a_strangers_is_part_of_another_and_not_closed(browser, kept_apart):
    """Its customer never reads a word of the other, and is not told that theirs is over (S9, S24)."""
    gone, into = kept_apart

    page = browser.get("/tickets/")

    said = row_of(page, gone)
    assert "Part of another" in said and "Looked after together with another request" in said
    assert "Closed" not in said and "Theirs" not in page.content.decode() and f"/{into.pk}/" not in said
    assert subjects(browser.get("/tickets/?standing=closed")) == []
    assert subjects(browser.get("/tickets/?standing=us")) == ["Mine"]
    assert subjects(browser.get("/tickets/?standing=you")) == []
    thread = browser.get(f"/tickets/{gone.pk}/").content.decode()
    assert "together with another request" in thread and "Theirs" not in thread


def test_who_may_see_the_other_ticket_is_led_there(browser, kept_apart, customer, agent, now):
    gone, into = kept_apart
    participants.add(ticket=into, person=customer, role=Role.COPIED, by=agent, now=now)

    link = f'<a class="il anywhere" href="/tickets/{into.pk}/">ticket {into.pk}: Theirs</a>'
    assert link in row_of(browser.get("/tickets/"), gone)
    assert (
        f'<a href="/tickets/{into.pk}/">ticket {into.pk}: Theirs</a>'
        in browser.get(f"/tickets/{gone.pk}/").content.decode()
    )
    assert browser.get(f"/tickets/{into.pk}/").status_code == 200


@pytest.mark.parametrize("merged", [1, 3])
def test_merged_tickets_in_the_list_cost_two_queries_however_many(
    browser, customer, stranger, agent, now, merged, django_assert_num_queries
):
    into = make_ticket(requester=stranger, now=now)
    for _ in range(merged):
        merge.merge(ticket=make_ticket(requester=customer, now=now), into=into, by=agent, now=now)
    browser.get("/tickets/")

    with django_assert_num_queries(4 + 2):
        assert len(browser.get("/tickets/").context["rows"]) == merged
