"""Files that customers prove something with: encrypted before they are stored, and every look is written down (S19)."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.models.certificates import Certificate
from billing.models.credit_requests import CreditRequest
from billing.models.refund_requests import RefundRequest
from mail.models import StoredFile


class PrivateFile(models.Model):
    """One file of a certificate, a credit request or a refund request. `size` is that of the plain one."""

    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    certificate = models.OneToOneField(
        Certificate, models.PROTECT, null=True, blank=True, related_name="file"
    )  # fmt: skip
    credit_request = models.ForeignKey(
        CreditRequest, models.PROTECT, null=True, blank=True, related_name="files"
    )  # fmt: skip
    refund_request = models.ForeignKey(
        RefundRequest, models.PROTECT, null=True, blank=True, related_name="files"
    )  # fmt: skip
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127, help_text="By its own bytes.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the plain file.")
    uploaded_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(certificate__isnull=False, credit_request__isnull=True, refund_request__isnull=True)
                | Q(certificate__isnull=True, credit_request__isnull=False, refund_request__isnull=True)
                | Q(certificate__isnull=True, credit_request__isnull=True, refund_request__isnull=False),
                name="a private file belongs to one request",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PrivateFileLook(models.Model):
    """Somebody opened a private file."""

    file = models.ForeignKey(PrivateFile, models.CASCADE, related_name="looks")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.by_id} at {self.at}"
