"""Taking back what one just did, on any page, once (U10, U14): decided by the server."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.accounts import make_staff
from tickets.actions import assign, deeds, details, intake
from tickets.actions.tidy import tidy
from tickets.models import ContactReason, Deed, Message, Team, Ticket
from timers.models import Timer

pytestmark = pytest.mark.django_db

KEPT = [field.attname for field in Ticket._meta.concrete_fields if field.attname not in ("visit", "updated_at")]


def do(desk, name: str, *keys, **typed):
    return desk.post(reverse(f"desk:{name}", args=keys), {"in": "all", **typed})


def facts(ticket: Ticket) -> dict:
    return Ticket.objects.filter(pk=ticket.pk).values(*KEPT).get()


def undo(desk) -> str:
    deed = Deed.objects.latest("pk")
    return desk.post(reverse("desk:undo", args=[deed.pk]), {"in": "all"}, follow=True).content.decode()


ACTS = {
    "assign": lambda: {"to": make_staff("agent", email="somebody@desk.example").pk},
    "take": dict,
    "snooze": lambda: {"until": "tomorrow", "stays": "on"},
    "close": lambda: {"reason": ContactReason.objects.create(name="Held").pk},
    "reason": lambda: {"reason": ContactReason.objects.create(name="Held").pk},
    "wait": dict,
    "hold": dict,
    "follow_up": lambda: {"at": f"{timezone.now().year + 1}-07-01T09:00"},
    "details": lambda: {
        "subject": "Held", "type": "problem", "priority": "urgent", "tags": "w-8, late",
        "team": Team.objects.create(name="Shipping").pk,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_each_deed_stands_in_the_strip_and_is_taken_back_exactly(desk, ticket, name):
    before = facts(ticket)

    do(desk, name, ticket.pk, **ACTS[name]())

    assert facts(ticket) != before
    deed = Deed.objects.get()
    strip = desk.get("/quarantine/").content.decode()  # any page
    assert f'action="{reverse("desk:undo", args=[deed.pk])}"' in strip
    assert deed.text in strip
    page = undo(desk)
    assert f"Taken back: ticket {ticket.pk}." in page
    assert facts(ticket) == before
    assert Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None).count() == 1


@pytest.mark.parametrize(("first", "second"), [("close", "reopen"), ("snooze", "wake")])
def test_what_ended_something_is_taken_back_too(desk, ticket, first, second):
    do(desk, first, ticket.pk, until="tomorrow", unanswered="on")
    before = facts(ticket)

    do(desk, second, ticket.pk)
    undo(desk)

    assert facts(ticket) == before


def test_a_deed_is_taken_back_once_by_whom_it_was_and_not_too_late(desk, agent, lead, ticket, django_client):
    do(desk, "take", ticket.pk)
    deed = Deed.objects.get()
    other = django_client()
    other.force_login(lead)

    assert other.post(reverse("desk:undo", args=[deed.pk])).status_code == 404
    assert desk.post(reverse("desk:undo", args=[0])).status_code == 404
    with pytest.raises(deeds.CannotUndo, match="too late"):
        deeds.undo(deed=deed, by=agent, now=deed.until)
    undo(desk)
    assert "That was taken back already." in undo(desk)
    assert Ticket.objects.get().assignee is None
    assert tidy(now=timezone.now() + timedelta(days=2)) == 1


def test_what_somebody_changed_since_stays(desk, agent, lead, ticket):
    do(desk, "take", ticket.pk)
    assign.assign(ticket=ticket, to=lead, by=lead, now=timezone.now())

    assert f"Somebody changed ticket {ticket.pk} since, so it stays as it is." in undo(desk)

    assert Ticket.objects.get().assignee == lead


def test_only_the_tags_of_the_deed_are_taken_off(desk, agent, lead, ticket):
    details.change(ticket=ticket, tags=["old"], by=lead, now=timezone.now())
    typed = {"subject": ticket.subject, "type": ticket.type, "priority": ticket.priority, "team": ticket.team_id}
    do(desk, "details", ticket.pk, **typed, tags="new")
    details.change(ticket=ticket, tags=["new", "others"], by=lead, now=timezone.now())

    undo(desk)

    assert sorted(Ticket.objects.get().tags) == ["old", "others"]


def test_a_close_is_not_taken_back_over_the_customers_words(desk, ticket):
    do(desk, "close", ticket.pk, unanswered="on")
    intake.add_customer_message(
        ticket=ticket, person=ticket.requester, text="It is not solved.", channel="web", now=timezone.now()
    )
    before = facts(ticket)

    undo(desk)

    assert facts(ticket) == before
    assert Message.objects.filter(ticket=ticket).count() == 2


def test_undoing_a_close_is_read_by_the_customer_where_the_close_was(desk, ticket):
    do(desk, "close", ticket.pk, unanswered="on")
    undo(desk)

    public = list(ticket.events.filter(is_public=True).order_by("pk").values_list("kind", flat=True))
    assert public == ["closed", "undone"]


def test_the_strip_costs_one_query_and_shows_the_last_thing_first(desk, agent, ticket, django_assert_num_queries):
    from tickets.queries_desk.strip import strips_of  # noqa: PLC0415 - measured alone

    do(desk, "take", ticket.pk)
    do(desk, "wait", ticket.pk)

    with django_assert_num_queries(1):
        found = strips_of(agent, timezone.now())

    assert [strip.words for strip in found] == [
        f"Ticket {ticket.pk} waits for the customer",
        f"Ticket {ticket.pk} given to Alma Agent",
    ]
    page = desk.get("/inbox/all/").content.decode()
    assert page.count('data-key="z"') == 1
