"""A thing that falls due."""

from django.db import models
from django.db.models import Q

from timers.querysets import TimerQuerySet


class Timer(models.Model):
    """One due thing of one subject. Facts about it live with its owner; this row says only when.

    `subject` is the primary key of the owner's row. `visit` and `number` tell apart timers that one subject
    may have several of: the visit to a step of a flow, the how-manieth reminder.
    """

    kind = models.CharField(max_length=80)
    subject = models.BigIntegerField()
    visit = models.BigIntegerField(default=0)
    number = models.IntegerField(default=0)
    due_at = models.DateTimeField(help_text="When the owner asked for it. The sweep never moves this.")
    try_at = models.DateTimeField(help_text="When the sweep looks at it next: due_at, or later after an attempt.")
    done_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Taken up this often since it was last scheduled.")
    last_error = models.TextField(blank=True)

    objects = TimerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "visit", "number"],
                name="a timer is known by kind, subject, visit and number",
            ),
            models.CheckConstraint(
                condition=Q(try_at__gte=models.F("due_at")), name="a timer is not tried before it is due"
            ),
        ]
        indexes = [
            models.Index(
                fields=["try_at", "id"], condition=Q(done_at__isnull=True, attempts=0), name="timer_waiting_fresh"
            ),
            models.Index(
                fields=["try_at", "id"], condition=Q(done_at__isnull=True, attempts__gt=0), name="timer_waiting_tried"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject}"
