"""How many questions mail asks the database, and that none of them grows with the rows."""

import pytest
from django.db import connection

from mail.actions import deliver
from mail.actions.store import store_raw
from mail.choices import Door, Kind, MailState
from mail.models import OutgoingMail
from tests.factories.mail import NOW, make_mailbox, make_outgoing, raw_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_is_woken(monkeypatch):
    """What a woken worker asks is counted where it works."""
    for module in ("store", "send"):
        monkeypatch.setattr(f"mail.actions.{module}.enqueue_on_commit", lambda name, **arguments: None)


def test_taking_a_mail_over_asks_five_times(django_assert_num_queries):
    mailbox = make_mailbox()

    with django_assert_num_queries(5):  # known? / begin / file / mail / commit
        store_raw(raw=raw_bytes(), mailbox=mailbox, door=Door.SMTP, now=NOW)


@pytest.mark.parametrize("waiting", [1, 300])
def test_queueing_a_reply_asks_as_often_with_one_mail_waiting_as_with_three_hundred(django_assert_num_queries, waiting):
    mailbox = make_mailbox()
    for number in range(waiting):
        make_outgoing(mailbox=mailbox, to="cara@r.example", subject_key="ticket:1", source_key=f"message:{number}")

    with django_assert_num_queries(6):  # ours? / reply address / which / begin / mail / end
        make_outgoing(mailbox=mailbox, to="cara@r.example", subject_key="ticket:1", source_key="message:999")


@pytest.mark.parametrize("waiting", [1, 300])
def test_a_claim_asks_as_often_with_one_mail_waiting_as_with_three_hundred(django_assert_num_queries, waiting):
    mailbox = make_mailbox()
    mails = [make_outgoing(mailbox=mailbox, to=f"p{number}@r.example") for number in range(waiting)]

    with django_assert_num_queries(5):  # begin / lock / claim / number / end
        deliver.claim(mail_id=mails[-1].pk, now=NOW)


def test_finding_what_is_due_uses_the_small_indexes_among_many_finished_mails():
    """Complaint 6, for mail that goes out."""
    mail = make_outgoing(subject_key="ticket:1")
    columns = [
        field.column
        for field in OutgoingMail._meta.concrete_fields
        if field.column not in ("id", "message_id", "state")
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into mail_outgoingmail ({names}, message_id, state) select {names}, '<' || n || '@x>', 'cancelled'"  # noqa: S608
            " from mail_outgoingmail, generate_series(1, 20000) n where id = %s",
            [mail.pk],
        )
        cursor.execute("analyze mail_outgoingmail")
    make_outgoing(mailbox=mail.mailbox, subject_key="ticket:1", kind=Kind.NOTIFICATION)

    plan = deliver._sendable(NOW).order_by("next_attempt_at", "pk").explain()

    assert "outgoing_due" in plan
    assert "Index Scan using outgoing_order" in plan
    assert "Seq Scan" not in plan
    assert OutgoingMail.objects.filter(state=MailState.CANCELLED).count() == 20000
