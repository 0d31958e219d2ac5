"""Words on their way: what somebody typed and has not sent, its files, and who was called by name in a note."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Draft(models.Model):
    """What one person is writing on one ticket. It ends in the transaction in which its words are sent.

    `version` rises with every save; a save that knows an older one is refused. `key` names the form that saved last.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=5, choices=[("reply", "Reply"), ("note", "Note")], default="reply")
    text = models.TextField(blank=True)
    to = models.CharField(max_length=3000, blank=True, help_text="As it was typed. Empty: the requester.")
    cc = models.CharField(max_length=3000, blank=True, help_text="As it was typed.")
    version = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=32, blank=True)
    came_back = models.CharField(max_length=300, blank=True, help_text="Why a reply became a draft again, in words.")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "ticket"], name="a person has one draft on a ticket"),
            models.CheckConstraint(condition=Q(kind__in=["reply", "note"]), name="a draft is of a reply or of a note"),
        ]

    def __str__(self) -> str:
        return f"draft of {self.person_id} on {self.ticket_id}"


class DraftFile(models.Model):
    """A file that was attached and not sent yet. With a `content_id` it is a picture that stands in the words."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    file = models.ForeignKey("mail.StoredFile", models.PROTECT, related_name="+")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    size = models.PositiveBigIntegerField()
    content_id = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return self.name


class Mention(models.Model):
    """A colleague who was called by name in a note: told once, and shown until they looked."""

    note = models.ForeignKey("tickets.Note", models.CASCADE, related_name="mentions")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "person"], name="a note calls a person once")]
        indexes = [models.Index("person", "ticket", name="mention_unseen", condition=Q(seen_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.ticket_id}"
