"""What wakes mail: tasks and commands only call an action, and bear being called twice, late or for nothing."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mail import tasks
from mail.choices import MailState
from mail.models import Mailbox, OutgoingMail
from tests.factories.mail import make_mailbox, make_outgoing

pytestmark = pytest.mark.django_db


def test_a_wake_up_that_comes_twice_sends_once(sink):
    mail = make_outgoing(now=timezone.now())

    for _ in range(2):
        tasks.deliver_mail.apply(kwargs={"mail_id": mail.pk}, throw=True)

    assert [one.message_id for one in sink.received] == [mail.message_id]


def test_a_wake_up_for_a_mail_that_is_gone_or_not_due_does_nothing(sink):
    later = make_outgoing(now=timezone.now(), not_before=timezone.now() + timedelta(minutes=1))

    tasks.deliver_mail.apply(kwargs={"mail_id": later.pk + 1000}, throw=True)
    tasks.deliver_mail.apply(kwargs={"mail_id": later.pk}, throw=True)

    assert sink.received == []


def test_a_lost_wake_up_costs_one_sweep(sink):
    make_outgoing(now=timezone.now())

    tasks.deliver_due.apply(throw=True)

    assert OutgoingMail.objects.get().state == MailState.SENT


def test_the_sweep_asks_only_for_active_mailboxes_with_a_server(monkeypatch):
    wanted = make_mailbox(imap_host="imap.example")
    make_mailbox()
    make_mailbox(imap_host="imap.example", is_active=False)
    asked = []
    monkeypatch.setattr(tasks, "wake", lambda name, **arguments: asked.append((name, arguments)))

    tasks.fetch_all.apply(throw=True)

    assert asked == [("mail.fetch", {"mailbox_id": wanted.pk})]


def test_a_server_that_cannot_be_reached_is_on_the_row_and_in_the_commands_answer():
    make_mailbox(address="help@desk.example", imap_host="127.0.0.1", imap_port=1, imap_security="none")
    out = StringIO()

    with pytest.raises(CommandError, match="At least one mailbox"):
        call_command("fetch_mail", stdout=out)

    assert out.getvalue().startswith("help@desk.example: 127.0.0.1 cannot be reached")
    assert Mailbox.objects.get().last_error.startswith("127.0.0.1 cannot be reached")


def test_an_address_that_is_no_mailbox_is_refused_by_name():
    with pytest.raises(CommandError, match=r"nobody@desk\.example"):
        call_command("fetch_mail", "nobody@desk.example")


def test_tidying_runs_on_an_empty_house():
    tasks.tidy.apply(throw=True)
