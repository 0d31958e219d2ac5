"""Words: public messages in one table, private notes in another that no outgoing renderer can reach."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.choices import Author, Channel, Delivery
from tickets.querysets import MessageQuerySet


class Message(models.Model):
    """A public message. Customers of the ticket may read every row of this table."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="messages")
    author = models.CharField(max_length=10, choices=Author)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    from_name = models.CharField(max_length=255, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    to_line = models.JSONField(default=list, blank=True, help_text="Visible recipients: [{email, name}].")
    cc_line = models.JSONField(default=list, blank=True)
    text = models.TextField(help_text="What was written now, without the quote.")
    quoted_text = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="Sanitised when it was stored, and again by the page's policy.")
    created_at = models.DateTimeField()
    raw = models.ForeignKey("mail.RawMail", models.SET_NULL, null=True, blank=True, related_name="+")
    message_id = models.CharField(max_length=998, blank=True)
    authentication = models.JSONField(default=dict, blank=True, help_text="{verdict, spf, dkim, dmarc, aligned}")
    auto_reply = models.CharField(max_length=20, blank=True)
    remote_images = models.PositiveIntegerField(default=0)
    notes_on_parsing = models.JSONField(default=list, blank=True)
    is_held = models.BooleanField(default=False, help_text="A stranger used a reply address; an agent decides.")
    held_reason = models.CharField(max_length=300, blank=True)
    is_apart = models.BooleanField(
        default=False, help_text="Came with another customer's ticket: customers of this one do not see it."
    )
    answers_to = models.CharField(max_length=320, blank=True, help_text="A Reply-To that differs from the sender.")
    forwarded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.NONE)
    delivery_error = models.CharField(max_length=500, blank=True)
    sends_at = models.DateTimeField(null=True, blank=True, help_text="End of the undo window.")
    undo = models.JSONField(
        null=True, blank=True, help_text="What the ticket was before this reply, while it can be undone."
    )
    later = models.JSONField(
        null=True, blank=True, help_text="What a scheduled reply makes of its ticket when it leaves: {then, reason}."
    )
    compose_key = models.CharField(max_length=32, blank=True, help_text="Of the form that was sent, which counts once.")

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["raw"], condition=Q(raw__isnull=False), name="a mail is one message"),
            models.CheckConstraint(condition=Q(author__in=Author.values), name="a message has a known author"),
            models.UniqueConstraint(
                fields=["compose_key"], condition=~Q(compose_key=""), name="a form that was sent is one message"
            ),
        ]
        indexes = [
            models.Index("ticket", "id", name="message_thread"),
            models.Index("message_id", name="message_by_id", condition=~Q(message_id="")),
            models.Index("ticket", name="message_undelivered", condition=Q(delivery="failed")),
            models.Index("ticket", name="message_held", condition=Q(is_held=True)),
            models.Index("person", "sends_at", name="message_sending", condition=Q(delivery="pending")),
            models.Index("ticket", name="message_scheduled", condition=Q(later__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.ticket_id}"


class Note(models.Model):
    """Staff only. Nothing that renders for customers imports this model (security.md S29)."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="notes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField()
    compose_key = models.CharField(max_length=32, blank=True, help_text="Of the form that was sent, which counts once.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["compose_key"], condition=~Q(compose_key=""), name="a form that was sent is one note"
            ),
        ]
        indexes = [models.Index("ticket", "id", name="note_thread")]

    def __str__(self) -> str:
        return f"note on {self.ticket_id}"


class Attachment(models.Model):
    """A file of a message or of a note, never of both."""

    message = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="attachments")
    note = models.ForeignKey(Note, models.CASCADE, null=True, blank=True, related_name="attachments")
    file = models.ForeignKey("mail.StoredFile", models.PROTECT)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    size = models.PositiveBigIntegerField()
    content_id = models.CharField(max_length=255, blank=True)
    is_inline = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(message__isnull=False, note__isnull=True) | Q(message__isnull=True, note__isnull=False),
                name="a file belongs to a message or to a note",
            )
        ]

    def __str__(self) -> str:
        return self.name
