"""Endpoints, what happened, and the way of each event to each endpoint."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from supportdesk.lib.vault import SealedField
from webhooks.choices import UNFINISHED, State
from webhooks.querysets import DeliveryQuerySet, EndpointQuerySet


class Endpoint(models.Model):
    """An address of somebody else's program that wants to know what happens."""

    url = models.CharField(max_length=1000)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=60), default=list)
    is_enabled = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    secret = SealedField(help_text="whsec_ and base64. Shown once, sealed in the database.")
    old_secret = SealedField(blank=True, default="", help_text="Signs beside the new one until `old_secret_until`.")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Nothing has arrived since then.")
    failures = models.PositiveIntegerField(default=0, help_text="Attempts in a row that found nobody.")
    resting_until = models.DateTimeField(null=True, blank=True, help_text="It did not answer; try nothing before this.")
    created_at = models.DateTimeField()

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(secret=""), name="an endpoint has a secret"),
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_at__isnull=True) | Q(is_enabled=False, disabled_at__isnull=False),
                name="disabled_at is set exactly while an endpoint is off",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class Event(models.Model):
    """Something that happened, written in the transaction in which it happened. `body` is what is sent, to the byte."""

    key = models.CharField(max_length=40, unique=True, help_text="The webhook-id: the same at every attempt.")
    type = models.CharField(max_length=60)
    subject_key = models.CharField(max_length=80)
    sequence = models.PositiveBigIntegerField(help_text="1, 2, 3 … for one subject, in the order of what happened.")
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_key", "sequence"], name="events of a subject are in one order")
        ]
        indexes = [models.Index("created_at", "id", name="webhook_event_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class Delivery(models.Model):
    """An event on its way to an endpoint. The row is the job."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0, help_text="Since it was published, or replayed.")
    lease_id = models.PositiveIntegerField(default=0, help_text="Attempts in all; tells a late answer from its heir.")
    leased_until = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="an event goes to an endpoint once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a delivery has a known state"),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, finished_at__isnull=True)
                | (~Q(state__in=UNFINISHED) & Q(finished_at__isnull=False)),
                name="finished_at is set exactly when a delivery is finished",
            ),
        ]
        indexes = [
            models.Index("endpoint", "next_attempt_at", "id", name="delivery_due", condition=Q(state__in=UNFINISHED)),
            models.Index("endpoint", "id", name="delivery_list"),
            models.Index("endpoint", "id", name="delivery_failed", condition=Q(state="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"


class Attempt(models.Model):
    """One call, and what came back."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    status = models.PositiveIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True, help_text="The first 2 kB of the answer. Somebody else's words.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="an attempt is noted once")]

    def __str__(self) -> str:
        return f"{self.number} of {self.delivery_id}"
