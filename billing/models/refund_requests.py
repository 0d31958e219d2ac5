"""Asking for money back (R31, R32)."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from billing.choices import RefundOrigin, RefundReason, RefundRequestState
from billing.models import fields
from billing.models.invoices import CreditNote, Invoice


class RefundRequest(models.Model):
    """One wish for money back from one invoice. What was sent stands on its refunds, one for each payment it came from.

    An invoice has one open at a time. `lines` says how many minor units of which invoice line are asked for, when it
    was asked for by line.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="refund_requests")
    origin = models.CharField(max_length=10, choices=RefundOrigin)
    key = models.CharField(max_length=120, unique=True, help_text="Sent twice, asked once.")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    ticket = models.PositiveBigIntegerField(null=True, blank=True, help_text="The number of the ticket it came from.")
    why = models.CharField(max_length=12, choices=RefundReason)
    words = models.TextField(blank=True)
    amount_asked = fields.amount()
    currency = fields.currency()
    lines = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RefundRequestState, default=RefundRequestState.OPEN)
    amount_given = fields.amount(null=True, blank=True)
    by_transfer = fields.amount(default=0, help_text="The part of what was given that staff send by bank transfer.")
    reason = models.CharField(max_length=500, blank=True, help_text="As the customer reads it.")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    credit_note = models.OneToOneField(
        CreditNote, models.PROTECT, null=True, blank=True, related_name="refund_request"
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state="open"), name="an invoice has one open refund request"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="a decided refund request says when",
            ),
            models.CheckConstraint(
                condition=Q(amount_asked__gt=0) & (Q(amount_given__isnull=True) | Q(amount_given__gt=0)),
                name="a refund request is about something",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=RefundRequestState.APPROVED, amount_given__isnull=False, by_transfer__gte=0)
                    & Q(by_transfer__lte=F("amount_given"))
                )
                | (~Q(state=RefundRequestState.APPROVED) & Q(amount_given__isnull=True, by_transfer=0)),
                name="an approved refund request says how much",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("by")),
                name="nobody decides on their own refund request",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RefundRequestState.values), name="a refund request has a known state"
            ),
            models.CheckConstraint(
                condition=Q(why__in=RefundReason.values), name="a refund request has a known reason"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=RefundOrigin.values), name="a refund request has a known origin"
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], condition=Q(state="open"), name="refund_request_open"),
            models.Index(fields=["invoice", "-opened_at"], name="refund_requests_of_invoice"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people call it."""
        return f"R-{self.pk}"
