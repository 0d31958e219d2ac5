"""Minutes of help that a customer has."""

import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import HoursReason
from billing.models.customers import Customer


class HoursEntry(models.Model):
    """Minutes that came or went. The balance is the sum; nothing is ever changed, a correction is an entry."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="hours")
    minutes = models.IntegerField()
    reason = models.CharField(max_length=14, choices=HoursReason)
    words = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=120, unique=True, help_text="What it is for; the same key is booked once.")
    expires_on = models.DateField(null=True, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(minutes=0), name="an entry moves minutes"),
            models.CheckConstraint(condition=Q(reason__in=HoursReason.values), name="an entry has a known reason"),
        ]
        indexes = [models.Index(fields=["customer", "-at"], name="hours_of_customer")]
        triggers = [
            pgtrigger.Protect(name="hours_are_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.minutes} min for {self.customer_id}"
