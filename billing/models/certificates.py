"""Proof that a customer pays no tax somewhere (R28 to R30, B2)."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import CertificateKind, CertificateState
from billing.models.customers import Customer


class Certificate(models.Model):
    """A tax exemption certificate for one state or country. It counts from the upload until somebody says no.

    A renewal may be provisional beside the approved one that it will replace.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="certificates")
    key = models.CharField(max_length=120, unique=True, help_text="Sent twice, kept once.")
    kind = models.CharField(max_length=10, choices=CertificateKind)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=10, blank=True, help_text="OH, AB; empty for the whole country.")
    purchaser = models.CharField(max_length=255, help_text="As it stands on the form.")
    number = models.CharField(max_length=60, blank=True, help_text="The number of the exemption or of the tax payer.")
    ground = models.CharField(max_length=4, blank=True, help_text="The letter of the reason on the form (F0003).")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=CertificateState, default=CertificateState.PROVISIONAL)
    valid_until = models.DateField(null=True, blank=True, help_text="The last day; empty: it does not end.")
    reason = models.CharField(max_length=500, blank=True, help_text="As the customer reads it.")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Rejected, expired, replaced or withdrawn.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "country", "region", "state"],
                condition=Q(state__in=("provisional", "approved")),
                name="a certificate counts once in a place",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("provisional", "approved"), ended_at__isnull=True)
                | (~Q(state__in=("provisional", "approved")) & Q(ended_at__isnull=False)),
                name="a certificate that no longer counts says since when",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CertificateState.values), name="a certificate has a known state"
            ),
            models.CheckConstraint(condition=Q(kind__in=CertificateKind.values), name="a certificate has a known kind"),
        ]
        indexes = [
            models.Index(fields=["uploaded_at", "id"], condition=Q(state="provisional"), name="certificate_to_check"),
            models.Index(fields=["customer", "-uploaded_at"], name="certificates_of_customer"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How people call it."""
        return f"TX-{self.pk}"


class CertificateRule(models.Model):
    """How long certificates of a place are good for, as a suggestion: sources differ, so admins keep the table (B2)."""

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=10, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: they do not end.")
    note = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "region"], name="a place has one rule for certificates"),
            models.CheckConstraint(
                condition=Q(months__isnull=True) | Q(months__gte=1, months__lte=240), name="a certificate lasts a while"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.region}".strip()
