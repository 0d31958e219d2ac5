"""A merge, or its undoing, in the very moment between reading where a message stands and locking that ticket."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.tickets import make_ticket
from tickets.actions import delivery, held, intake, merge, passing, reply
from tickets.choices import Category, Delivery
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 20


@contextmanager
def in_between(act: Callable[[], object]) -> Iterator[None]:
    """Begin `act` while the block's changes are not committed, and let it go on once it waits for their locks."""

    def run():
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            yield
            going = pool.submit(run)
            _wait_until_blocked()
        going.result(PATIENCE_SECONDS)


def _wait_until_blocked() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("It did not wait for the merge.")


@pytest.fixture
def by() -> Person:
    return make_staff()


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_a_failed_delivery_follows_its_reply_to_the_survivor(by):
    """Complaint 16 beside complaint 20: it puts the ticket on top in which the reply stands."""
    now = timezone.now()
    into, gone = make_ticket(), make_ticket(subject="Again")
    message = reply.reply(ticket=gone, by=by, text="Thirty.", last_seen=gone.last_message_id, now=now)
    OutgoingMail.objects.filter(kind="reply").update(state="failed", last_error="No such user")

    with in_between(lambda: delivery.note_delivery(message_id=message.pk, now=now)):
        merge.merge(ticket=gone, into=into, by=by, now=now, invite=True)

    assert (again(into).has_failed_delivery, again(into).came_back) == (True, "A reply was not delivered")
    assert (again(gone).has_failed_delivery, again(gone).category) == (False, Category.CLOSED)
    assert Message.objects.get(pk=message.pk).delivery == Delivery.FAILED


def test_a_reported_failure_follows_its_message_to_the_survivor(by):
    now = timezone.now()
    into = make_ticket()
    sender = passing.Sender("+14035550147")
    first, _ = passing.take_in(channel="sms", provider_id="m0", sender=sender, text="Hello", now=now)
    gone = first.message.ticket
    reply.reply(ticket=gone, by=by, text="Thirty.", last_seen=first.message_id, now=now - timedelta(minutes=5))
    [passed] = passing.claim(channel="sms", most=1, now=now)

    with in_between(lambda: passing.report(passed=passed, lease=passed.lease, state="failed", error="No", now=now)):
        merge.merge(ticket=gone, into=into, by=by, now=now, invite=True)

    assert (again(into).has_failed_delivery, again(gone).has_failed_delivery) == (True, False)
    assert again(gone).category == Category.CLOSED


def scheduled(ticket: Ticket, by: Person, now, *, then: str = "closed") -> Message:
    return reply.reply(
        ticket=ticket, by=by, text="Thirty.", last_seen=again(ticket).last_message_id, now=now, then=then,
        send_at=now + timedelta(hours=1),
    )  # fmt: skip


def leaves(message: Message, now) -> None:
    OutgoingMail.objects.filter(source_key=f"message:{message.pk}").update(state="sent", sent_at=now)
    delivery.note_delivery(message_id=message.pk, now=now)


@pytest.mark.parametrize("then", ["closed", "waiting"])
def test_a_scheduled_reply_that_leaves_while_merged_closes_nothing_and_counts_where_it_belongs(by, then):
    """It was to close the ticket it was written on. The survivor stays as it is, merged and apart again."""
    now, at = timezone.now(), timezone.now() + timedelta(hours=1)
    into, gone = make_ticket(now=now), make_ticket(subject="Again", now=now)
    message = scheduled(gone, by, now, then=then)
    merge.merge(ticket=gone, into=into, by=by, now=now)

    leaves(message, at)
    leaves(message, at)

    assert (again(into).category, again(into).first_responded_at, again(into).snoozed_until) == (
        Category.NEW, at, None,
    )  # fmt: skip
    assert list(into.events.filter(kind="changed").values_list("text", flat=True)) == [
        f"A reply that was written on ticket {gone.pk} has left. This ticket stays as it was."
    ]

    merge.unmerge(ticket=gone, by=by, now=at)

    assert (again(into).category, again(into).first_responded_at, again(into).waiting_since) == (
        Category.NEW, None, now,
    )  # fmt: skip
    assert (again(gone).category, again(gone).first_responded_at, again(gone).waiting_since) == (
        Category.NEW, at, None,
    )  # fmt: skip


def test_a_scheduled_reply_that_went_back_before_it_left_closes_its_own_ticket_only(by):
    now = timezone.now()
    into, gone = make_ticket(), make_ticket(subject="Again")
    message = scheduled(gone, by, now)
    merge.merge(ticket=gone, into=into, by=by, now=now)
    OutgoingMail.objects.filter(kind="reply").update(state="sent", sent_at=now)

    with in_between(lambda: delivery.note_delivery(message_id=message.pk, now=now + timedelta(hours=1))):
        merge.unmerge(ticket=gone, by=by, now=now + timedelta(minutes=1))

    assert (again(gone).category, again(into).category) == (Category.CLOSED, Category.NEW)
    assert again(into).first_responded_at is None


def test_a_reply_that_waits_for_its_hour_is_no_answer_when_words_come_apart(by):
    """The customer of the survivor waits on, however its words are counted anew."""
    now = timezone.now()
    into, gone = make_ticket(now=now), make_ticket(subject="Again", now=now)
    merge.merge(ticket=gone, into=into, by=by, now=now)
    scheduled(into, by, now + timedelta(minutes=1))

    merge.unmerge(ticket=gone, by=by, now=now + timedelta(minutes=2))

    assert (again(into).first_responded_at, again(into).waiting_since) == (None, now)


def test_held_words_are_decided_about_where_they_stand_now(by):
    now = timezone.now()
    into, gone = make_ticket(), make_ticket(subject="Again")
    stranger, words = make_person(), intake.Words(text="Let me in")
    waiting = intake.hold_words(ticket=gone, person=stranger, words=words, channel="mail", reason="Why", now=now)

    with in_between(lambda: held.accept_message(message=waiting, by=by, now=now)):
        merge.merge(ticket=gone, into=into, by=by, now=now, invite=True)

    assert not Message.objects.get(pk=waiting.pk).is_held
    assert into.participants.filter(person=stranger).exists()
    assert again(gone).category == Category.CLOSED
