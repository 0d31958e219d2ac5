"""The SMTP door: a promise is given after the commit and not before."""

import smtplib
import socket

import pytest
from django.db import connection
from django.utils import timezone

from mail.models import Mailbox, RawMail
from tests.factories.mail import make_mailbox, raw_bytes
from tests.mail.processes import at_once, listener, until
from tests.sinks import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def send(port: int, raw: bytes, *, to=("help@desk.example",), sender="cara@robotics.example"):
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        return smtp.sendmail(sender, list(to), raw)


@pytest.fixture
def mailboxes(transactional_db):
    """Two of ours, one with an alias."""
    make_mailbox(address="help@desk.example", aliases=("hilfe@desk.example",))
    make_mailbox(address="sales@desk.example")


@pytest.fixture(scope="module")
def running(django_db_setup):
    """One listener for every test that does not hurt it."""
    port = free_port()
    with listener(port):
        yield port


@pytest.fixture
def shared(running, mailboxes) -> int:
    """Where the shared listener takes mail."""
    return running


@pytest.fixture
def port(mailboxes) -> int:
    """Where a listener of the test's own will be."""
    return free_port()


def test_a_mail_is_committed_when_the_sender_hears_250(shared):
    raw = raw_bytes()

    send(shared, raw, to=["Help+1z.abc@Desk.example"])

    row = RawMail.objects.get()
    assert (row.read(), row.door, row.mailbox.address) == (raw, "smtp", "help@desk.example")
    assert (row.envelope_from, row.envelope_to) == ("cara@robotics.example", "Help+1z.abc@Desk.example")
    assert row.received_at <= timezone.now()


def test_one_mail_to_two_mailboxes_is_two_and_to_two_addresses_of_one_is_one_case_70(shared):
    send(shared, raw_bytes(), to=["help@desk.example", "hilfe@desk.example", "sales@desk.example"])
    send(shared, raw_bytes(), to=["help@desk.example"])

    kept = sorted(RawMail.objects.values_list("mailbox__address", flat=True))
    assert kept == ["help@desk.example", "help@desk.example", "sales@desk.example"]


def test_an_unknown_recipient_is_refused_and_the_known_one_still_gets_the_mail(shared):
    refused = send(shared, raw_bytes(), to=["nobody@desk.example", "help@desk.example"])
    with pytest.raises(smtplib.SMTPRecipientsRefused) as all_refused:
        send(shared, raw_bytes(), to=["victim@elsewhere.example"])

    assert refused == {"nobody@desk.example": (550, b"5.1.1 There is no such mailbox here.")}
    assert all_refused.value.recipients["victim@elsewhere.example"][0] == 550
    assert RawMail.objects.count() == 1


def test_a_mail_over_25_megabytes_is_refused_with_552_and_the_next_one_is_taken(shared):
    huge = raw_bytes() + (b"x" * 76 + b"\r\n") * 340_000

    with smtplib.SMTP("127.0.0.1", shared, timeout=60) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused) as by_size:
            smtp.sendmail("cara@robotics.example", ["help@desk.example"], huge)
        smtp.ehlo()
        smtp.mail("cara@robotics.example")
        smtp.rcpt("help@desk.example")
        by_content = smtp.data(huge)
        smtp.sendmail("cara@robotics.example", ["help@desk.example"], raw_bytes())

    assert (by_size.value.smtp_code, by_content[0]) == (552, 552)
    assert RawMail.objects.count() == 1


def test_hostile_bytes_arrive_as_they_were_sent(shared):
    raw = b'From: "\r\nSubject: \xff\xfe\r\nX-Long: ' + b"a" * 100_000 + b"\r\n\r\n.\r\n..\r\n\x00\x01 caf\xe9\r\n"

    send(shared, raw, sender="")

    assert RawMail.objects.get().read() == raw


def test_while_the_database_is_away_the_sender_is_asked_to_come_back_F7(port):
    gone = {"DATABASE_URL": f"postgres://nobody:x@127.0.0.1:{free_port()}/gone"}

    with listener(port, **gone), pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(port, raw_bytes())

    assert refused.value.recipients["help@desk.example"][0] == 451
    assert RawMail.objects.count() == 0


def test_a_connection_that_the_database_cuts_costs_one_451_and_heals_F8(port):
    with listener(port, PGAPPNAME="test_listener"):
        send(port, raw_bytes())
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'test_listener'"
            )
            assert cursor.rowcount == 1
        codes = []
        for _ in range(6):
            try:
                send(port, raw_bytes())
                codes.append(250)
            except smtplib.SMTPRecipientsRefused as error:
                codes.append(error.recipients["help@desk.example"][0])
            except smtplib.SMTPDataError as error:
                codes.append(error.smtp_code)

    assert set(codes) <= {250, 451}
    assert codes[-1] == 250
    assert RawMail.objects.count() == 1 + codes.count(250)


def test_a_storage_that_cannot_be_written_is_a_452_F22(port, tmp_path):
    (tmp_path / "files").write_text("a file where the folder should be")

    with listener(port, VAR_DIR=str(tmp_path)), pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, raw_bytes())

    assert refused.value.smtp_code == 452
    assert RawMail.objects.count() == 0


@pytest.mark.parametrize(("point", "kept"), [("mail.store.written", 0), ("mail.store.committed", 1)])
def test_a_listener_killed_before_its_answer_loses_and_doubles_nothing_F1(port, point, kept):
    raw = raw_bytes()

    with listener(port, FAILPOINT=point) as process:
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
            send(port, raw)
        process.wait(10)
        assert (process.returncode, RawMail.objects.count()) == (-9, kept)
    with listener(port):
        send(port, raw)

    assert [row.read() for row in RawMail.objects.all()] == [raw]


def test_the_same_mail_by_eight_connections_at_once_is_one_F18(shared):
    raw = raw_bytes()

    results = at_once(*[lambda: send(shared, raw)] * 8)

    assert results == [{}] * 8
    assert RawMail.objects.count() == 1


def test_one_connection_brings_as_many_mails_as_it_likes(shared):
    with smtplib.SMTP("127.0.0.1", shared, timeout=20) as smtp:
        for number in range(250):
            smtp.sendmail("cara@robotics.example", ["help@desk.example"], raw_bytes(subject=str(number)))

    subjects = RawMail.objects.order_by("pk").values_list("subject_line", flat=True)
    assert list(subjects) == [str(number) for number in range(250)]


def test_the_connection_too_many_is_turned_away_and_the_others_go_on(port):
    with listener(port):
        open_ones = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
        for one in open_ones:
            assert one.recv(3) == b"220"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one_too_many:
            answer = one_too_many.recv(100)
        for one in open_ones:
            one.close()
        until(lambda: _takes(port))

    assert answer.startswith(b"421 4.3.2")
    assert RawMail.objects.count() == 1


def _takes(port: int) -> bool:
    try:
        return send(port, raw_bytes()) == {}
    except (smtplib.SMTPException, OSError):
        return False


def test_a_mailbox_that_was_closed_takes_nothing(shared):
    Mailbox.objects.filter(address="help@desk.example").update(is_active=False)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(shared, raw_bytes())
