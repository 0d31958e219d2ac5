"""Django's own way of sending mail, led through the queue: what a library sends is retried and seen like the rest."""

from collections.abc import Sequence
from email.utils import parseaddr

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from mail.actions.send import queue_mail
from mail.actions.store import which_mailbox
from mail.addresses import Address
from mail.choices import Kind


class QueueBackend(BaseEmailBackend):
    """Writes each message as one transactional mail a recipient. Attachments are refused, not dropped."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue them; answers how many messages. Raises BadAddress, and ValueError for attachments."""
        now = timezone.now()
        for message in email_messages:
            if message.attachments:
                raise ValueError("Mail with attachments is written with mail.actions.send.queue_mail.")
            html = next((one[0] for one in getattr(message, "alternatives", []) if one[1] == "text/html"), "")
            for recipient in message.recipients():
                name, email = parseaddr(recipient)
                queue_mail(
                    kind=Kind.TRANSACTIONAL, mailbox=which_mailbox([]), to=Address(email, name),
                    subject=str(message.subject), text=str(message.body), html=html, now=now,
                )  # fmt: skip
        return len(email_messages)
