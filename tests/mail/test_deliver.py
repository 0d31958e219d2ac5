"""Sending: nothing lost, nothing twice that one Message-ID cannot tell, the others never held up."""

from datetime import timedelta

import pytest

from mail.actions import deliver, reply_address
from mail.actions.send import CannotCancel, CannotRetry, cancel, retry_mail
from mail.choices import ErrorKind, EventKind, Kind, MailState
from mail.models import AddressHealth, OutgoingMail
from tests.factories.mail import make_mailbox, make_outgoing
from timers.models import Timer

pytestmark = pytest.mark.django_db


def told(kind):
    return list(Timer.objects.filter(kind=kind).order_by("pk").values_list("subject", "number"))


def test_a_due_mail_is_sent_once_and_says_when(sink, clock):
    mail = make_outgoing(to="cara@robotics.example", source_key="message:34", subject_key="ticket:12")

    state = deliver.deliver_one(mail_id=mail.pk, clock=clock)
    again = deliver.deliver_one(mail_id=mail.pk, clock=clock)

    assert (state, again) == (MailState.SENT, None)
    assert [one.recipient for one in sink.received] == ["cara@robotics.example"]
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at, mail.attempts, mail.leased_until) == (MailState.SENT, clock(), 1, None)
    assert list(mail.events.values_list("kind", "detail")) == [(EventKind.ACCEPTED, "2.0.0 Taken")]
    assert told("tickets.delivery_sent") == [(34, 1)]


def test_451_is_tried_again_later_with_the_same_message_id_F15(sink, clock):
    sink.script = ["451", "450 rcpt", "ok"]
    mail = make_outgoing(source_key="message:34")

    for minutes in (0, 1, 2):
        clock.later(minutes=minutes)
        deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.last_error) == (MailState.SENT, 3, "")
    assert [one.message_id for one in sink.received] == [mail.message_id]
    assert told("tickets.delivery_failed") == []


def test_a_mail_that_was_put_off_waits_for_its_time_F15(sink, clock):
    sink.script = ["451"]
    mail = make_outgoing()

    deliver.deliver_due(limit=10, clock=clock)
    clock.later(seconds=59)
    tried = deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (tried, mail.state, mail.error_kind) == (0, MailState.QUEUED, ErrorKind.TEMPORARY)
    assert mail.last_error == "451 4.3.0 Busy"


@pytest.mark.parametrize("step", ["550 rcpt", "550", "554"])
def test_a_refusal_fails_at_once_and_its_owner_is_told_F15_case_101(sink, clock, step):
    sink.script = [step]
    mail = make_outgoing(source_key="message:34")

    deliver.deliver_due(limit=10, clock=clock)
    clock.later(days=1)
    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.error_kind) == (MailState.FAILED, 1, ErrorKind.PERMANENT)
    assert mail.last_error.startswith(step[:3])
    assert told("tickets.delivery_failed") == [(34, 1)]
    assert sink.received == []


def test_an_unknown_address_rests_and_the_rest_ends_by_itself_case_87(sink, clock):
    sink.script = ["550 rcpt"]
    make_outgoing(to="gone@customer.example")
    deliver.deliver_due(limit=10, clock=clock)

    health = AddressHealth.objects.get()
    paused = make_outgoing(to="Gone@Customer.example", kind=Kind.NOTIFICATION, now=clock())
    person = make_outgoing(to="gone@customer.example", kind=Kind.REPLY, now=clock())
    later = make_outgoing(to="gone@customer.example", kind=Kind.NOTIFICATION, now=clock.later(days=1, seconds=1))

    assert health.suppressed_until - health.last_failed_at == timedelta(days=1)
    assert (paused.state, person.state, later.state) == (MailState.CANCELLED, MailState.QUEUED, MailState.QUEUED)


@pytest.mark.parametrize("step", ["drop", "hang"])
def test_a_lost_answer_repeats_the_mail_under_its_own_message_id_F16_case_102(sink, clock, step, monkeypatch):
    monkeypatch.setattr("mail.gateways.TIMEOUT_SECONDS", 1)
    sink.script = [step, "ok"]
    mail = make_outgoing()

    deliver.deliver_due(limit=10, clock=clock)
    mail.refresh_from_db()
    doubt = (mail.state, mail.error_kind)
    clock.later(minutes=1)
    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert doubt == (MailState.QUEUED, ErrorKind.UNKNOWN)
    assert mail.state == MailState.SENT
    assert [one.message_id for one in sink.received] == [mail.message_id] * 2
    assert len(sink.accepted) == 1


def test_a_server_that_is_down_costs_one_attempt_a_round_not_one_a_mail_F17(settings, clock):
    from tests.sinks import free_port  # noqa: PLC0415 - only here nobody may listen

    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    mailbox = make_mailbox()
    for _ in range(5):
        make_outgoing(mailbox=mailbox)

    deliver.deliver_due(limit=10, clock=clock)

    attempts = sorted(OutgoingMail.objects.values_list("attempts", flat=True))
    assert attempts == [0, 0, 0, 0, 1]
    assert "cannot be reached: Connection refused." in OutgoingMail.objects.get(attempts=1).last_error


def test_a_server_that_does_not_answer_is_left_alone_between_two_attempts_F30(sink, settings, clock):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    silent = make_mailbox()
    waiting = [make_outgoing(mailbox=silent) for _ in range(3)]
    own = make_mailbox(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none")

    first = deliver.deliver_due(limit=10, clock=clock)
    clock.later(seconds=5)
    fresh = make_outgoing(mailbox=own, to="cara@r.example", now=clock())
    woken = deliver.deliver_one(mail_id=waiting[1].pk, clock=clock)
    beside = deliver.deliver_one(mail_id=fresh.pk, clock=clock)
    clock.later(seconds=24)
    resting = deliver.deliver_due(limit=10, clock=clock)
    clock.later(seconds=2)
    again = deliver.deliver_due(limit=10, clock=clock)

    assert (first, woken, beside, resting, again) == (1, None, MailState.SENT, 0, 1)
    assert sorted(OutgoingMail.objects.filter(mailbox=silent).values_list("attempts", flat=True)) == [0, 1, 1]
    assert [one.recipient for one in sink.received] == ["cara@r.example"]


def test_a_server_that_works_again_gets_all_that_waited_within_the_rest_F30(sink, settings, clock):
    works = settings.EMAIL_URL
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    mailbox = make_mailbox()
    for number in range(20):
        make_outgoing(mailbox=mailbox, subject=str(number))
    for seconds in (0, 31, 31, 31):  # mails of the first and the second attempt alike
        clock.later(seconds=seconds)
        deliver.deliver_due(limit=50, clock=clock)
    settings.EMAIL_URL = works
    clock.later(seconds=31)
    deliver.deliver_due(limit=50, clock=clock)

    assert len(sink.received) >= 16
    assert OutgoingMail.objects.filter(state=MailState.QUEUED, attempts=0).count() == 0


def test_after_a_day_without_server_all_is_sent_in_order_and_stale_acknowledgements_are_not_F17(sink, clock):
    sink.stop()
    mailbox = make_mailbox()
    acknowledgement = make_outgoing(
        mailbox=mailbox, to="cara@r.example", kind=Kind.ACKNOWLEDGEMENT, subject_key="ticket:1"
    )
    for number in range(12):
        make_outgoing(mailbox=mailbox, to="cara@r.example", subject=f"{number}", subject_key=f"ticket:{number % 3}")
    for _ in range(24):
        deliver.deliver_due(limit=50, clock=clock)
        clock.later(hours=1)

    sink.start()
    for _ in range(10):
        deliver.deliver_due(limit=50, clock=clock)
        clock.later(minutes=10)

    assert OutgoingMail.objects.filter(kind=Kind.REPLY, state=MailState.SENT).count() == 12
    for ticket in range(3):
        subjects = [int(one.message["Subject"]) for one in sink.received if int(one.message["Subject"]) % 3 == ticket]
        assert subjects == sorted(subjects)
        assert len(subjects) == 4
    acknowledgement.refresh_from_db()
    assert (acknowledgement.state, acknowledgement.error_kind) == (MailState.CANCELLED, ErrorKind.STALE)


def test_two_days_without_success_is_a_failure_in_words(settings, clock):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    mail = make_outgoing(source_key="message:34")

    for _ in range(5):
        deliver.deliver_due(limit=10, clock=clock)
        clock.later(hours=11, minutes=59)
    mail.refresh_from_db()
    before = mail.state
    clock.later(minutes=5)
    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (before, mail.state, mail.attempts) == (MailState.QUEUED, MailState.FAILED, 6)
    assert mail.last_error == "Given up after two days. Last: 127.0.0.1 cannot be reached: Connection refused."
    assert len(told("tickets.delivery_failed")) == 1


def test_a_later_mail_of_a_ticket_waits_for_an_earlier_one_but_not_for_a_failed_one(sink, clock):
    mailbox = make_mailbox()
    same = {"mailbox": mailbox, "to": "cara@r.example", "subject_key": "ticket:1"}
    first, second = make_outgoing(subject="first", **same), make_outgoing(subject="second", **same)
    other = make_outgoing(mailbox=mailbox, to="cara@r.example", subject="other", subject_key="ticket:2")
    sink.script = ["451", "ok"]

    deliver.deliver_due(limit=10, clock=clock)
    after_451 = [one.message["Subject"] for one in sink.received]
    sink.script = ["550"]
    clock.later(minutes=1)
    deliver.deliver_due(limit=10, clock=clock)
    deliver.deliver_due(limit=10, clock=clock)

    assert after_451 == ["other"]
    assert [one.message["Subject"] for one in sink.received] == ["other", "second"]
    states = {mail.subject: mail.state for mail in OutgoingMail.objects.all()}
    assert states == {"first": MailState.FAILED, "second": MailState.SENT, "other": MailState.SENT}
    assert (first.pk < second.pk, other.state) == (True, MailState.QUEUED)


def test_a_dead_address_in_copy_does_not_hold_up_the_customer(sink, clock):
    mailbox = make_mailbox()
    make_outgoing(mailbox=mailbox, to="full@r.example", subject_key="ticket:1")
    make_outgoing(mailbox=mailbox, to="cara@r.example", subject_key="ticket:1")
    sink.decide = lambda recipient: "450 rcpt" if recipient == "full@r.example" else "ok"

    deliver.deliver_due(limit=10, clock=clock)

    assert [one.recipient for one in sink.received] == ["cara@r.example"]


def test_the_undo_window_holds_a_mail_back_and_cancel_keeps_it_back_U4(sink, clock):
    mail = make_outgoing(source_key="message:34", not_before=clock() + timedelta(seconds=10))

    deliver.deliver_due(limit=10, clock=clock)
    taken_back = cancel(source_key="message:34", now=clock())
    clock.later(seconds=11)
    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (taken_back, mail.state, sink.received) == (1, MailState.CANCELLED, [])
    assert cancel(source_key="message:34", now=clock()) == 0


def test_undo_takes_back_all_copies_or_none(sink, clock):
    mailbox = make_mailbox()
    sent = make_outgoing(mailbox=mailbox, source_key="message:34", to="a@r.example")
    waiting = make_outgoing(mailbox=mailbox, source_key="message:34", to="b@r.example")
    deliver.deliver_one(mail_id=sent.pk, clock=clock)

    with pytest.raises(CannotCancel):
        cancel(source_key="message:34", now=clock())

    waiting.refresh_from_db()
    assert waiting.state == MailState.QUEUED


def test_a_mail_whose_answer_was_lost_cannot_be_taken_back(sink, clock):
    sink.script = ["drop"]
    make_outgoing(source_key="message:34")
    deliver.deliver_due(limit=10, clock=clock)

    with pytest.raises(CannotCancel):
        cancel(source_key="message:34", now=clock())


def test_a_failed_mail_is_sent_again_as_the_same_mail_case_103(sink, clock):
    sink.script = ["550"]
    mail = make_outgoing(source_key="message:34")
    deliver.deliver_due(limit=10, clock=clock)

    retry_mail(mail=OutgoingMail.objects.get(), now=clock.later(days=3))
    with pytest.raises(CannotRetry):
        retry_mail(mail=mail, now=clock())
    deliver.deliver_due(limit=10, clock=clock)

    assert [one.message_id for one in sink.received] == [mail.message_id]
    assert told("tickets.delivery_sent") == [(34, 2)]


def test_a_sender_that_died_leaves_the_mail_to_the_next_one(sink, clock):
    mail = make_outgoing()
    claimed = deliver.claim(mail_id=mail.pk, now=clock())
    nobody = deliver.deliver_due(limit=10, clock=clock)

    clock.later(minutes=5, seconds=1)
    deliver.deliver_due(limit=10, clock=clock)

    assert (claimed.state, nobody) == (MailState.SENDING, 0)
    assert [one.message_id for one in sink.received] == [mail.message_id]


def test_a_sender_whose_lease_ran_out_records_nothing(sink, clock):
    mail = make_outgoing(source_key="message:34")
    slow = deliver.claim(mail_id=mail.pk, now=clock())
    clock.later(minutes=6)
    deliver.deliver_due(limit=10, clock=clock)

    recorded = deliver.record_success(mail=slow, answer="late", now=clock())

    mail.refresh_from_db()
    assert recorded is False
    assert (mail.state, mail.events.count()) == (MailState.SENT, 1)
    assert told("tickets.delivery_sent") == [(34, 2)]


def test_a_mail_that_cannot_be_put_together_stops_no_other_and_fails_after_five_attempts(sink, clock):
    mailbox = make_mailbox()
    poison = make_outgoing(mailbox=mailbox, source_key="message:34")
    good = make_outgoing(mailbox=mailbox)
    OutgoingMail.objects.filter(pk=poison.pk).update(visible_to="not a list")

    deliver.deliver_due(limit=10, clock=clock)
    poison.refresh_from_db()
    at_first = (poison.state, [one.message_id for one in sink.received])
    for _ in range(6):
        clock.later(minutes=30)
        deliver.deliver_due(limit=10, clock=clock)

    poison.refresh_from_db()
    assert at_first == (MailState.QUEUED, [good.message_id])
    assert (poison.state, poison.attempts, poison.error_kind) == (MailState.FAILED, 5, ErrorKind.PERMANENT)
    assert told("tickets.delivery_failed") == [(34, 5)]


def test_one_connection_serves_a_whole_round(sink, clock):
    mailbox = make_mailbox()
    for _ in range(5):
        make_outgoing(mailbox=mailbox)

    deliver.deliver_due(limit=10, clock=clock)

    assert (len(sink.received), sink.connections) == (5, 1)


def test_a_mailbox_with_its_own_server_does_not_wait_for_another_one_that_is_down(sink, clock, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    make_outgoing(mailbox=make_mailbox())
    own = make_mailbox(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none")
    make_outgoing(mailbox=own, to="cara@r.example")

    deliver.deliver_due(limit=10, clock=clock)

    assert [one.recipient for one in sink.received] == ["cara@r.example"]
    assert reply_address.read_bounce_address(sink.received[0].sender).mailbox == own


def test_without_an_address_of_a_server_mail_becomes_a_file(settings, tmp_path, clock):
    settings.EMAIL_URL, settings.MAIL_OUTBOX = "", tmp_path / "outbox"
    mail = make_outgoing(to="cara@r.example")

    deliver.deliver_due(limit=10, clock=clock)

    files = list((tmp_path / "outbox" / "new").iterdir())
    assert len(files) == 1
    assert b"Delivered-To: cara@r.example" in files[0].read_bytes()
    assert mail.message_id.encode() in files[0].read_bytes()


def test_an_unreadable_email_url_is_said_on_the_row(settings, clock):
    settings.EMAIL_URL = "carrier-pigeon://x"
    mail = make_outgoing()

    deliver.deliver_due(limit=10, clock=clock)

    mail.refresh_from_db()
    assert (mail.state, mail.error_kind) == (MailState.QUEUED, ErrorKind.SETTINGS)
    assert mail.last_error == "EMAIL_URL has to look like smtp+tls://user:password@host:587."
