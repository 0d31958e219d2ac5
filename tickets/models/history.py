"""When tickets were closed, and opened again: what reports count."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Closing(models.Model):
    """A time during which a ticket was closed. One that was taken back, as by an undo, leaves no row."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="closings")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    in_time = models.BooleanField(null=True, help_text="Before the promised solution; empty: nothing was promised.")
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(reopened_at__isnull=True), name="a ticket is closed once at a time"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True) | Q(reopened_at__gte=F("at")),
                name="a ticket is opened again after it was closed",
            ),
        ]
        indexes = [models.Index("ticket", "at", name="closing_of")]

    def __str__(self) -> str:
        return f"{self.ticket_id} at {self.at}"


class Assignee(models.Model):
    """Somebody whose ticket it was once, written by the database whenever a ticket's assignee changes.

    Hand-offs of a ticket are its assignees less one.
    """

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="assignees")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="an assignee is noted once a ticket")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.ticket_id}"
