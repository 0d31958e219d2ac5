"""`verify_invariants` (security.md I1–I3, I9, I10): silent on a sound desk, and each check names the broken row."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

import timers
from accounts import journal
from accounts.choices import Role
from mail.models import OutgoingMail, RawMail
from supportdesk.faults.invariants import violations
from tests.factories.accounts import make_staff
from tests.factories.mail import make_file, make_raw
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import calls, passing
from tickets.actions.note import add_note
from tickets.actions.reply import reply
from tickets.models import Message, PassedMessage, TicketEvent
from timers.models import Timer

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=11)
SECRET = "Do not tell the school that the motors were recalled."


@pytest.fixture
def sound():
    """A ticket that was answered a second ago, with a note."""
    ticket = make_ticket(now=NOW)
    agent = make_staff(Role.AGENT)
    add_note(ticket=ticket, by=agent, text=SECRET, now=NOW)
    return reply(ticket=ticket, by=agent, text="It is on its way.", last_seen=ticket.last_message_id + 9, now=NOW)


def found(now: datetime = NOW) -> set[tuple[str, str]]:
    return {(each.invariant, each.row) for each in violations(now=now)}


def execute(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_a_sound_desk_breaks_nothing(sound):
    assert found() == set()


def test_I1_a_mail_that_became_a_ticket_without_a_message_is_named(sound):
    raw = make_raw_row("done", outcome="ticket", done_at=NOW)

    assert found() == {("I1", f"rawmail:{raw.pk}")}


def test_I1_a_mail_that_says_not_what_it_became_is_named(sound):
    raw = make_raw_row("done", outcome="", done_at=NOW)

    assert found() == {("I1", f"rawmail:{raw.pk}")}


def test_I1_a_bounce_with_a_message_is_named(sound):
    raw = make_raw_row("done", outcome="bounce", done_at=NOW)
    Message.objects.filter(pk=sound.pk).update(raw=raw)

    assert found() == {("I1", f"rawmail:{raw.pk}")}


def test_I1_a_mail_that_nobody_reads_is_named_after_ten_minutes(sound):
    raw = make_raw_row("pending")

    assert found() == set()
    assert ("I1", f"rawmail:{raw.pk}") in found(LATER)


def test_I1_a_mail_whose_bytes_are_gone_is_named(sound):
    raw = make_raw_row("quarantined", reason_code="no_sender")
    raw.file.key = "00/nothing"
    raw.file.save(update_fields=["key"])

    assert found() == {("I1", f"rawmail:{raw.pk}")}


def test_I1_a_ticket_without_words_is_named(sound):
    Message.objects.all().delete()

    assert ("I1", f"ticket:{sound.ticket_id}") in found()


def test_I2_a_reply_without_a_mail_is_named(sound):
    OutgoingMail.objects.all().delete()

    assert found() == {("I2", f"message:{sound.pk}")}


def test_I2_an_answer_by_sms_is_sound_until_it_says_something_else_than_its_road(sound):
    passed, _ = passing.take_in(channel="sms", provider_id="1", sender=passing.Sender("+1403"), text="Hi", now=NOW)
    texted = passed.message.ticket
    answer = reply(ticket=texted, by=sound.person, text="Yes.", last_seen=passed.message_id, now=NOW)
    said = calls.Told("incoming", "missed", NOW, number="+1403")
    calls.log_call(said=said, person=texted.requester, subject="Rang", by=sound.person, now=NOW)
    assert found() == set()

    PassedMessage.objects.filter(message=answer).update(state="failed")

    assert found() == {("I2", f"passed:{answer.passed.pk}")}


def test_I2_a_reply_that_never_learnt_of_its_failure_is_named(sound):
    OutgoingMail.objects.update(state="failed", last_error="550 no")

    assert found() == {("I2", f"message:{sound.pk}")}


def test_I2_a_mail_that_nobody_sends_is_named_after_ten_minutes(sound):
    mail = OutgoingMail.objects.get()

    assert ("I2", f"outgoing:{mail.pk}") in found(LATER)


def test_I2_a_mail_that_its_sender_left_behind_is_named(sound):
    mail = OutgoingMail.objects.get()
    OutgoingMail.objects.update(state="sending", leased_until=NOW)

    assert ("I2", f"outgoing:{mail.pk}") in found(LATER)


def test_I3_an_unsolved_ticket_that_nobody_looks_at_is_named(sound):
    Timer.objects.filter(kind="tickets.look").delete()

    assert found() == {("I3", f"ticket:{sound.ticket_id}")}


def test_I3_a_timer_of_an_older_visit_does_not_count(sound):
    Timer.objects.filter(kind="tickets.look").update(visit=0)

    assert found() == {("I3", f"ticket:{sound.ticket_id}")}


def test_I3_a_second_timer_of_one_ticket_is_named(sound):
    timers.schedule(kind="tickets.look", subject=sound.ticket_id, visit=99, due_at=LATER)

    assert found() == {("I3", f"ticket:{sound.ticket_id}")}


def test_I3_a_late_timer_is_named_unless_it_says_why(sound):
    timer = Timer.objects.get(kind="tickets.look")
    Timer.objects.update(due_at=NOW, try_at=NOW)

    assert ("I3", f"timer:{timer.pk}") in found(LATER)
    Timer.objects.update(last_error="The handler failed.")
    assert ("I3", f"timer:{timer.pk}") not in found(LATER)


def test_I3_overdue_told_without_a_notice_is_named(sound):
    TicketEvent.objects.create(ticket_id=sound.ticket_id, kind="overdue", text="Reply is overdue.", created_at=NOW)

    assert found() == {("I3", f"ticket:{sound.ticket_id}")}


def test_I9_a_changed_journal_row_is_named(sound):
    journal.record(by=None, action="tests.one", subject="tests:1", now=NOW)
    entry = journal.record(by=None, action="tests.two", subject="tests:2", now=NOW)
    execute("set constraints all immediate")
    execute("alter table accounts_journalentry disable trigger user")
    execute("update accounts_journalentry set action = 'tests.three' where number = %s", entry.number)

    assert found() == {("I9", f"journal:{entry.number}")}


def test_I10_a_note_in_a_mail_of_its_ticket_is_named(sound):
    mail = OutgoingMail.objects.get()
    OutgoingMail.objects.update(text=f"It is on its way.\n\n> {SECRET}\n")

    assert found() == {("I10", f"outgoing:{mail.pk}")}


def test_I10_a_note_in_a_mail_of_another_ticket_is_named(sound):
    mail = OutgoingMail.objects.get()
    OutgoingMail.objects.update(subject=f"Fwd: {SECRET}", subject_key="")

    assert found() == {("I10", f"outgoing:{mail.pk}")}


def test_the_command_prints_rows_as_json_and_fails(sound):
    OutgoingMail.objects.all().delete()
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify_invariants", stdout=out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ended.value.code == 1
    assert {"invariant": "I2", "says": "an agent's message has its mails", "row": f"message:{sound.pk}",
            "detail": "pending"} in lines  # fmt: skip
    assert lines[-1] == {"violations": len(lines) - 1}


def test_the_command_is_content_with_an_empty_desk():
    out = StringIO()

    call_command("verify_invariants", stdout=out)

    assert json.loads(out.getvalue()) == {"violations": 0}


@pytest.mark.django_db(transaction=True)
def test_I1_mail_taken_through_the_door_breaks_nothing():
    make_raw(mailbox=make_mailbox(), now=timezone.now())

    assert found(timezone.now()) == set()


def make_raw_row(state: str, **values: object) -> RawMail:
    """A raw mail as a row alone: the door commits, which a test's transaction does not allow."""
    return RawMail.objects.create(
        mailbox=make_mailbox(), file=make_file(), sha256="0" * 64, size=7, door="smtp", received_at=NOW, state=state,
        **values,
    )  # fmt: skip
