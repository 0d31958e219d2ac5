"""F32: a database that was restored sends nothing until a person has looked at what waits."""

import os
import subprocess
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from mail.actions import deliver, outbox
from mail.choices import ErrorKind, MailState
from mail.models import Home, OutgoingMail
from supportdesk.lib import cluster
from tests.factories.mail import make_outgoing
from tests.mail.processes import at_once, environment, python

DELIVER = """
from django.utils import timezone
from mail.actions import deliver
print(deliver.deliver_due(limit=100, clock=timezone.now))
"""


@pytest.fixture
def moved(db, clock):
    """Mail left from here, from a database that was another one."""
    Home.objects.create(identity="1.2.3", since=clock() - timedelta(days=3))


def test_a_first_start_and_all_later_ones_send(db, sink, clock):
    first, second = make_outgoing(), make_outgoing()

    deliver.deliver_due(limit=1, clock=clock)
    deliver.deliver_one(mail_id=second.pk, clock=clock)

    assert [one.message_id for one in sink.received] == [first.message_id, second.message_id]
    assert Home.objects.count() == 1


def test_what_waited_in_a_backup_and_what_is_written_since_stays_F32(moved, sink, clock):
    old = make_outgoing(now=clock() - timedelta(hours=1))
    woken = deliver.deliver_one(mail_id=old.pk, clock=clock)
    new = make_outgoing(now=clock())
    tried = deliver.deliver_due(limit=10, clock=clock)

    for mail in (old, new):
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.error_kind) == (MailState.QUEUED, 0, ErrorKind.HELD)
        assert mail.last_error == outbox.HELD
    assert (woken, tried, sink.received) == (None, 0, [])
    assert (outbox.look(now=clock()).old, outbox.look(now=clock()).new) == (1, 1)


@pytest.mark.parametrize(("leave_out", "subjects"), [(False, ["old", "new"]), (True, ["new"])])
def test_a_person_lets_go_what_waits_or_leaves_the_old_out_F32(moved, sink, clock, leave_out, subjects):
    old = make_outgoing(subject="old", now=clock() - timedelta(hours=1))
    deliver.deliver_due(limit=10, clock=clock)
    make_outgoing(subject="new", now=clock())
    later = make_outgoing(subject="later", now=clock() - timedelta(hours=1), not_before=clock() + timedelta(hours=1))

    waited = outbox.resume(now=clock(), leave_out=leave_out)
    deliver.deliver_due(limit=10, clock=clock)
    clock.later(hours=2)
    deliver.deliver_due(limit=10, clock=clock)

    old.refresh_from_db(), later.refresh_from_db()
    assert (waited.old, waited.new) == (1, 1)
    assert [one.message["Subject"] for one in sink.received] == [*subjects, "later"]
    assert (old.state, old.last_error) == ((MailState.CANCELLED, outbox.LEFT_OUT) if leave_out else ("sent", ""))


def test_letting_go_twice_is_refused_and_changes_nothing_F32(moved, clock):
    outbox.resume(now=clock(), leave_out=True)
    mail = make_outgoing(now=clock())

    with pytest.raises(outbox.NotPaused, match="Mail leaves already"):
        outbox.resume(now=clock() + timedelta(hours=1), leave_out=True)

    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_two_who_let_go_at_once_are_one_and_a_refusal_F32(sink, clock):
    Home.objects.create(identity="1.2.3", since=clock())
    make_outgoing(now=clock() - timedelta(hours=1))

    results = at_once(*[lambda: outbox.resume(now=clock(), leave_out=True)] * 2)

    assert sorted(type(one).__name__ for one in results) == ["NotPaused", "Outbox"]
    assert OutgoingMail.objects.get().state == MailState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_eight_who_notice_a_copy_at_once_write_one_home_F32(clock):
    Home.objects.create(identity="1.2.3", since=clock())

    assert at_once(*[lambda: outbox.is_paused(now=clock())] * 8) == [True] * 8
    assert Home.objects.count() == 2


def test_the_command_says_pauses_and_resumes(db, sink, clock):
    def say(*words):
        out = StringIO()
        call_command("outbox", *words, stdout=out)
        return out.getvalue().strip()

    assert say("status") == "Mail leaves."
    assert say("pause").startswith("Mail is paused since ")
    make_outgoing()
    assert deliver.deliver_due(limit=10, clock=clock) == 0
    assert say("pause").endswith(": 1 written before wait, 0 written since.")
    assert say("resume", "--leave-out") == "Mail leaves again: 0 to send, 1 left out."
    with pytest.raises(CommandError, match="Mail leaves already"):
        say("resume")


@pytest.fixture
def copy(transactional_db):
    """A function that makes a backup of this database and restores it into another one; answers its name."""
    known, binaries = connection.get_connection_params(), cluster.find_binaries()
    name = f"{known['dbname']}_copy"
    server = {**os.environ, "PGHOST": str(known["host"]), "PGUSER": known["user"], "PGPASSWORD": known["password"]}
    server |= {"PGPORT": str(known["port"])} if "port" in known else {}

    def run(program, *words):
        subprocess.run([binaries / program, *words], env=server, check=True, capture_output=True)

    def restore(folder: Path) -> str:
        run("pg_dump", "-Fc", "-f", folder / "desk.dump", known["dbname"])
        run("createdb", name)
        run("pg_restore", "-d", name, folder / "desk.dump")
        return name

    yield restore
    run("dropdb", "--if-exists", "--force", name)


def test_a_real_backup_that_is_restored_stays_quiet_while_the_original_sends_F32(copy, sink, tmp_path):
    outbox.is_paused(now=make_outgoing().created_at)
    before = environment()["DATABASE_URL"]
    name = copy(tmp_path)
    address = urlsplit(before)._replace(path=f"/{name}").geturl()

    in_the_copy = python(DELIVER, DATABASE_URL=address)
    at_home = python(DELIVER)

    assert in_the_copy.stdout.strip() == "0", in_the_copy.stderr
    assert at_home.stdout.strip() == "1", at_home.stderr
    assert len(sink.received) == 1
