"""Snooze by letters, words and conditions (U10), and closing with its reason (U14)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets import conditions
from tickets.actions import learn, snooze, state
from tickets.choices import Category
from tickets.clocks import promise_for
from tickets.forms.snooze import moments
from tickets.forms.times import moment_in
from tickets.models import ContactReason, ReasonWord, Ticket
from tickets.queries_desk.reasons import reasons_for
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db


def do(desk, name: str, *keys, **typed):
    return desk.post(reverse(f"desk:{name}", args=keys), {"in": "all", **typed})


FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)

WORDS = [
    ("in 3 days", "2026-03-09 15:00"),
    ("in 2 weeks", "2026-03-20 15:00"),
    ("tomorrow", "2026-03-07 09:00"),
    ("next monday 9am", "2026-03-09 09:00"),
    ("Monday", "2026-03-09 09:00"),
    ("next friday", "2026-03-13 09:00"),
    ("9 march", "2026-03-09 09:00"),
    ("march 9th at 14:30", "2026-03-09 14:30"),
    ("9 Mar 2026 noon", None),
    ("1 jan", "2027-01-01 09:00"),
    ("tomorrow noon", "2026-03-07 12:00"),
    ("2026-03-10 08:15", "2026-03-10 08:15"),
    ("31 june", None),
    ("whenever", None),
    ("in 99999 days", None),
    ("30 february", None),
    ("\x00", None),
    ("९ मार्च", None),
]


@pytest.mark.parametrize(("typed", "expected"), WORDS)
def test_a_time_is_read_as_people_write_it(typed, expected):
    found = moment_in(typed, FRIDAY)

    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == expected


def test_tomorrow_is_the_next_open_morning_in_the_readers_zone(customer):
    """Business calendar and the person's zone: after Friday comes Monday."""
    make_mailbox()
    promise = promise_for(make_ticket(requester=customer))

    with timezone.override("America/New_York"):
        found = moments(FRIDAY, promise.calendar)
    with timezone.override("UTC"):
        plain = moments(FRIDAY, None)

    assert found["tomorrow"].weekday() == 0
    assert plain["tomorrow"] == datetime(2026, 3, 7, 9, 0, tzinfo=UTC)
    assert all(FRIDAY < at <= FRIDAY + timedelta(days=14) for at in [*found.values(), *plain.values()])


@pytest.mark.parametrize("word", ["later", "tomorrow", "week", "longest", "answer"])
def test_each_letter_puts_the_ticket_away(desk, ticket, word):
    page = desk.get(reverse("desk:snooze", args=[ticket.pk])).content.decode()
    assert f'value="{word}"' in page

    do(desk, "snooze", ticket.pk, until=word, stays="on")

    ticket.refresh_from_db()
    assert timezone.now() < ticket.snoozed_until <= timezone.now() + timedelta(days=14)
    assert (ticket.wakes_on, ticket.stays_snoozed) == ("answer" if word == "answer" else "", True)


def test_a_snooze_until_the_answer_says_that_none_came(agent, ticket):
    """U10: the list says why it came back. No window of days: the trap of Chatwoot's three days."""
    state.set_waiting(ticket=ticket, by=agent, now=WEDNESDAY)
    snooze.snooze(ticket=ticket, until=WEDNESDAY + timedelta(days=2), by=agent, wakes_on=snooze.ANSWER, now=WEDNESDAY)

    sweep(now=WEDNESDAY + timedelta(days=400))

    ticket.refresh_from_db()
    assert (ticket.snoozed_until, ticket.wakes_on) == (None, "")
    assert ticket.came_back == "No answer in time"


def test_every_snooze_wakes_after_a_long_outage(agent, customer):
    """Trap: Chatwoot wakes only snoozes of the last three days."""
    make_mailbox()
    rows = [make_ticket(requester=customer, now=WEDNESDAY) for _ in range(3)]
    for days, row in enumerate(rows, 1):
        snooze.snooze(ticket=row, until=WEDNESDAY + timedelta(days=days), by=agent, now=WEDNESDAY)

    sweep(now=WEDNESDAY + timedelta(days=30))

    assert not Ticket.objects.snoozed().exists()


@pytest.fixture
def invoices():
    conditions.register(
        "invoice_paid", late="Not paid in time",
        offers=lambda ticket: [conditions.Offer(f"invoice_paid:{ticket.pk}", "INV-10482 is paid")],
    )  # fmt: skip
    yield
    conditions.forget("invoice_paid")


def test_a_ticket_waits_until_an_invoice_is_paid(desk, ticket, invoices):
    """U10: or on payment if chosen. Billing fulfils the condition."""
    assert "When INV-10482 is paid" in desk.get(reverse("desk:snooze", args=[ticket.pk])).content.decode()
    condition = f"invoice_paid:{ticket.pk}"

    refused = do(desk, "snooze", ticket.pk, until="paid", condition="invoice_paid:999")
    assert "That cannot be waited for any more." in refused.content.decode()
    do(desk, "snooze", ticket.pk, condition=condition)

    ticket.refresh_from_db()
    assert ticket.wakes_on == condition
    now = timezone.now()
    assert snooze.wake_for(condition=condition, why="INV-10482 is paid", now=now) == 1
    assert snooze.wake_for(condition=condition, why="INV-10482 is paid", now=now) == 0
    ticket.refresh_from_db()
    assert (ticket.snoozed_until, ticket.came_back) == (None, "INV-10482 is paid")


def test_closing_while_the_customer_waits_needs_a_reason_or_a_word(desk, ticket):
    """U14, and a close without an answer is counted."""
    page = desk.get(reverse("desk:close", args=[ticket.pk])).content.decode()
    assert "waits for an answer" in page

    asked = do(desk, "close", ticket.pk, reason="", in_dialog="yes")

    assert asked.status_code == 422
    assert "Close it unanswered" in asked.content.decode()
    assert Ticket.objects.get().category == Category.NEW
    assert do(desk, "close", ticket.pk, reason="", unanswered="on", in_dialog="yes").status_code == 303
    assert Ticket.objects.filter(category="closed", closed_unanswered=True, contact_reason=None).count() == 1


def test_a_reason_is_given_without_closing(desk, ticket):
    reason = ContactReason.objects.create(name="Held shipment")

    assert do(desk, "reason", ticket.pk, reason=reason.pk)["Location"] == f"/inbox/all/{ticket.pk}/"

    ticket.refresh_from_db()
    assert (ticket.category, ticket.contact_reason) == (Category.NEW, reason)


def closed_as(agent, customer, reason, subject, text, times=3):
    for _ in range(times):
        ticket = make_ticket(requester=customer, subject=subject, text=text)
        state.close_ticket(ticket=ticket, by=agent, reason=reason, now=WEDNESDAY)
        learn.learn_reason(ticket_id=ticket.pk)


def test_the_guess_learns_from_what_was_closed_and_says_why(agent, customer, stranger, django_assert_num_queries):
    """U14: pre-guessed. The reasons' names say nothing here; only earlier closes do."""
    make_mailbox()
    one, two = (ContactReason.objects.create(name=name) for name in ("Alpha", "Beta"))
    closed_as(agent, customer, one, "Robot arm does not move", "The gripper motor is stuck after the firmware update.")
    closed_as(
        agent, customer, two, "Change our delivery address", "We moved. Please ship the parcel to the new school."
    )
    asked = make_ticket(requester=stranger, subject="Gripper stuck", text="Since the firmware update it will not move.")

    with django_assert_num_queries(2):
        guess = next(reason for reason in reasons_for(asked) if reason.is_guess)

    assert guess.name == "Alpha"
    assert set(guess.because) & {"gripper", "stuck", "firmwar", "update"}
    other = make_ticket(requester=stranger, subject="New parcel address", text="We moved to another school.")
    assert next(reason.name for reason in reasons_for(other) if reason.is_guess) == "Beta"
    unknown = make_ticket(requester=stranger, subject="Zzyzx", text="Qwerty uiop")
    assert not any(reason.is_guess for reason in reasons_for(unknown))


def test_reasons_stand_by_likelihood_then_by_use_and_digits_follow(desk, agent, customer, stranger):
    """U14: the second guess is the second key. The names are out of order on purpose."""
    make_mailbox()
    names = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon")
    alpha, beta, gamma, delta, _ = (ContactReason.objects.create(name=name) for name in names)
    closed_as(agent, customer, gamma, "Gripper stuck", "The motor is stuck after the firmware update.", times=4)
    closed_as(agent, customer, delta, "Motor is loud", "It rattles after the firmware update.", times=2)
    closed_as(agent, customer, beta, "New parcel address", "We moved to the new school.", times=3)
    asked = make_ticket(requester=stranger, subject="Gripper stuck", text="Since the firmware update it rattles.")

    page = desk.get(reverse("desk:close", args=[asked.pk]))

    shown = re.findall(r'name="reason" value="(\d+)"[^>]*data-key="(\d)"', page.content.decode())
    found = [(ContactReason.objects.get(pk=pk).name, key) for pk, key in shown]
    assert found == [("Gamma", "1"), ("Delta", "2"), ("Beta", "3"), ("Alpha", "4"), ("Epsilon", "5")]
    assert [reason.is_guess for reason in page.context["reasons"]] == [True, False, False, False, False]

    Ticket.objects.filter(pk=asked.pk).update(contact_reason=alpha)
    kept = desk.get(reverse("desk:close", args=[asked.pk])).context["reasons"]
    assert [reason.name for reason in kept] == ["Alpha", "Gamma", "Delta", "Beta", "Epsilon"]


def test_a_lesson_is_counted_once_and_taken_out_again(agent, customer):
    make_mailbox()
    reason, other = (ContactReason.objects.create(name=name) for name in ("Alpha", "Beta"))
    closed_as(agent, customer, reason, "Gripper stuck", "It is stuck.", times=1)
    ticket = Ticket.objects.get()
    learn.learn_reason(ticket_id=ticket.pk)

    assert ReasonWord.objects.get(reason=reason, word="").tickets == 1
    state.set_reason(ticket=ticket, reason=other, by=agent, now=WEDNESDAY)
    learn.learn_reason(ticket_id=ticket.pk)
    assert ReasonWord.objects.get(reason=reason, word="gripper").tickets == 0
    assert ReasonWord.objects.get(reason=other, word="gripper").tickets == 1


def test_the_zone_of_the_agent_counts(desk, agent, ticket):
    Person.objects.filter(pk=agent.pk).update(time_zone="America/New_York")

    do(desk, "snooze", ticket.pk, until="at", at=f"{timezone.now() + timedelta(days=3):%Y-%m-%d} 09:00")

    ticket.refresh_from_db()
    assert ticket.snoozed_until.hour in (13, 14)
