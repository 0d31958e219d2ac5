"""A POST that is sent again because its answer was lost has one effect."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions.api_requests import KEPT_FOR, Answer, act_once
from accounts.actions.tidy import tidy
from accounts.models import ApiRequest
from mail.models import OutgoingMail
from tests.factories.tickets import make_ticket
from tickets.models import Message, Note, Ticket

RIGHT = {"requester": {"email": "cara@school.example"}, "subject": "Kits", "text": "How many?"}


@pytest.mark.django_db
def test_the_same_key_gets_the_same_answer_and_one_ticket(program, agent):
    who = program(agent)

    first, again = (who.post("tickets/", RIGHT, Idempotency_Key="order-7") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["Location"] == again.headers["Location"] == first.json()["url"]
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_for_another_request_is_refused(program, agent):
    who, ticket = program(agent), make_ticket()
    who.post("tickets/", RIGHT, Idempotency_Key="order-7")

    others = [who.post("tickets/", {**RIGHT, "text": "Other"}, Idempotency_Key="order-7"),
              who.post(f"tickets/{ticket.pk}/notes/", {"text": "x"}, Idempotency_Key="order-7")]  # fmt: skip

    assert [(a.status_code, a.json()["error"]["code"]) for a in others] == [(422, "key_reused")] * 2
    assert (Ticket.objects.count(), Note.objects.count()) == (2, 0)


@pytest.mark.django_db
def test_the_order_of_names_does_not_make_another_request(program, agent):
    who = program(agent)
    who.post("tickets/", RIGHT, Idempotency_Key="k")

    assert who.post("tickets/", dict(reversed(RIGHT.items())), Idempotency_Key="k").status_code == 201
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_its_person(program, agent, lead):
    for person in (agent, lead):
        assert program(person).post("tickets/", RIGHT, Idempotency_Key="k").status_code == 201

    assert Ticket.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_request_leaves_its_key_free_for_the_mended_one(program, agent):
    who, ticket = program(agent), make_ticket()
    stale = {"text": "Hello", "last_seen": 0}

    assert who.post(f"tickets/{ticket.pk}/reply/", stale, Idempotency_Key="k").status_code == 409
    assert not ApiRequest.objects.exists()
    mended = {**stale, "last_seen": ticket.last_message_id}
    assert who.post(f"tickets/{ticket.pk}/reply/", mended, Idempotency_Key="k").status_code == 201
    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db
def test_a_repeated_reply_is_answered_as_before_though_it_would_be_stale_now(program, agent):
    who, ticket = program(agent), make_ticket()
    body = {"text": "Hello", "last_seen": ticket.last_message_id}

    answers = [who.post(f"tickets/{ticket.pk}/reply/", body, Idempotency_Key="k") for _ in range(3)]

    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert OutgoingMail.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "é", "a\tb"])
def test_a_key_that_cannot_be_is_refused(program, agent, key):
    answer = program(agent).post("tickets/", RIGHT, Idempotency_Key=key)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == ["Idempotency-Key"]
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_an_action_that_breaks_leaves_neither_key_nor_effect(agent):
    def act() -> Answer:
        make_ticket()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        act_once(person=agent, key="k", fingerprint="f", act=act, now=timezone.now())

    assert not (ApiRequest.objects.exists() or Ticket.objects.exists())


@pytest.mark.django_db
def test_keys_and_the_words_in_their_answers_are_forgotten_after_a_day(agent):
    now = timezone.now()
    for age, key in [(KEPT_FOR + timedelta(seconds=1), "old"), (KEPT_FOR - timedelta(seconds=1), "young")]:
        act_once(person=agent, key=key, fingerprint="f", act=lambda: Answer(201, {"text": "x"}), now=now - age)

    tidy(now=now)

    assert list(ApiRequest.objects.values_list("key", flat=True)) == ["young"]


def at_once(calls) -> list:
    """What each of `calls` returns, all started together on threads with connections of their own."""
    start, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call) -> None:
        start.wait()
        try:
            found[place] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("round_", range(3))
def test_eight_at_once_with_one_key_are_one_reply(transactional_db, program, agent, round_):
    who, ticket = program(agent), make_ticket()
    body = {"text": "Hello", "last_seen": ticket.last_message_id}

    answers = at_once([lambda: who.post(f"tickets/{ticket.pk}/reply/", body, Idempotency_Key="k")] * 8)

    assert [a.status_code for a in answers] == [201] * 8
    assert len({a.json()["id"] for a in answers}) == 1
    assert sum("Idempotent-Replayed" in a.headers for a in answers) == 7
    assert (Message.objects.filter(author="agent").count(), OutgoingMail.objects.count()) == (1, 1)


def test_two_at_once_without_a_key_are_one_reply_and_one_that_is_told(transactional_db, program, agent):
    who, ticket = program(agent), make_ticket()
    body = {"text": "Hello", "last_seen": ticket.last_message_id}

    answers = at_once([lambda: who.post(f"tickets/{ticket.pk}/reply/", body)] * 2)

    assert sorted(a.status_code for a in answers) == [201, 409]
    assert OutgoingMail.objects.count() == 1


def test_two_at_once_with_keys_of_their_own_are_two_tickets_for_one_person(transactional_db, program, agent):
    who = program(agent)

    answers = at_once([lambda key=key: who.post("tickets/", RIGHT, Idempotency_Key=key) for key in "abcd"])

    assert [a.status_code for a in answers] == [201] * 4
    assert Ticket.objects.count() == 4
    assert len({a.json()["requester"]["id"] for a in answers}) == 1
