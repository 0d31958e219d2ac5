"""Who buys and owes."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower, Upper

from accounts.models import Organisation, Person
from billing.choices import CreditState
from billing.models import fields


class Customer(models.Model):
    """An organisation that buys, or a person who buys without one. Made at the first order; never removed."""

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, null=True, blank=True, related_name="customer"
    )  # fmt: skip
    person = models.OneToOneField(Person, models.PROTECT, null=True, blank=True, related_name="customer")
    name = models.CharField(max_length=255)
    line1 = models.CharField(max_length=255, blank=True)
    line2 = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="US")
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = fields.currency()
    is_po_required = models.BooleanField(default=False)
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    credit_state = models.CharField(max_length=12, choices=CreditState, default=CreditState.NONE)
    credit_limit = fields.amount(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, person__isnull=False)
                | Q(organisation__isnull=False, person__isnull=True),
                name="a customer is an organisation or a person",
            ),
            models.CheckConstraint(condition=Q(credit_limit__gte=0), name="a credit limit is not negative"),
            models.CheckConstraint(
                condition=Q(credit_state__in=CreditState.values), name="a customer has a known credit state"
            ),
        ]
        indexes = [GinIndex(OpClass(Upper("name"), "gin_trgm_ops"), name="customer_name_parts")]

    def __str__(self) -> str:
        return self.name


class Recipient(models.Model):
    """An address that gets the customer's invoices: whoever pays. It needs no account."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="recipients")
    email = models.EmailField(max_length=320)
    name = models.CharField(max_length=255, blank=True)
    added_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "email"],
                condition=Q(removed_at__isnull=True),
                name="an address gets the invoices of a customer once",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower(Collate("email", "C"))), name="a recipient is kept in lower case"
            ),
        ]

    def __str__(self) -> str:
        return self.email
