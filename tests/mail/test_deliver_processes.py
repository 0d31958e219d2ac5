"""Senders that are killed, and several at once: 0 lost, repeats only under the same Message-ID (F15, F16, I2)."""

from collections import Counter
from functools import partial

import pytest
from django.db import connection, connections
from django.utils import timezone

from mail.actions import deliver
from mail.actions.send import CannotCancel, cancel, queue_mail
from mail.addresses import Address
from mail.choices import Kind, MailState
from mail.models import OutgoingMail
from tests.factories.mail import NOW, make_mailbox, make_outgoing
from tests.mail.processes import at_once, python

pytestmark = pytest.mark.django_db(transaction=True)

DELIVER = """
from datetime import timedelta
from django.utils import timezone
from mail.actions import deliver
late = timedelta(minutes={minutes})
deliver.deliver_due(limit=100, clock=lambda: timezone.now() + late)
"""


@pytest.mark.parametrize(("point", "copies"), [("mail.deliver.claimed", 1), ("mail.deliver.sent_not_recorded", 2)])
def test_a_sender_killed_mid_way_loses_nothing_and_repeats_under_one_message_id_F16(sink, point, copies):
    mail = make_outgoing(now=timezone.now(), source_key="message:34")

    killed = python(DELIVER.format(minutes=0), FAILPOINT=point)
    mail.refresh_from_db()
    left = mail.state
    python(DELIVER.format(minutes=1))  # the lease still holds
    held = len(sink.received)
    python(DELIVER.format(minutes=6))

    mail.refresh_from_db()
    assert (killed.returncode, left, held) == (-9, MailState.SENDING, copies - 1), killed.stderr
    assert (mail.state, mail.last_error) == (MailState.SENT, "")
    assert [one.message_id for one in sink.received] == [mail.message_id] * copies
    assert mail.events.count() == 1


def test_four_senders_at_once_send_every_mail_once_and_in_order(sink, clock):
    mailbox = make_mailbox()
    for number in range(24):
        make_outgoing(mailbox=mailbox, to=f"p{number % 4}@r.example", subject=str(number), subject_key="ticket:1")

    for _ in range(8):
        at_once(*[lambda: deliver.deliver_due(limit=50, clock=clock)] * 4)

    assert Counter(one.message["Subject"] for one in sink.received) == {str(number): 1 for number in range(24)}
    for person in range(4):
        numbers = [int(one.message["Subject"]) for one in sink.to(f"p{person}@r.example")]
        assert numbers == sorted(numbers)
    assert OutgoingMail.objects.filter(state=MailState.SENT, attempts=1).count() == 24


def test_through_a_hostile_server_with_killed_senders_nothing_is_lost_F15_F16_I2(sink):
    mailbox = make_mailbox()
    refused = {f"p{number}@r.example" for number in (3, 17, 31)}
    for number in range(40):
        to, subject_key = f"p{number}@r.example", f"ticket:{number % 5}"
        make_outgoing(mailbox=mailbox, to=to, subject_key=subject_key, now=timezone.now())
    sink.share = {"451": 0.1, "drop": 0.05, "cut": 0.05}
    by_chance = sink.by_chance
    sink.decide = lambda recipient: "550 rcpt" if recipient in refused else by_chance()
    minutes = 0
    for kill in range(4):
        at_once(
            partial(python, DELIVER.format(minutes=minutes), FAILPOINT=f"mail.deliver.sent_not_recorded:{kill + 2}"),
            partial(python, DELIVER.format(minutes=minutes), FAILPOINT=f"mail.deliver.claimed:{kill + 3}"),
        )
        minutes += 30
    for _ in range(12):
        python(DELIVER.format(minutes=minutes))
        minutes += 30
        if not OutgoingMail.objects.unfinished().exists():
            break

    states = Counter(OutgoingMail.objects.values_list("state", flat=True))
    assert states == {MailState.SENT: 37, MailState.FAILED: 3}
    assert set(OutgoingMail.objects.failed().values_list("to_address", flat=True)) == refused
    for mail in OutgoingMail.objects.filter(state=MailState.SENT):
        ids = {one.message_id for one in sink.to(mail.to_address)}
        assert ids == {mail.message_id}
        assert any(one.answered for one in sink.to(mail.to_address))


def test_a_database_that_restarts_between_sending_and_recording_doubles_nothing_F6_F8(sink, clock):
    mail = make_outgoing(source_key="message:34")
    senders = connections["default"]  # the one of this thread, looked up here

    def cut():
        with connection.cursor() as cursor:  # a thread's own connection
            cursor.execute("select pg_terminate_backend(%s)", [senders.connection.info.backend_pid])
            return cursor.fetchall()

    cuts = []
    sink.decide = lambda recipient: cuts.extend(at_once(cut)) or "ok"
    state = deliver.deliver_one(mail_id=mail.pk, clock=clock)
    clock.later(minutes=6)
    deliver.deliver_due(limit=10, clock=clock)

    assert [row for rows in cuts for row in rows] == [(True,)]
    assert (state, len(sink.received)) == (MailState.SENT, 1)
    assert mail.events.count() == 1


def test_a_second_round_leaves_a_server_that_keeps_the_first_one_waiting_F30(sink, clock):
    slow, other = make_mailbox(), make_mailbox(smtp_host="127.0.0.1", smtp_port=1, smtp_security="none")
    for number in range(3):
        make_outgoing(mailbox=slow, to=f"p{number}@r.example")
    elsewhere = make_outgoing(mailbox=other)
    rounds = []

    def decide(recipient):
        if not rounds:
            rounds.append("runs")
            rounds[:] = at_once(lambda: deliver.deliver_due(limit=10, clock=clock))
        return "ok"

    sink.decide = decide
    first = deliver.deliver_due(limit=10, clock=clock)

    assert (rounds, first) == ([1], 3)
    elsewhere.refresh_from_db()
    assert (elsewhere.attempts, len(sink.received)) == (1, 3)


def test_undo_and_send_at_once_end_in_one_of_the_two(sink, clock):
    for number in range(12):
        mail = make_outgoing(source_key=f"message:{number}", to=f"p{number}@r.example")

        undone, _ = at_once(
            lambda number=number: cancel(source_key=f"message:{number}", now=NOW),
            lambda mail=mail: deliver.deliver_one(mail_id=mail.pk, clock=clock),
        )

        mail.refresh_from_db()
        arrived = len(sink.to(f"p{number}@r.example"))
        if isinstance(undone, CannotCancel):
            assert (mail.state, arrived) == (MailState.SENT, 1)
        else:
            assert (undone, mail.state, arrived) == (1, MailState.CANCELLED, 0)


def test_a_reply_asked_for_four_times_at_once_is_written_once():
    mailbox = make_mailbox()

    def ask():
        return queue_mail(
            kind=Kind.REPLY, mailbox=mailbox, to=Address("cara@r.example"), subject="Re", text="x",
            subject_key="ticket:1", source_key="message:1", now=NOW,
        ).pk  # fmt: skip

    results = at_once(*[ask] * 4)

    assert len(set(results)) == 1
    assert OutgoingMail.objects.count() == 1


def test_limits_hold_when_eight_senders_count_at_once_case_86(sink, clock):
    mailbox = make_mailbox()
    mails = [make_outgoing(mailbox=mailbox, to="cara@r.example", kind=Kind.NOTIFICATION).pk for _ in range(16)]

    at_once(*[lambda pk=pk: deliver.deliver_one(mail_id=pk, clock=clock) for pk in mails])

    assert len(sink.received) == 10
    assert OutgoingMail.objects.filter(state=MailState.CANCELLED).count() == 6
