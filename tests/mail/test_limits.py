"""Loops end, floods end, and no address is silenced for good."""

from collections import Counter
from datetime import timedelta

import pytest

from mail.actions import deliver, reach
from mail.actions.bounces import find_mail, record_bounce
from mail.actions.limits import TO_ONE_ADDRESS, TO_ONE_ADDRESS_ABOUT_ONE_SUBJECT, forget_old_counts
from mail.choices import EventKind, Kind, MailState
from mail.models import AddressHealth, OutgoingMail, SendCounter
from tests.factories.mail import NOW, make_mailbox, make_outgoing
from timers.models import Timer

pytestmark = pytest.mark.django_db


def states():
    return Counter(OutgoingMail.objects.values_list("state", flat=True))


def test_five_hundred_tickets_in_a_victims_name_are_two_acknowledgements_an_hour_S12(sink, clock):
    mailbox = make_mailbox()
    for number in range(500):
        make_outgoing(
            mailbox=mailbox, to="victim@v.example", kind=Kind.ACKNOWLEDGEMENT, source_key=f"acknowledgement:{number}"
        )

    for _ in range(6):
        deliver.deliver_due(limit=100, clock=clock)
        clock.later(minutes=10)

    assert 1 <= len(sink.received) <= 2


def test_two_desks_that_answer_each_other_stop_after_three_mails_a_day_S13(sink, clock):
    mailbox = make_mailbox()
    for number in range(200):
        make_outgoing(
            mailbox=mailbox, to="desk@other.example", kind=Kind.ACKNOWLEDGEMENT, source_key=f"ack:{number}", now=clock()
        )
        deliver.deliver_due(limit=10, clock=clock)
        clock.later(minutes=5)

    assert len(sink.received) == 3


def send_many(clock, count, minutes_between, **fields):
    """Queue, claim and record one by one, without a server; when each that may leave did so."""
    mailbox, sent_at = make_mailbox(), []
    for number in range(count):
        keys = {name: value.format(number) for name, value in fields.items()}
        mail = make_outgoing(mailbox=mailbox, kind=Kind.NOTIFICATION, now=clock(), **keys)
        claimed = deliver.claim(mail_id=mail.pk, now=clock())
        if claimed.state == MailState.SENDING:
            deliver.record_success(mail=claimed, answer="250", now=clock())
            sent_at.append(clock())
        clock.later(minutes=minutes_between)
    return sent_at


def assert_within(limits, sent_at):
    for most, minutes in limits:
        for start in sent_at:
            assert sum(start <= at < start + timedelta(minutes=minutes) for at in sent_at) <= most


@pytest.mark.parametrize(("minutes_between", "at_least"), [(0, 10), (2, 60), (5, 100)])
@pytest.mark.parametrize("subject_key", ["ticket:1", ""])
def test_mail_to_one_address_about_one_subject_stays_below_every_limit_case_82_case_86(
    clock, minutes_between, at_least, subject_key
):
    sent_at = send_many(clock, 150, minutes_between, to="agent@a.example", subject_key=subject_key)

    assert_within(TO_ONE_ADDRESS_ABOUT_ONE_SUBJECT, sent_at)
    assert at_least <= len(sent_at) < 150
    assert states() == {MailState.SENT: len(sent_at), MailState.CANCELLED: 150 - len(sent_at)}
    held_back = OutgoingMail.objects.filter(state=MailState.CANCELLED).first()
    assert "already got many automatic mails" in held_back.last_error


def test_mail_to_one_address_about_many_subjects_has_a_wider_limit_case_86(clock):
    sent_at = send_many(clock, 100, 0, to="agent@a.example", subject_key="ticket:{}")

    assert_within(TO_ONE_ADDRESS, sent_at)
    assert len(sent_at) == 30


def test_many_people_hear_about_one_subject(clock):
    assert len(send_many(clock, 60, 0, to="p{}@a.example", subject_key="ticket:1")) == 60


def test_a_persons_replies_are_never_limited(sink, clock):
    mailbox = make_mailbox()
    for number in range(20):
        make_outgoing(mailbox=mailbox, to="cara@r.example", subject_key="ticket:1", source_key=f"message:{number}")

    for _ in range(20):
        deliver.deliver_due(limit=100, clock=clock)

    assert len(sink.received) == 20
    assert SendCounter.objects.count() == 0


def test_a_retry_is_not_counted_again(sink, clock):
    sink.script = ["451", "451", "ok"]
    make_outgoing(kind=Kind.NOTIFICATION, to="agent@a.example")

    for _ in range(4):
        deliver.deliver_due(limit=10, clock=clock)
        clock.later(minutes=10)

    assert SendCounter.objects.get(key="to:agent@a.example").count == 1


def test_old_counts_are_removed():
    SendCounter.objects.create(key="to:a", minute=NOW - timedelta(days=3), count=1)
    SendCounter.objects.create(key="to:a", minute=NOW, count=1)

    assert (forget_old_counts(now=NOW), SendCounter.objects.count()) == (1, 1)


@pytest.mark.parametrize("kind", [Kind.ACKNOWLEDGEMENT, Kind.NOTIFICATION, Kind.BULK])
def test_automatic_mail_never_goes_to_a_mailbox_of_ours_case_71_case_80(kind):
    mailbox = make_mailbox(address="help@desk.example")
    make_mailbox(address="sales@desk.example", aliases=("verkauf@desk.example",))

    made = [
        make_outgoing(mailbox=mailbox, to=to, kind=kind)
        for to in ("Help@desk.example", "help+1z.x@desk.example", "sales@desk.example", "verkauf@desk.example")
    ]

    assert {one.state for one in made} == {MailState.CANCELLED}
    assert make_outgoing(mailbox=mailbox, to="sales@desk.example", kind=Kind.REPLY).state == MailState.QUEUED
    assert make_outgoing(mailbox=mailbox, to="help+x@desk.example", kind=Kind.REPLY).state == MailState.CANCELLED


def deliver_now(sink, clock, **fields):
    mail = make_outgoing(now=clock(), **fields)
    deliver.deliver_one(mail_id=mail.pk, clock=clock)
    mail.refresh_from_db()
    return mail, sink.received[-1]


def test_a_bounce_finds_its_mail_by_the_envelope_address_alone_and_by_the_message_id(sink, clock):
    mail, received = deliver_now(sink, clock, source_key="message:34")

    assert find_mail(recipients=["other@x.example", received.sender.upper()]) == mail
    assert find_mail(original_message_id=received.message_id.upper()) == mail
    assert find_mail(original_message_id="<guess@desk.example>", recipients=["help+b.1.aaaa@desk.example"]) is None
    assert find_mail() is None


def test_a_bounce_fails_the_mail_once_and_tells_its_owner_once_case_101(sink, clock):
    mail, _ = deliver_now(sink, clock, source_key="message:34")

    new = [
        record_bounce(mail=mail, action="failed", status="5.1.1", diagnostic="550 no", event_id="raw:1", now=clock())
        for _ in range(2)
    ]

    mail.refresh_from_db()
    assert (new, mail.state, mail.last_error) == ([True, False], MailState.FAILED, "550 no")
    assert Timer.objects.filter(kind="tickets.delivery_failed", subject=34).count() == 1


def test_delayed_is_kept_and_is_not_a_failure_case_91(sink, clock):
    mail, _ = deliver_now(sink, clock, source_key="message:34")

    record_bounce(mail=mail, action="delayed", status="4.4.1", diagnostic="still trying", now=clock())

    mail.refresh_from_db()
    assert mail.state == MailState.SENT
    assert mail.events.order_by("pk").last().kind == EventKind.DELAYED
    assert Timer.objects.filter(kind="tickets.delivery_failed").count() == 0
    assert AddressHealth.objects.count() == 0


def test_pauses_grow_end_by_themselves_and_never_touch_a_persons_reply_case_87(clock):
    pauses = []
    for _ in range(5):
        health = reach.note_failure(address="Gone@x.example", status="5.1.1", now=clock())
        pauses.append((health.suppressed_until - clock()).days)
        assert make_outgoing(to="gone@x.example", kind=Kind.REPLY, now=clock()).state == MailState.QUEUED
        assert make_outgoing(to="gone@x.example", kind=Kind.TRANSACTIONAL, now=clock()).state == MailState.QUEUED
        assert make_outgoing(to="gone@x.example", kind=Kind.NOTIFICATION, now=clock()).state == MailState.CANCELLED
        clock.later(days=8)

    assert pauses == [1, 3, 7, 7, 7]
    assert not reach.is_paused("gone@x.example", clock())


def test_a_full_mailbox_rests_only_after_three_failures_case_82(clock):
    states = []
    for _ in range(3):
        reach.note_failure(address="full@x.example", status="5.2.2", now=clock())
        states.append(reach.is_paused("full@x.example", clock()))
        clock.later(minutes=1)
    clock.later(days=1)
    reach.note_failure(address="full@x.example", status="4.2.2", now=clock())

    assert states == [False, False, True]
    assert reach.is_paused("full@x.example", clock())


def test_a_mail_from_an_address_or_a_delivery_to_it_ends_the_pause_at_once_case_87(sink, clock):
    mail, _ = deliver_now(sink, clock, to="cara@r.example")
    reach.note_failure(address="cara@r.example", status="5.1.1", now=clock())
    ended = reach.note_life(address="Cara@R.example")
    reach.note_failure(address="cara@r.example", status="5.1.1", now=clock())

    record_bounce(mail=mail, action="delivered", now=clock())

    assert (ended, AddressHealth.objects.count()) == (True, 0)
    assert reach.note_life(address="cara@r.example") is False


def test_a_bounce_after_a_lost_answer_ends_the_retries(sink, clock):
    sink.script = ["drop"]
    mail = make_outgoing(source_key="message:34")
    deliver.deliver_due(limit=10, clock=clock)

    record_bounce(mail=mail, status="5.1.1", now=clock())
    clock.later(hours=1)
    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (mail.state, len(sink.received)) == (MailState.FAILED, 1)
