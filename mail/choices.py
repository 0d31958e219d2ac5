"""The words that mail uses, and which state may follow which."""

from django.db.models import TextChoices


class Door(TextChoices):
    """How a mail reached us. Behind every door stands the same path."""

    COMMAND = "command", "the command line"
    IMAP = "imap", "IMAP"
    WEBHOOK = "webhook", "a provider's webhook"
    SMTP = "smtp", "the SMTP listener"


class RawState(TextChoices):
    """What became of a mail that we accepted."""

    PENDING = "pending", "Waiting"
    DONE = "done", "Done"
    QUARANTINED = "quarantined", "Set aside"
    DISMISSED = "dismissed", "Dismissed"


# `done` is final: a mail has one effect. A dismissed mail may still be tried again by a person.
RAW_TRANSITIONS: dict[str, frozenset[str]] = {
    RawState.PENDING: frozenset({RawState.DONE, RawState.QUARANTINED}),
    RawState.QUARANTINED: frozenset({RawState.PENDING, RawState.DISMISSED}),
    RawState.DISMISSED: frozenset({RawState.PENDING}),
    RawState.DONE: frozenset(),
}


class Kind(TextChoices):
    """Why a mail is sent. It decides about opt-outs, limits and headers."""

    REPLY = "reply", "A person's reply"
    ACKNOWLEDGEMENT = "acknowledgement", "We have your mail"
    NOTIFICATION = "notification", "Word to staff or to a customer"
    TRANSACTIONAL = "transactional", "Asked for: a code, a receipt, a link"
    BULK = "bulk", "To many"


class Sort(TextChoices):
    """What a customer may stop one by one. The values are opt-out scopes: give one to `queue_mail`."""

    ANSWERS = "answers", "Answers to my tickets"
    ACKNOWLEDGEMENTS = "acknowledgements", "Word that my message arrived"
    CLOSINGS = "closings", "Word that a ticket was closed"
    NUDGES = "nudges", "Reminders when you wait for me"
    SURVEYS = "surveys", "Questions about how you did"
    INVOICES = "invoice", "New invoices and receipts"
    REMINDERS = "invoice_reminder", "Reminders of invoices that are due"


# Mail that nobody counts or holds back, for somebody owes or paid; yet it comes again and again, and may be stopped.
STANDING = (Sort.INVOICES, Sort.REMINDERS)

# Written by a machine without anybody waiting for it: limited, and marked as automatic (RFC 3834).
AUTOMATIC = (Kind.ACKNOWLEDGEMENT, Kind.NOTIFICATION, Kind.BULK)


class MailState(TextChoices):
    """Where an outgoing mail stands."""

    QUEUED = "queued", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Taken back"


UNFINISHED = (MailState.QUEUED, MailState.SENDING)

# A bounce turns `sent` into `failed`; a retry by a person turns `failed` into `queued`.
MAIL_TRANSITIONS: dict[str, frozenset[str]] = {
    MailState.QUEUED: frozenset({MailState.SENDING, MailState.CANCELLED, MailState.FAILED}),
    MailState.SENDING: frozenset(
        {MailState.SENDING, MailState.QUEUED, MailState.SENT, MailState.FAILED, MailState.CANCELLED}
    ),
    MailState.SENT: frozenset({MailState.FAILED}),
    MailState.FAILED: frozenset({MailState.QUEUED}),
    MailState.CANCELLED: frozenset(),
}


class ErrorKind(TextChoices):
    """What kind of trouble stopped a mail; it decides whether trying again helps."""

    NONE = "", "None"
    CONNECTION = "connection", "The mail server could not be reached"
    TEMPORARY = "temporary", "The mail server asked us to try later"
    PERMANENT = "permanent", "The mail server refused it for good"
    UNKNOWN = "unknown", "The mail server did not say whether it took it"
    SETTINGS = "settings", "Our own settings are wrong"
    BOUNCED = "bounced", "It came back"
    STALE = "stale", "It was too late to be of use"
    HELD = "held", "Mail is paused after a restore"


class EventKind(TextChoices):
    """What a mail server or provider told us about a mail."""

    ACCEPTED = "accepted", "Accepted by the mail server"
    DELIVERED = "delivered", "Delivered"
    DELAYED = "delayed", "Delayed"
    BOUNCED = "bounced", "Bounced"
    COMPLAINED = "complained", "Reported as spam"


class Security(TextChoices):
    """How a connection to a mail server is protected."""

    TLS = "tls", "TLS from the start"
    STARTTLS = "starttls", "STARTTLS"
    NONE = "none", "None (only inside one machine)"


class Authentication(TextChoices):
    """How we sign in to a mail server."""

    PASSWORD = "password", "Password"
    XOAUTH2 = "xoauth2", "OAuth 2 (Gmail, Microsoft 365)"
