"""Asking to buy on account: by the form (R25, B3), or by an order that goes past the limit (R27)."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import CreditOrigin, CreditRequestState
from billing.models import fields
from billing.models.customers import Customer
from billing.models.orders import Order


class CreditRequest(models.Model):
    """What a reviewer decides about a customer's limit. A customer has one open at a time.

    `answers` holds the form of B3 as it was signed; it is never changed. An order over the limit opens one without a
    form, or waits for the one that is open.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="credit_requests")
    origin = models.CharField(max_length=10, choices=CreditOrigin)
    key = models.CharField(max_length=120, unique=True, help_text="Sent twice, asked once.")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="credit_requests")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    asked_for = fields.amount(help_text="The limit that is wanted, in minor units.")
    currency = fields.currency()
    answers = models.JSONField(default=dict)
    signer_name = models.CharField(max_length=120, blank=True)
    signer_title = models.CharField(max_length=120, blank=True)
    signed_from = models.GenericIPAddressField(null=True, blank=True)
    limit_before = fields.amount(help_text="Before it was asked for.")
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=CreditRequestState, default=CreditRequestState.OPEN)
    limit_given = fields.amount(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="As the customer reads it.")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state="open"), name="a customer asks for credit once at a time"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="a decided credit request says when",
            ),
            models.CheckConstraint(
                condition=Q(asked_for__gte=0, limit_before__gte=0)
                & (Q(limit_given__isnull=True) | Q(limit_given__gte=0)),
                name="no credit limit is negative",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CreditRequestState.values), name="a credit request has a known state"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=CreditOrigin.values), name="a credit request has a known origin"
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], condition=Q(state="open"), name="credit_request_open"),
            models.Index(fields=["customer", "-opened_at"], name="credit_requests_of_customer"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people call it."""
        return f"CA-{self.pk}"
