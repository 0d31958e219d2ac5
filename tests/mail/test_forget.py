"""Codes and links do not stand in the database for ever (S36)."""

from datetime import timedelta

import pytest

from mail.actions.forget import forget_sent_words
from mail.actions.send import CannotRetry, queue_mail, retry_mail
from mail.addresses import Address
from mail.choices import Kind, MailState
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_mailbox

pytestmark = pytest.mark.django_db


def sent(kind: Kind, **fields) -> OutgoingMail:
    cara = Address("cara@robotics.example")
    mail = queue_mail(kind=kind, mailbox=make_mailbox(), to=cara, subject="Code", text="1234-5678", now=WEDNESDAY)
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=WEDNESDAY, **fields)
    mail.refresh_from_db()
    return mail


def test_S36_the_words_of_a_sent_code_are_gone_after_a_day_and_a_reply_stays():
    code, reply = sent(Kind.TRANSACTIONAL), sent(Kind.REPLY)

    assert forget_sent_words(now=WEDNESDAY + timedelta(hours=23)) == 0
    assert forget_sent_words(now=WEDNESDAY + timedelta(hours=25)) == 1

    code.refresh_from_db()
    reply.refresh_from_db()
    assert (code.text, reply.text) == ("", "1234-5678")
    assert forget_sent_words(now=WEDNESDAY + timedelta(hours=26)) == 0


def test_S36_what_has_not_left_keeps_its_words():
    mail = sent(Kind.TRANSACTIONAL)
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.FAILED, last_error="550 no")

    assert forget_sent_words(now=WEDNESDAY + timedelta(days=9)) == 0


def test_a_mail_without_words_is_not_sent_again():
    mail = sent(Kind.TRANSACTIONAL, text="")
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.FAILED, last_error="it came back")

    with pytest.raises(CannotRetry, match="removed a day after"):
        retry_mail(mail=mail, now=WEDNESDAY)

    assert OutgoingMail.objects.get(pk=mail.pk).state == MailState.FAILED
