"""SMS and chat, twice, at once and killed in the middle: one message, one ticket, one outcome."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Handle, Person
from tests.factories.accounts import make_staff
from tickets.actions import calls, passing, reply
from tickets.actions.links import new_token
from tickets.choices import Delivery, Passing
from tickets.models import Call, Message, PassedMessage, Ticket

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14035550147"


def at_once(*acts) -> list:
    """What each answers, or the name of its refusal, in threads that start together."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(10)
            return act()
        except (reply.CannotReply, reply.CannotTakeBack, passing.LeaseOver) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def text(id, now, words="Hello"):
    return passing.take_in(channel="sms", provider_id=id, sender=passing.Sender(NUMBER), text=words, now=now)


def test_one_message_handed_in_several_times_at_once_is_one():
    now = timezone.now()

    answers = at_once(*[lambda: text("m1", now)] * 5)

    assert sorted(is_new for _, is_new in answers) == [False] * 4 + [True]
    assert (Ticket.objects.count(), Message.objects.count(), PassedMessage.objects.count()) == (1, 1, 1)
    assert Person.objects.count() == Handle.objects.count() == 1


def test_several_first_messages_of_a_stranger_at_once_make_one_person_and_one_ticket():
    now = timezone.now()

    at_once(*[lambda n=n: text(f"m{n}", now, f"Part {n}") for n in range(5)])

    assert (Ticket.objects.count(), Message.objects.count(), Person.objects.count()) == (1, 5, 1)


def answered(now, *, replies=1):
    agent = make_staff()
    passed, _ = text("m0", now - timedelta(hours=1))
    ticket = passed.message.ticket
    found = []
    for number in range(replies):
        ticket.refresh_from_db()
        found.append(
            reply.reply(
                ticket=ticket, by=agent, text=f"Answer {number}", last_seen=ticket.last_message_id,
                now=now - timedelta(minutes=5),
            )
        )  # fmt: skip
    return agent, found


def test_programs_that_claim_at_once_get_different_messages():
    now = timezone.now()
    answered(now, replies=4)

    claims = at_once(*[lambda: [row.pk for row in passing.claim(channel="sms", most=2, now=now)]] * 4)

    claimed = [pk for rows in claims for pk in rows]
    assert len(claimed) == len(set(claimed)) == 4


def test_taking_back_and_claiming_at_once_have_one_outcome():
    now = timezone.now()
    agent, [message] = answered(now)

    claimed, taken = at_once(
        lambda: len(passing.claim(channel="sms", most=5, now=now)),
        lambda: reply.take_back(message=message, by=agent, now=now),
    )

    message.refresh_from_db()
    outcome = (claimed, taken, message.delivery, message.passed.state)
    assert outcome in [
        (1, "CannotTakeBack", Delivery.PENDING, Passing.SENDING),
        (0, "Answer 0", Delivery.CANCELLED, Passing.CANCELLED),
    ]


def test_two_reports_of_one_claim_and_an_answer_while_words_come_in_end_without_a_deadlock():
    now = timezone.now()
    agent, [message] = answered(now)
    [row] = passing.claim(channel="sms", most=1, now=now)
    ticket = message.ticket

    said = at_once(
        lambda: passing.report(passed=row, lease=row.lease, state="failed", error="No such number", now=now).state,
        lambda: passing.report(passed=row, lease=row.lease, state="failed", error="No such number", now=now).state,
        lambda: text("m9", now)[1],
        lambda: reply.reply(ticket=ticket, by=agent, text="More", last_seen=0, anyway=True, now=now).text,
    )

    assert said == ["failed", "failed", True, "More"]
    assert ticket.events.filter(kind="undelivered").count() == 1


def test_a_process_killed_while_taking_in_loses_and_doubles_nothing(desk):
    """F1 for channels: the program hands the message in again, as it does when no answer came."""
    process = desk("text", 7, FAILPOINT="tickets.passing.taken_in")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert (Ticket.objects.count(), Person.objects.count()) == (0, 0)

    again = desk("text", 7)
    again.stdin.write("go\n")
    again.stdin.flush()

    assert again.stdout.readline().strip() == "new"
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)


def test_one_form_of_a_call_sent_several_times_at_once_is_one_call():
    now, agent, key = timezone.now(), make_staff(), new_token()
    ticket = text("m1", now - timedelta(hours=1))[0].message.ticket
    said = calls.Told("incoming", "spoke", now - timedelta(minutes=5), text="Thirty.")

    logged = at_once(*[lambda: calls.log_call(said=said, ticket=ticket, by=agent, form_key=key, now=now).pk] * 4)

    assert (len(set(logged)), Call.objects.count(), ticket.notes.count() + ticket.messages.count()) == (1, 1, 2)
