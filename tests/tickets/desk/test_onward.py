"""What comes after a ticket that is dealt with (U1), with and without the screen's own copy."""

import json

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_ticket
from tickets.actions import presence
from tickets.models import Ticket


@pytest.fixture
def row(desk, customer):
    """Five tickets in the order in which the list shows them."""
    made = [make_ticket(requester=customer) for _ in range(5)]
    Ticket.objects.update(next_action_at=timezone.now())
    return made


def close(desk, ticket, following, **headers):
    typed = {"in": "all", "following": getattr(following, "pk", ""), "unanswered": "on"}
    return desk.post(f"/desk/tickets/{ticket.pk}/close/", typed, headers=headers)


def look_at(ticket) -> None:
    presence.be_at(ticket_id=ticket.pk, by=make_staff(Role.AGENT), screen=1, doing="viewing", now=timezone.now())


def test_the_next_ticket_is_the_one_that_followed_unless_somebody_else_has_it_open(desk, row):
    """Guided mode: the next that nobody else looks at, if there is another."""
    look_at(row[1])
    assert close(desk, row[0], row[1])["Location"] == f"/inbox/all/{row[2].pk}/"

    look_at(row[2]), look_at(row[3]), look_at(row[4])
    assert close(desk, row[1], row[2])["Location"] == f"/inbox/all/{row[2].pk}/"


def test_at_the_end_the_list_begins_again_and_an_empty_list_is_shown(desk, row):
    assert close(desk, row[4], None)["Location"] == f"/inbox/all/{row[0].pk}/"
    assert close(desk, row[3], row[4])["Location"] == f"/inbox/all/{row[0].pk}/"
    for ticket in row[1:3]:
        close(desk, ticket, None)

    assert close(desk, row[0], row[1])["Location"] == "/inbox/all/"


def test_a_screen_that_holds_the_page_as_it_would_be_is_told_to_show_it(desk, row):
    address = f"/inbox/all/{row[1].pk}/"

    answer = close(desk, row[0], row[1], X_Ahead=f"{address} {Ticket.objects.get(pk=row[1].pk).visit}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert json.loads(answer["HX-Trigger-After-Settle"]) == {"desk:ahead": {"path": address}}
    assert answer["HX-Reswap"] == "none"


@pytest.mark.parametrize("held", ["{path} 999", "/inbox/mine/{pk}/ {visit}", "{path}", "", "\x7f{path} {visit}"])
def test_a_copy_that_is_stale_or_of_another_page_is_fetched_anew(desk, row, held):
    visit = Ticket.objects.get(pk=row[1].pk).visit
    said = held.format(path=f"/inbox/all/{row[1].pk}/", pk=row[1].pk, visit=visit)

    answer = close(desk, row[0], row[1], X_Ahead=said)

    assert (answer.status_code, answer["Location"]) == (303, f"/inbox/all/{row[1].pk}/")


def test_fetching_ahead_reads_nothing_and_swallows_no_words(desk, row):
    """The next ticket stays unread, and what was said for the next page waits for one that a person sees."""
    close(desk, row[0], None)
    desk.post("/desk/views/new/", {"name": "v", "q": "is:open", "order": "due", "whom": "mine"})
    removed = desk.post("/desk/views/{}/remove/".format(desk.get("/desk/views/").context["groups"]["Only me"][0][0].pk))
    assert [str(one) for one in get_messages(removed.wsgi_request)]

    ahead = desk.get(f"/inbox/all/{row[1].pk}/", headers={"HX-Request": "true", "X-Quiet": "yes"}).content.decode()
    shown = desk.get(f"/inbox/all/{row[1].pk}/").content.decode()

    assert ("v is removed" in ahead, "v is removed" in shown) == (False, True)
    assert Ticket.objects.get(pk=row[1].pk).is_unread
