"""Our own signed tax forms, for customers' accountants (R23, B1)."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from mail.models import StoredFile


class TaxForm(models.Model):
    """A W-8BEN-E. Valid from the signature to 31 December of the third following year; the newest one is current."""

    revision = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=40, default="W-8BEN-E")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    signed_on = models.DateField()
    expires_on = models.DateField()
    added_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="A change in circumstances ended it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_on__gt=F("signed_on")), name="a form is valid a while")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.revision}"


class TaxFormDownload(models.Model):
    """Somebody took the form, and from which page; nobody signs in for it."""

    form = models.ForeignKey(TaxForm, models.CASCADE, related_name="downloads")
    place = models.CharField(max_length=10, help_text="invoice, account, cart or address")
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.form_id} from {self.place}"
