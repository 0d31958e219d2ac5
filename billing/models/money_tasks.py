"""What somebody has to look after because a machine cannot: money that came back, a dispute, a payment too many."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import MoneyTaskKind
from billing.models.payments import Dispute, Payment, Refund


class MoneyTask(models.Model):
    """One matter of money for staff, opened once (`key`) and closed by a person."""

    key = models.CharField(max_length=300, unique=True)
    kind = models.CharField(max_length=20, choices=MoneyTaskKind)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="tasks")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, blank=True, related_name="tasks")
    dispute = models.ForeignKey(Dispute, models.PROTECT, null=True, blank=True, related_name="tasks")
    words = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=500, blank=True, help_text="What was done about it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MoneyTaskKind.values), name="a matter of money has a kind"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="a matter of money is closed by somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], condition=Q(closed_at__isnull=True), name="money_task_open")
        ]

    def __str__(self) -> str:
        return self.words
