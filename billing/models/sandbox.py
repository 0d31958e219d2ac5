"""What the sandbox remembers: a payment provider in our own tables, so that it survives restarts and many processes.

Without a Stripe key, `gateways/sandbox` answers every request from here. Nothing else reads these tables.
"""

from django.db import models
from django.db.models import Q


class SandboxObject(models.Model):
    """An object as the provider would show it (`body`), and what it keeps to itself (`hidden`: which test card)."""

    key = models.CharField(max_length=64, primary_key=True, help_text="pi_…, cus_…")
    kind = models.CharField(max_length=40)
    body = models.JSONField()
    hidden = models.JSONField(default=dict)
    customer_key = models.CharField(max_length=64, blank=True)
    payment_intent_key = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-created_at"], name="sandbox_by_age"),
            models.Index(fields=["customer_key", "kind"], condition=~Q(customer_key=""), name="sandbox_of_customer"),
            models.Index(
                fields=["payment_intent_key", "kind"], condition=~Q(payment_intent_key=""), name="sandbox_of_payment"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class SandboxRequest(models.Model):
    """A request that was made under an idempotency key, and its answer, which is given again (B8)."""

    key = models.CharField(max_length=255, primary_key=True)
    path = models.CharField(max_length=255)
    content_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class SandboxEvent(models.Model):
    """An event on its way to our webhook address: posted, signed, until it is taken."""

    event = models.OneToOneField(SandboxObject, models.CASCADE, related_name="+")
    post_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["post_at", "id"], condition=Q(posted_at__isnull=True), name="sandbox_event_to_post")
        ]

    def __str__(self) -> str:
        return f"event {self.event_id}"


class SandboxStep(models.Model):
    """Something that a bank does later: a refund arrives or comes back, a payment is disputed."""

    verb = models.CharField(max_length=40)
    object = models.ForeignKey(SandboxObject, models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at", "id"], condition=Q(done_at__isnull=True), name="sandbox_step_due")]
        constraints = [models.UniqueConstraint(fields=["verb", "object"], name="a bank does a thing once")]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_id}"
