"""A mail to a customer, from a template, from the mailbox that they may answer to."""

from datetime import datetime

from django.template.loader import render_to_string

from mail.actions.send import queue_mail
from mail.addresses import Address, one_line
from mail.choices import Kind
from mail.models import Mailbox, OutgoingMail


def send_letter(
    *, to: Address, subject: str, words: str, context: dict, source_key: str, now: datetime, opt_out_scope: str = ""
) -> OutgoingMail:
    """Put the mail `mail/billing/<words>.txt` into the outbox. Belongs in the transaction of what it tells.

    `name` in the template is the reader's, on one line. `opt_out_scope` puts the way to stop such mails into it.
    """
    text = render_to_string(f"mail/billing/{words}.txt", {"name": one_line(to.name, 100), **context})
    return queue_mail(
        kind=Kind.TRANSACTIONAL,
        mailbox=Mailbox.objects.default(),
        to=to,
        subject=subject,
        text=text.strip() + "\n",
        source_key=source_key,
        opt_out_scope=opt_out_scope,
        now=now,
    )
