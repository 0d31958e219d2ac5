"""Mail that we send: one row a recipient, with a state, until a server has taken it or we know why not."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from mail.choices import ErrorKind, EventKind, Kind, MailState
from mail.querysets import OutgoingMailQuerySet


class OutgoingMail(models.Model):
    """A mail to one recipient. It names what it belongs to by keys such as "ticket:12" and "message:34"."""

    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=10, choices=MailState, default=MailState.QUEUED)
    mailbox = models.ForeignKey("mail.Mailbox", models.PROTECT, null=True, blank=True, related_name="outgoing_mails")
    from_address = models.CharField(max_length=254)
    from_name = models.CharField(max_length=255, blank=True)
    to_address = models.CharField(max_length=254)
    to_name = models.CharField(max_length=255, blank=True)
    visible_to = models.JSONField(default=list, blank=True, help_text="What the header shows: [{email, name}].")
    visible_cc = models.JSONField(default=list, blank=True)
    reply_to_address = models.CharField(max_length=254, blank=True)
    message_id = models.CharField(max_length=255, unique=True, help_text="With its angle brackets; never changes.")
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.JSONField(default=list, blank=True)
    auto_submitted = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    subject_key = models.CharField(max_length=40, blank=True, help_text="What it is about, as in ticket:12.")
    source_key = models.CharField(max_length=40, blank=True, help_text="What it carries, as in message:34.")
    opt_out_scope = models.CharField(max_length=40, blank=True)

    not_before = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    lease_id = models.PositiveBigIntegerField(default=0, help_text="A sender records its result under its own number.")
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error_kind = models.CharField(max_length=12, choices=ErrorKind, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_key", "to_address", "kind"],
                condition=Q(kind__in=["reply", "acknowledgement"]) & ~Q(source_key=""),
                name="a reply goes to a recipient once",
            ),
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="an outgoing mail has a known state"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="an outgoing mail has a known kind"),
            models.CheckConstraint(
                condition=~Q(state=MailState.SENDING) | Q(leased_until__isnull=False),
                name="a mail being sent has a lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=MailState.SENT) | Q(sent_at__isnull=False), name="a sent mail says when"
            ),
            models.CheckConstraint(
                condition=~Q(state=MailState.FAILED) | ~Q(last_error=""), name="a failed mail says why"
            ),
            models.CheckConstraint(
                condition=Q(to_address=Lower(F("to_address"))), name="a recipient address is lower case"
            ),
        ]
        indexes = [
            models.Index("next_attempt_at", "id", name="outgoing_due", condition=Q(state="queued")),
            models.Index("leased_until", name="outgoing_leased", condition=Q(state="sending")),
            models.Index(
                "subject_key", "to_address", "id",
                name="outgoing_order", condition=Q(state__in=["queued", "sending"]) & ~Q(subject_key=""),
            ),
            models.Index("source_key", name="outgoing_source", condition=~Q(source_key="")),
            models.Index("subject_key", name="outgoing_subject", condition=~Q(subject_key="")),
            models.Index(fields=["-created_at"], name="outgoing_failed", condition=Q(state="failed")),
            models.Index("provider_id", name="outgoing_provider", condition=~Q(provider_id="")),
            models.Index(fields=["to_address", "-created_at"], name="outgoing_to"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} to {self.to_address}"


class OutgoingAttachment(models.Model):
    """A file that goes out with a mail."""

    mail = models.ForeignKey(OutgoingMail, models.CASCADE, related_name="attachments")
    file = models.ForeignKey("mail.StoredFile", models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, default="application/octet-stream")
    content_id = models.CharField(max_length=255, blank=True, help_text="Of a picture that stands in the words.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mail", "position"], name="a mail's attachments have an order"),
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryEvent(models.Model):
    """Something a server or provider told us about a mail. Only ever added."""

    mail = models.ForeignKey(OutgoingMail, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=EventKind)
    at = models.DateTimeField()
    status = models.CharField(max_length=12, blank=True, help_text="Enhanced status code, as in 5.1.1.")
    detail = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="a delivery event has a known kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"


class ReplyAddress(models.Model):
    """To whom we handed which reply address. The address itself is signed, so this row is not a secret."""

    mailbox = models.ForeignKey("mail.Mailbox", models.CASCADE, related_name="reply_addresses")
    subject_key = models.CharField(max_length=40)
    recipient = models.CharField(max_length=254)

    class Meta:
        verbose_name_plural = "reply addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "subject_key", "recipient"], name="a recipient has one reply address a subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} about {self.subject_key}"
