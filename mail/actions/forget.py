"""Words that nobody needs any more: sent codes and links would otherwise stand readable in the database (S36)."""

from datetime import datetime, timedelta

from mail.choices import Kind, MailState
from mail.models import OutgoingMail

KEPT_FOR = timedelta(days=1)


def forget_sent_words(*, now: datetime) -> int:
    """Empty the text of mails that somebody asked for, a day after they were sent; answers how many.

    The row stays, with its recipient, its Message-ID and what the server said. Such a mail cannot be sent again.
    """
    sent = OutgoingMail.objects.filter(kind=Kind.TRANSACTIONAL, state=MailState.SENT, sent_at__lt=now - KEPT_FOR)
    return sent.exclude(text="", html="").update(text="", html="")
