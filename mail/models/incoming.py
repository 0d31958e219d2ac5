"""Mail as it arrived, kept before anybody tries to understand it."""

from django.db import models
from django.db.models import Q

from mail.choices import Door, RawState
from mail.querysets import RawMailQuerySet


class RawMail(models.Model):
    """One mail, byte for byte. The row is the job: `pending` until an app above has done its work with it."""

    mailbox = models.ForeignKey(
        "mail.Mailbox", models.PROTECT, null=True, blank=True, related_name="raw_mails",
        help_text="Empty when the mail came before any mailbox was set up.",
    )  # fmt: skip
    file = models.ForeignKey("mail.StoredFile", models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    door = models.CharField(max_length=10, choices=Door)
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = models.CharField(max_length=320, blank=True)
    from_line = models.CharField(max_length=255, blank=True, help_text="For people who look through the quarantine.")
    subject_line = models.CharField(max_length=255, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=RawState, default=RawState.PENDING)
    outcome = models.CharField(max_length=20, blank=True, help_text="What it became: ticket, reply, bounce …")
    reason_code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, help_text="Set aside, tried again or dismissed.")
    decided_by = models.CharField(max_length=255, blank=True, help_text="Empty: supportdesk itself.")

    objects = RawMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "sha256"], name="a mail is stored once in a mailbox", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(state__in=RawState.values), name="a raw mail has a known state"),
            models.CheckConstraint(
                condition=Q(state=RawState.DONE, done_at__isnull=False)
                | (~Q(state=RawState.DONE) & Q(done_at__isnull=True)),
                name="a raw mail that is done says when",
            ),
            models.CheckConstraint(
                condition=~Q(state=RawState.QUARANTINED) | ~Q(reason_code=""),
                name="a quarantined mail says why",
            ),
        ]
        indexes = [
            models.Index("next_attempt_at", "id", name="raw_pending", condition=Q(state="pending")),
            models.Index(fields=["-received_at"], name="raw_quarantined", condition=Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} by {self.door}"

    def read(self) -> bytes:
        """The mail, byte for byte."""
        return self.file.read()
