"""Merging, splitting, ties, watchers, fields and tags over the API."""

import pytest

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import intake
from tickets.actions.setup import fields as setup
from tickets.models import Participant, Ticket, TicketRelation

pytestmark = pytest.mark.django_db


def test_merge_and_unmerge(program, agent, customer):
    call = program(agent)
    one, other = make_ticket(requester=customer), make_ticket(requester=customer)

    merged = call.post(f"tickets/{one.pk}/merge/", {"into": other.pk})

    assert (merged.status_code, merged.json()["id"]) == (200, other.pk)
    assert call.get(f"tickets/{one.pk}/").json()["merged_into"] == other.pk
    assert len(call.get(f"tickets/{other.pk}/messages/").json()["results"]) == 2
    assert call.post(f"tickets/{one.pk}/merge/", {"into": other.pk}).status_code == 200
    refused = call.post(f"tickets/{other.pk}/merge/", {"into": one.pk})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "refused")
    assert call.post(f"tickets/{one.pk}/unmerge/").json()["merged_into"] is None
    assert call.post(f"tickets/{one.pk}/unmerge/").status_code == 422
    for body in ({"into": 0}, {"into": "1"}, {"into": 2**80}, {"into": None}, {}, {"into": other.pk, "x": 1}):
        assert call.post(f"tickets/{one.pk}/merge/", body).status_code == 400


def test_split_once_and_put_back(program, agent):
    call, ticket = program(agent), make_ticket()
    more = intake.add_customer_message(
        ticket=ticket, person=ticket.requester, text="Invoice?", channel="web", now=WEDNESDAY
    )
    body = {"messages": [more.pk], "subject": "Invoice"}

    answers = [call.post(f"tickets/{ticket.pk}/split/", body, Idempotency_Key="k1") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    new = answers[0].json()["id"]
    assert answers[1].json()["id"] == new
    assert call.post(f"tickets/{new}/unsplit/").json()["id"] == ticket.pk
    assert call.post(f"tickets/{ticket.pk}/split/", {"messages": [], "subject": "x"}).status_code == 400
    assert call.post(f"tickets/{ticket.pk}/split/", {"messages": [1, 2], "subject": "x"}).status_code == 422


def test_relations_and_children(program, agent):
    call, ticket, other = program(agent), make_ticket(), make_ticket()

    tied = call.post(f"tickets/{ticket.pk}/relations/", {"kind": "blocks", "one": ticket.pk, "other": other.pk})
    child = call.post(f"tickets/{ticket.pk}/children/", {"subject": "Part", "text": "Do it"})

    assert (tied.status_code, child.status_code) == (201, 201)
    kinds = [row["kind"] for row in call.get(f"tickets/{ticket.pk}/relations/").json()["results"]]
    assert kinds == ["blocks", "parent"]
    stopped = call.post(f"tickets/{ticket.pk}/close/", {})
    assert (stopped.status_code, "still open" in stopped.json()["error"]["message"]) == (422, True)
    third = make_ticket()
    elsewhere = {"kind": "related", "one": other.pk, "other": third.pk}
    assert call.post(f"tickets/{ticket.pk}/relations/", elsewhere).status_code == 400
    assert call("DELETE", f"tickets/{third.pk}/relations/{tied.json()['id']}/").status_code == 404
    assert call("DELETE", f"tickets/{ticket.pk}/relations/{tied.json()['id']}/").status_code == 204
    assert list(TicketRelation.objects.values_list("kind", flat=True)) == ["parent"]


def test_watchers_are_staff(program, agent, lead, customer):
    call, ticket = program(agent), make_ticket(requester=customer)

    assert call.post(f"tickets/{ticket.pk}/watchers/", {}).status_code == 204
    assert call.post(f"tickets/{ticket.pk}/watchers/", {"person": lead.pk}).status_code == 204
    assert call.post(f"tickets/{ticket.pk}/watchers/", {"person": customer.pk}).status_code == 422

    listed = call.get(f"tickets/{ticket.pk}/watchers/").json()["results"]
    assert [row["person"]["id"] for row in listed] == [agent.pk, lead.pk]
    assert call("DELETE", f"tickets/{ticket.pk}/watchers/{lead.pk}/").status_code == 204
    assert call("DELETE", f"tickets/{ticket.pk}/watchers/{customer.pk}/").status_code == 404
    assert Participant.objects.filter(role="watcher").count() == 1


def test_fields_are_read_written_and_filtered_by(program, agent, admin):
    seats = setup.Definition(name="Seats", largest=40)
    setup.create_field(kind="number", definition=seats, by=admin, now=WEDNESDAY)
    call, ticket = program(agent), make_ticket()
    make_ticket()

    changed = call.patch(f"tickets/{ticket.pk}/", {"priority": "high", "fields": {"seats": 12}})

    assert changed.json()["fields"] == {"seats": 12}
    refused = call.patch(f"tickets/{ticket.pk}/", {"priority": "urgent", "fields": {"seats": 41}})
    assert (refused.status_code, refused.json()["error"]["message"]) == (422, "Seats: write 40 or less.")
    assert Ticket.objects.get(pk=ticket.pk).priority == "high"
    found = call.get("tickets/?field=seats%3D12").json()["results"]
    assert [row["id"] for row in found] == [ticket.pk]
    for wrong in ("seats", "colour%3Dred", "seats%3Dmany"):
        assert call.get(f"tickets/?field={wrong}").status_code == 400
    assert call.get("fields/").json()["results"][0]["key"] == "seats"
    for bad in ([], "x", {"seats": {"a": [1]}}, {"nothing": 1}):
        assert call.patch(f"tickets/{ticket.pk}/", {"fields": bad}).status_code in (400, 422)


def test_tags_are_listed(program, agent):
    call, ticket = program(agent), make_ticket()
    call.patch(f"tickets/{ticket.pk}/", {"tags": ["School", "w-8"]})

    assert [row["name"] for row in call.get("tags/").json()["results"]] == ["school", "w-8"]


@pytest.mark.parametrize("path", ["merge/", "unmerge/", "split/", "unsplit/", "children/", "relations/", "watchers/"])
def test_an_observer_and_a_reading_token_change_nothing(program, agent, path):
    """S22, S27."""
    ticket = make_ticket()
    observer = make_staff(Role.OBSERVER, email="otto@desk.example")

    for call in (program(observer), program(agent, "tickets:read")):
        assert call.post(f"tickets/{ticket.pk}/{path}", {}).status_code == 403
