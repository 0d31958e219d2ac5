"""The inbox: its views, counts, pages, and what a ticket shows."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_ticket
from tickets.actions import assign, intake, note, snooze, state
from tickets.models import Message, Team, Ticket
from tickets.queries_desk import inbox as views

# Session, person with roles, teams with saved views, counts with the rail, rows, and what can be taken back.
LIST_QUERIES = 6
# And the ticket with what it has; its messages, events, files, people, the same customer's others, reasons, fields.
TICKET_QUERIES = 14
NOTES = 1


def numbers(page) -> list[int]:
    """The tickets of a list page, in their order."""
    return [row.ticket.pk for row in page.context["shelf"].rows]


def counts(page) -> dict[str, str]:
    return {view.slug: count for view, count in page.context["shelf"].tabs}


def test_staff_start_in_their_own_view(desk):
    assert desk.get("/")["Location"] == "/inbox/"

    response = desk.get("/inbox/")

    assert response.status_code == 303
    assert response["Location"] == "/inbox/mine/"


def test_each_ticket_stands_in_the_views_that_its_state_names(desk, agent, lead, customer):
    now = timezone.now()
    tickets = {name: make_ticket(requester=customer, now=now) for name in (
        "fresh", "mine", "theirs", "waiting", "hold", "snoozed", "closed", "late")}  # fmt: skip
    assign.assign(ticket=tickets["mine"], to=agent, by=agent, now=now)
    assign.assign(ticket=tickets["theirs"], to=lead, by=agent, now=now)
    state.set_waiting(ticket=tickets["waiting"], by=agent, now=now)
    state.put_on_hold(ticket=tickets["hold"], by=agent, until=None, now=now)
    snooze.snooze(ticket=tickets["snoozed"], until=now + timedelta(days=1), by=agent, now=now)
    state.close_ticket(ticket=tickets["closed"], by=agent, now=now, unanswered=True)
    Ticket.objects.filter(pk=tickets["late"].pk).update(sla_due_at=now - timedelta(minutes=1))

    shown = {}
    for view in ("mine", "unassigned", "overdue", "all", "waiting", "snoozed", "closed"):
        listed = numbers(desk.get(f"/inbox/{view}/"))
        shown[view] = {name for name, ticket in tickets.items() if ticket.pk in listed}

    assert shown == {
        "mine": {"mine"},
        "unassigned": {"fresh", "late"},
        "overdue": {"late"},
        "all": {"fresh", "mine", "theirs", "waiting", "hold", "snoozed", "late"},
        "waiting": {"waiting", "hold"},
        "snoozed": {"snoozed"},
        "closed": {"closed"},
    }


def test_a_team_has_a_view_of_its_own(desk, ticket):
    other = Team.objects.create(name="Shipping")
    theirs = make_ticket(team=other)

    page = desk.get(f"/inbox/team:{other.pk}/")

    assert numbers(page) == [theirs.pk]
    assert counts(page)[f"team:{other.pk}"] == "1"


@pytest.mark.parametrize("view", ["nonsense", "team:0", "team:x", "team:99999999999999999999", "search2", "Mine"])
def test_a_view_that_does_not_exist_is_not_found(desk, view):
    assert desk.get(f"/inbox/{view}/").status_code == 404


def test_counts_are_exact_up_to_the_cap_and_then_say_so(desk, ticket, monkeypatch):
    monkeypatch.setattr(views, "COUNT_CAP", 2)
    for _ in range(2):
        make_ticket()

    assert counts(desk.get("/inbox/all/"))["all"] == "2+"


def test_pages_by_keyset_show_every_ticket_once_even_when_all_are_due_at_once(desk, agent, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 3)
    made = [make_ticket().pk for _ in range(8)]
    Ticket.objects.update(next_action_at=timezone.now())

    seen, address, pages = [], "/inbox/all/", 0
    while address:
        page = desk.get(address)
        seen += numbers(page)
        address, pages = page.context["shelf"].next_address, pages + 1

    assert (seen, pages) == (sorted(made), 3)


@pytest.mark.parametrize("view", ["closed", "failed", "snoozed"])
def test_other_orders_page_as_well(desk, agent, monkeypatch, view):
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    now = timezone.now()
    made = [make_ticket(now=now) for _ in range(3)]
    for number, ticket in enumerate(made):
        if view == "closed":
            state.close_ticket(ticket=ticket, by=agent, now=now, unanswered=True)
        elif view == "snoozed":
            snooze.snooze(ticket=ticket, until=now + timedelta(days=number + 1), by=agent, now=now)
        else:
            Ticket.objects.filter(pk=ticket.pk).update(has_failed_delivery=True)
    expected = [ticket.pk for ticket in made]

    seen, address = [], f"/inbox/{view}/"
    while address:
        page = desk.get(address)
        seen += numbers(page)
        address = page.context["shelf"].next_address

    assert seen == (expected if view == "snoozed" else expected[::-1])


@pytest.mark.parametrize("cursor", ["x", "a:b", "' OR 1=1 --", "\x00", "W10:1:2"])
def test_a_cursor_that_is_not_ours_starts_at_the_beginning(desk, ticket, cursor):
    """S25."""
    assert numbers(desk.get("/inbox/all/", {"after": cursor})) == [ticket.pk]


def test_a_cursor_of_another_view_means_nothing(desk, ticket, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    make_ticket()
    foreign = (
        views._cursor(ticket, views.View("closed", "", lambda q: q, order="closed_at"))
        if ticket.closed_at
        else (views._cursor(ticket, views.View("held", "", lambda q: q, order="pk")))
    )

    assert numbers(desk.get("/inbox/all/", {"after": foreign})) == [ticket.pk]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_the_same_queries_with_one_row_and_with_three(desk, rows, django_assert_num_queries):
    """Complaints 1, 5 and 8: a question a row is what makes a list of thousands slow."""
    for _ in range(rows):
        make_ticket()
    desk.get("/inbox/all/")

    with django_assert_num_queries(LIST_QUERIES):
        page = desk.get("/inbox/all/")

    assert len(numbers(page)) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_a_ticket_costs_the_same_queries_with_one_message_and_with_three(
    desk, agent, ticket, rows, django_assert_num_queries
):
    """Complaint 1: fifty agents open tickets all day."""
    for _ in range(rows):
        intake.add_customer_message(
            ticket=ticket, person=ticket.requester, text="More.", channel="web", now=timezone.now()
        )
        note.add_note(ticket=ticket, by=agent, text="Hm.", now=timezone.now())
        make_ticket(requester=ticket.requester)
    desk.get(f"/inbox/all/{ticket.pk}/")

    with django_assert_num_queries(TICKET_QUERIES + NOTES):
        desk.get(f"/inbox/all/{ticket.pk}/")


def test_a_ticket_opens_beside_its_list_and_knows_its_neighbours(desk, customer):
    first, second, third = (make_ticket(requester=customer) for _ in range(3))
    Ticket.objects.update(next_action_at=timezone.now())

    shelf = desk.get(f"/inbox/all/{second.pk}/").context["shelf"]

    assert (shelf.position, shelf.total) == (2, "3")
    assert (shelf.previous.ticket, shelf.following.ticket) == (first, third)


@pytest.mark.parametrize("pane", ["", "customer/"])
def test_a_ticket_that_does_not_exist_is_not_found(desk, ticket, pane):
    assert desk.get(f"/inbox/all/{ticket.pk + 1000}/{pane}").status_code == 404
    assert desk.get(f"/inbox/all/{2**63}/{pane}").status_code == 404


def test_a_long_conversation_shows_its_newest_part_and_offers_the_rest(desk, ticket):
    Message.objects.bulk_create(
        Message(ticket=ticket, author="customer", channel="web", text=f"Word {number}.", created_at=timezone.now())
        for number in range(200)
    )

    short = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    whole = desk.get(f"/inbox/all/{ticket.pk}/?all=1").content.decode()

    assert "Word 199." in short
    assert "Word 10." not in short
    assert "Show the whole conversation" in short
    assert all(f"Word {number}." in whole for number in range(200))


def test_a_quote_is_folded_and_whole(desk, ticket):
    quote = "> " + "a long quote " * 2000 + "END"
    Message.objects.update(quoted_text=quote)

    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()

    folded = page.split("Show the quoted text")[1].split("</details>")[0]
    assert "END" in folded
    assert folded.count("a long quote") == 2000


def test_a_book_of_a_message_is_folded_and_whole(desk, ticket):
    Message.objects.update(text="text " + "word " * 20_000 + "END")

    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()

    assert page.count("word ") == 20_000
    assert "END" in page.split("Show the rest of this long message")[1]


def test_htmx_gets_the_part_that_changes_and_a_browser_the_whole_page(desk, ticket):
    address = f"/inbox/all/{ticket.pk}/"

    whole = desk.get(address)
    part = desk.get(address, headers={"HX-Request": "true"})

    assert "<!doctype html>" in whole.content.decode()
    assert "<!doctype html>" not in part.content.decode()
    assert '<main class="inbox" id="main"' in part.content.decode()
    assert "HX-Request" in part["Vary"]
    assert "no-store" in part["Cache-Control"]


def test_the_page_may_frame_only_itself(desk, ticket):
    """S50, S51."""
    policy = desk.get(f"/inbox/all/{ticket.pk}/")["Content-Security-Policy"]

    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_an_expired_session_never_puts_a_sign_in_page_into_the_list(ticket):
    response = Client().get("/inbox/all/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/"})

    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/sign-in/")
    assert response.content == b""


@pytest.mark.parametrize("name", ["assign", "snooze", "close", "hold", "follow_up", "details", "participant"])
def test_each_form_is_a_page_of_its_own(desk, ticket, name):
    response = desk.get(reverse(f"desk:{name}", args=[ticket.pk]))

    assert response.status_code == 200
    assert 'id="card-heading"' in response.content.decode()


def test_an_editor_has_no_tickets_and_learns_of_none(client, ticket):
    """S22, S24: counts, search and addresses agree."""
    client.force_login(make_staff(Role.EDITOR))

    page = client.get("/inbox/all/")

    assert numbers(page) == []
    assert set(counts(page).values()) == {"0", ""}
    assert numbers(client.get("/inbox/search/?q=order")) == []
    assert numbers(client.get(f"/inbox/search/?q=%23{ticket.pk}")) == []
    assert client.get(f"/inbox/all/{ticket.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("mine", "Nothing waits for you."),
        ("overdue", "No promise is broken."),
        ("search", "What are you looking for?"),
        ("search/?q=zebra", "Nothing found"),
    ],
)
def test_an_empty_view_says_what_to_do_next_with_a_way_to_do_it(desk, view, words):
    """U16."""
    page = desk.get(f"/inbox/{view}" if "?" in view else f"/inbox/{view}/").content.decode()

    assert words in page
    if view != "search":
        assert 'class="btn primary"' in page
