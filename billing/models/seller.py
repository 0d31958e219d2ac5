"""Who sells, and which taxes apply where."""

from django.db import models
from django.db.models import Q

from billing.models import fields


class Seller(models.Model):
    """The company behind this desk, as it stands on its documents: one row, kept by admins."""

    legal_name = models.CharField(max_length=255)
    line1 = models.CharField(max_length=255, blank=True)
    line2 = models.CharField(max_length=255, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, default="CA", help_text="ISO 3166, two capitals.")
    email = models.EmailField(blank=True, help_text="Where questions about invoices go.")
    phone = models.CharField(max_length=40, blank=True)
    tax_number = models.CharField(max_length=40, blank=True, help_text="GST/HST number in Canada (B4).")
    currency = fields.currency()
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Where the books are kept.")
    due_days = models.PositiveSmallIntegerField(default=30)
    invoice_note = models.TextField(blank=True, help_text="Printed below the items of every invoice.")
    bank_instructions = models.TextField(blank=True, help_text="Account and routing; the reference is added.")
    canada_note = models.TextField(blank=True, help_text="Shown with every failed card payment (R35).")
    international_fee_note = models.TextField(blank=True, help_text="Shown to those who pay by card (R36).")
    starter_credit_limit = fields.amount(default=50_000)
    exemption_threshold = fields.amount(
        default=250_000, help_text="An untaxed order above this waits until its certificate is checked (R30)."
    )
    shipping_amount = fields.amount(default=0, help_text="For an order with goods, whatever it weighs.")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one seller"),
            models.CheckConstraint(condition=Q(starter_credit_limit__gte=0), name="a starter limit is not negative"),
            models.CheckConstraint(condition=Q(shipping_amount__gte=0), name="shipping costs nothing or something"),
        ]

    def __str__(self) -> str:
        return self.legal_name


class TaxRate(models.Model):
    """A tax of a country or of one of its regions. `rate_ppm`: 50,000 is five per cent."""

    country = models.CharField(max_length=2)
    region = models.CharField(max_length=10, blank=True, help_text="OH, AB; empty for the whole country.")
    name = models.CharField(max_length=60)
    rate_ppm = models.PositiveIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The last day on which it applies.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "region", "name", "starts_on"], name="a tax starts once"),
            models.CheckConstraint(condition=Q(rate_ppm__lte=1_000_000), name="a tax is at most the price"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.rate_ppm / 10_000:g} %"
