"""The search box for programs."""

import pytest

from tests.factories.tickets import make_ticket
from tickets.queries_desk import search as searching

pytestmark = pytest.mark.django_db


def test_pages_follow_each_other_and_end(program, agent, customer):
    tickets = [make_ticket(requester=customer, subject=f"Gripper {number}", text="x").pk for number in range(5)]
    who, seen, path = program(agent), [], "search/?q=(gripper+OR+motor)+-motor&limit=2"

    while path:
        answer = who.get(path).json()
        seen += [row["id"] for row in answer["results"]]
        path = (answer["next"] or "").partition("/api/")[2]

    assert seen == tickets[::-1]


def test_a_page_may_be_empty_and_go_on(program, agent, customer, monkeypatch):
    ticket = make_ticket(requester=customer, subject="Gripper", text="x").pk
    for _ in range(4):
        make_ticket(requester=customer, subject="Motor", text="x")
    monkeypatch.setattr(searching, "FIRST_WIDTH", 2)
    monkeypatch.setattr(searching, "FEW", -1)
    monkeypatch.setattr(searching, "BUDGET_SECONDS", 0)
    monkeypatch.setattr(searching.look, "__kwdefaults__", {**searching.look.__kwdefaults__, "seconds": 0})
    who, seen, path, pages = program(agent), [], "search/?q=-motor", 0

    while path and pages < 20:
        answer = who.get(path).json()
        seen, pages = seen + [row["id"] for row in answer["results"]], pages + 1
        path = (answer["next"] or "").partition("/api/")[2]

    assert pages > 1
    assert seen == [ticket]


def test_notes_are_searched_with_their_scope_only(program, agent, ticket_with_note):
    """S29."""
    assert program(agent, "tickets:read").get("search/?q=wyoming").status_code == 403
    assert len(program(agent, "tickets:read", "notes:read").get("search/?q=wyoming").json()["results"]) == 1


@pytest.fixture
def ticket_with_note(customer, agent):
    from django.utils import timezone  # noqa: PLC0415 - this claim alone needs it

    from tickets.actions.note import add_note  # noqa: PLC0415

    ticket = make_ticket(requester=customer, subject="x", text="y")
    add_note(ticket=ticket, by=agent, text="Wyoming", now=timezone.now())
    return ticket


@pytest.mark.parametrize(
    "query",
    ["", "?q=", "?q=+", "?q=is:asleep", "?q=%00", "?q=x&cursor=nonsense", "?q=x&limit=0", "?q=x&sort=id",
     "?q=" + "x" * 401,
     "?q=x&owner__password=1"],
)  # fmt: skip
def test_what_means_nothing_is_refused_in_words(program, agent, query):
    answer = program(agent).get(f"search/{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] or answer.json()["error"]["message"]


def test_strangers_and_customers_find_nothing_here(anybody, client, customer):
    client.force_login(customer)

    assert anybody.get("search/?q=x").status_code == 401
    assert client.get("/api/search/?q=x").status_code in (403, 404)
