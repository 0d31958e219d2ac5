"""Deliveries by Standard Webhooks: signed, once when all is well, tried again when not, replayed when asked."""

from datetime import timedelta

import pytest
from django.db import connection

from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import state
from timers.actions.sweep import sweep
from timers.models import Timer
from webhooks.actions import deliver, endpoints, replay, tidy
from webhooks.actions.publish import publish
from webhooks.choices import State
from webhooks.models import Delivery, Endpoint, Event

pytestmark = pytest.mark.django_db


def send(endpoint, clock) -> int:
    return deliver.deliver_to(endpoint_id=endpoint.pk, clock=clock)


def something(now=WEDNESDAY, subject="ticket:1") -> Event:
    return publish(type="ticket.updated", subject_key=subject, data={"n": 1}, now=now)


def test_an_event_arrives_once_and_proves_who_sent_it(endpoint, receiver, clock):
    ticket = make_ticket()

    assert (send(endpoint, clock), send(endpoint, clock)) == (2, 0)

    assert receiver.types == ["ticket.created", "message.created"]
    first, second = receiver.calls
    assert first.headers["content-type"] == "application/json"
    assert first.is_signed_by(endpoint.plain) and not first.is_signed_by("whsec_AAAA")
    assert first.headers["webhook-timestamp"] == str(int(clock().timestamp()))
    assert [call.json["sequence"] for call in receiver.calls] == [1, 2]
    assert first.json["data"]["ticket"]["id"] == ticket.pk
    assert second.json["data"]["message"]["text"] == "We have thirty pupils."
    assert {row.state for row in Delivery.objects.all()} == {State.DONE}


def test_a_failure_is_tried_again_by_the_schedule_and_given_up_after_three_days(endpoint, receiver, clock):
    something()
    receiver.script = [500] * 20
    spans = []
    for _ in range(10):
        assert send(endpoint, clock) == 1
        assert send(endpoint, clock) == 0
        row = Delivery.objects.get()
        if row.state == State.WAITING:
            spans.append((row.next_attempt_at - clock()).total_seconds())
            clock.now = row.next_attempt_at

    hours = [0, 0, 0.5, 2, 5, 10, 14, 20, 24]
    floors = [5, 300, *(hour * 3600 for hour in hours[2:])]
    assert all(floor <= span <= floor * 1.1 for floor, span in zip(floors, spans, strict=True))
    assert (row.state, row.last_status, row.last_error) == (State.FAILED, 500, "It answered 500.")
    assert len(receiver.calls) == 10
    assert {call.headers["webhook-id"] for call in receiver.calls} == {Event.objects.get().key}
    assert {call.body for call in receiver.calls} == {Event.objects.get().body.encode()}
    assert list(row.tries.order_by("number").values_list("number", flat=True)) == list(range(1, 11))


def test_a_receiver_that_asks_for_time_gets_it(endpoint, receiver, clock):
    something()
    receiver.script = [(429, {"Retry-After": "3600"}, b"later")]
    send(endpoint, clock)

    row = Delivery.objects.get()
    assert row.next_attempt_at == WEDNESDAY + timedelta(hours=1)
    assert row.tries.get().body == "later"


def test_an_endpoint_that_finds_nobody_rests_and_keeps_no_worker_busy(endpoint, receiver, clock):
    for _ in range(30):
        something()
    receiver.script = ["cut"] * 50

    made = [send(endpoint, clock) for _ in range(3)]

    assert made == [1, 0, 0]
    assert deliver.endpoints_due(now=clock()) == []
    clock.later(seconds=6)
    receiver.script = []
    assert deliver.endpoints_due(now=clock()) == [endpoint.pk]
    assert send(endpoint, clock) == 30
    assert Endpoint.objects.get().failing_since is None


def test_after_five_days_without_success_it_is_switched_off_and_the_admins_are_told_once(
    endpoint, receiver, clock, admin, agent
):
    receiver.script = [500] * 50
    for _ in range(7):
        something(now=clock())
        send(endpoint, clock)
        clock.later(days=1)

    row = Endpoint.objects.get()
    assert (row.is_enabled, row.disabled_reason[:20]) == (False, "Nothing arrived sinc")
    assert not Delivery.objects.exclude(state=State.FAILED).exists()
    for _ in range(2):
        sweep(now=clock())
    told = OutgoingMail.objects.filter(subject="A webhook endpoint was switched off")
    assert [mail.to_address for mail in told] == [admin.email]
    assert publish(type="ticket.updated", subject_key="ticket:1", data={}, now=clock()) is None


def test_a_receiver_that_is_gone_is_switched_off_at_once(endpoint, receiver, clock):
    something()
    receiver.script = [410]
    send(endpoint, clock)

    assert not Endpoint.objects.get().is_enabled
    assert Timer.objects.filter(kind="tickets.webhook_given_up").count() == 1


def test_one_or_all_failed_events_are_replayed_under_their_own_id(endpoint, receiver, clock):
    old, new = something(), something(now=WEDNESDAY + timedelta(hours=3))
    clock.later(hours=3)
    receiver.script = [400, 400]
    send(endpoint, clock)
    Delivery.objects.update(state=State.FAILED, finished_at=clock())

    with pytest.raises(replay.CannotReplay):
        endpoints.switch_off(endpoint=endpoint, reason="By hand", now=clock())
        replay.replay_failed(endpoint=endpoint, since=WEDNESDAY, now=clock())
    endpoints.switch_on(endpoint=endpoint)
    since = WEDNESDAY + timedelta(hours=1)
    assert replay.replay_failed(endpoint=endpoint, since=since, now=clock()) == 1
    assert replay.replay_failed(endpoint=endpoint, since=since, now=clock()) == 0
    send(endpoint, clock)
    replay.replay(delivery=Delivery.objects.get(event=old), now=clock())
    send(endpoint, clock)

    assert [call.headers["webhook-id"] for call in receiver.calls[2:]] == [new.key, old.key]
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_new_secret_signs_beside_the_old_one_for_a_day(endpoint, receiver, clock):
    fresh = endpoints.rotate_secret(endpoint=endpoint, now=clock())
    something()
    send(endpoint, clock)
    clock.later(hours=25)
    something(now=clock())
    send(endpoint, clock)

    during, after = receiver.calls
    assert during.is_signed_by(fresh) and during.is_signed_by(endpoint.plain)
    assert after.is_signed_by(fresh) and not after.is_signed_by(endpoint.plain)


def test_secrets_are_sealed_in_the_database(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("select row_to_json(webhooks_endpoint)::text from webhooks_endpoint")
        stored = cursor.fetchone()[0]

    assert endpoint.plain not in stored
    assert endpoint.plain.startswith("whsec_")


def test_a_test_goes_to_one_endpoint_whatever_it_listens_to(endpoint, receiver, clock):
    endpoints.change_endpoint(endpoint=endpoint, url=receiver.url, description="", events=["ticket.closed"])

    endpoints.send_test(endpoint=endpoint, now=clock())
    send(endpoint, clock)

    assert receiver.types == ["webhook.test"]


@pytest.mark.parametrize(
    ("url", "events", "words"),
    [
        ("https://169.254.169.254/latest/meta-data/", ["ticket.closed"], "private network"),
        ("http://example.com/", ["ticket.closed"], "starts with https://"),
        ("https://example.com/", [], "at least one event"),
        ("https://example.com/", ["note.created"], "that are listed"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_in_words(url, events, words):
    with pytest.raises(endpoints.CannotSetUp, match=words):
        endpoints.make_endpoint(url=url, description="", events=events, now=WEDNESDAY)

    assert Endpoint.objects.count() == 0


def test_old_events_are_forgotten_and_those_on_their_way_stay(endpoint, receiver, clock):
    something()
    send(endpoint, clock)
    waiting = something()

    assert tidy.forget_old_events(now=WEDNESDAY + timedelta(days=29)) == 0
    assert tidy.forget_old_events(now=WEDNESDAY + timedelta(days=31)) == 1
    assert list(Event.objects.all()) == [waiting]


def test_where_nobody_listens_nothing_is_written(agent):
    ticket = make_ticket()
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)

    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)
