"""Documents that, once issued, never change; a correction is a document of its own."""

import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from billing.choices import InvoiceState, Period, Series
from billing.models import fields
from billing.models.catalogue import Product
from billing.models.customers import Customer
from billing.models.orders import Order
from mail.models import StoredFile

# What may still change on an issued invoice: where it stands, never what it says.
MOVES = ("state", "paid", "refunded", "credited", "paid_at", "voided_at")


def _closed_with_its_invoice(name: str) -> pgtrigger.Trigger:
    """Rows of an invoice are written while it is a draft, and stand still from then on."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF EXISTS (
                SELECT FROM billing_invoice
                WHERE id IN (COALESCE(NEW.invoice_id, OLD.invoice_id), COALESCE(OLD.invoice_id, NEW.invoice_id))
                AND state <> 'draft'
            ) THEN
                RAISE EXCEPTION 'An issued invoice does not change: %', TG_TABLE_NAME;
            END IF;
            RETURN COALESCE(NEW, OLD);
        """,
    )


def _written_once(name: str) -> pgtrigger.Protect:
    """An issued document is never changed and never removed."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


class NumberSeries(models.Model):
    """The next number of a series in a year. Locked by whoever issues, so that no number is skipped or used twice."""

    series = models.CharField(max_length=4, choices=Series)
    year = models.PositiveSmallIntegerField()
    next_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="a series counts once a year")]

    def __str__(self) -> str:
        return f"{self.series} {self.year}"


class Invoice(models.Model):
    """What a customer owes. `snapshot` holds seller, buyer and notes as they were when it was issued.

    `paid`, `refunded` and `credited` move with payments, refunds and credit notes; everything else stands still
    from the moment it is issued.
    """

    number = models.CharField(max_length=20, null=True, blank=True, unique=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    sequence = models.PositiveIntegerField(null=True, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices")
    order = models.OneToOneField(Order, models.PROTECT, null=True, blank=True, related_name="invoice")
    subscription = models.ForeignKey(
        "billing.Subscription", models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    key = models.CharField(
        max_length=120, unique=True, help_text="What it is for: order:12, subscription:3:2027-01-01."
    )
    state = models.CharField(max_length=6, choices=InvoiceState, default=InvoiceState.DRAFT)
    currency = fields.currency()
    subtotal = fields.amount(default=0)
    discount = fields.amount(default=0)
    shipping = fields.amount(default=0)
    tax = fields.amount(default=0)
    total = fields.amount(default=0)
    paid = fields.amount(default=0)
    refunded = fields.amount(default=0)
    credited = fields.amount(default=0, help_text="By credit notes that reduce what is owed.")
    summary = models.CharField(max_length=255, blank=True, help_text="4 starter kits, 1 yearly licence")
    po_number = models.CharField(max_length=60, blank=True)
    snapshot = models.JSONField(default=dict)
    issued_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "sequence"], name="an invoice number is used once a year"),
            models.CheckConstraint(
                condition=Q(state=InvoiceState.DRAFT, number__isnull=True, issued_at__isnull=True)
                | (
                    ~Q(state=InvoiceState.DRAFT)
                    & Q(number__isnull=False, issued_at__isnull=False, sequence__isnull=False)
                ),
                name="an invoice is numbered when it is issued",
            ),
            models.CheckConstraint(
                condition=Q(subtotal__gte=0, discount__gte=0, shipping__gte=0, tax__gte=0, total__gte=0),
                name="no sum of an invoice is negative",
            ),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount") + F("shipping") + F("tax")), name="an invoice adds up"
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, refunded__gte=0, refunded__lte=F("paid")),
                name="nobody gets more than was paid",
            ),
            models.CheckConstraint(
                condition=Q(credited__gte=0, credited__lte=F("total")), name="nobody is credited more than was owed"
            ),
            models.CheckConstraint(condition=Q(state__in=InvoiceState.values), name="an invoice has a known state"),
        ]
        indexes = [
            models.Index(fields=["customer", "-issued_at", "-id"], name="invoices_of_customer"),
            models.Index(fields=["due_on", "id"], condition=Q(state=InvoiceState.OPEN), name="invoice_open"),
            models.Index(
                fields=["customer", "due_on"], condition=Q(state=InvoiceState.OPEN), name="invoices_open_of_customer"
            ),
            models.Index(fields=["-issued_at", "-id"], condition=Q(number__isnull=False), name="invoices_by_day"),
            GinIndex(OpClass(Upper("summary"), "gin_trgm_ops"), name="invoice_summary_parts"),
            models.Index(
                OpClass(Upper("po_number"), "text_pattern_ops"),
                F("id").desc(),
                condition=~Q(po_number=""),
                name="invoice_po_number",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="an_issued_invoice_says_the_same",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=list(MOVES)),
                func="""
                    IF OLD.state <> 'draft' THEN
                        RAISE EXCEPTION 'An issued invoice does not change: %', OLD.number;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="an_issued_invoice_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__number__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"

    @property
    def due(self) -> int:
        """What is still owed, in minor units."""
        return max(0, self.total - self.credited - self.paid + self.refunded) if self.state == InvoiceState.OPEN else 0


class InvoiceLine(models.Model):
    """One thing on an invoice, with the link that says more about it, as both were when it was issued (R24)."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=120)
    detail = models.CharField(max_length=255, blank=True)
    info_label = models.CharField(max_length=80, blank=True)
    info_url = models.CharField(max_length=500, blank=True)
    period = models.CharField(max_length=8, choices=Period, default=Period.ONCE)
    period_starts_on = models.DateField(null=True, blank=True)
    period_ends_on = models.DateField(null=True, blank=True)
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_amount = fields.amount()
    discount = fields.amount(default=0)
    tax = fields.amount(default=0)
    amount = fields.amount()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="lines of an invoice are numbered"),
            models.CheckConstraint(
                condition=Q(amount=F("quantity") * F("unit_amount") - F("discount")),
                name="a line of an invoice adds up",
            ),
        ]
        triggers = [_closed_with_its_invoice("a_line_stands_still")]

    def __str__(self) -> str:
        return self.name


class TaxLine(models.Model):
    """A tax on an invoice, or why there is none."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    rate_ppm = models.PositiveIntegerField()
    base = fields.amount()
    amount = fields.amount()
    exemption = models.CharField(max_length=120, blank=True, help_text="Exempt, certificate on file")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="taxes of an invoice are numbered")]
        triggers = [_closed_with_its_invoice("a_tax_line_stands_still")]

    def __str__(self) -> str:
        return self.name


class CreditNote(models.Model):
    """Takes back part or all of an invoice: by reducing what is owed, or beside a refund of what was paid."""

    number = models.CharField(max_length=20, unique=True)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    key = models.CharField(max_length=120, unique=True, help_text="What it is for; asked again, the first is answered.")
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes")
    currency = fields.currency()
    tax = fields.amount(default=0)
    total = fields.amount()
    reduces_debt = fields.amount(default=0, help_text="The part that lowers what is owed; the rest is refunded.")
    reason = models.CharField(max_length=255)
    snapshot = models.JSONField(default=dict)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "sequence"], name="a credit note number is used once a year"),
            models.CheckConstraint(
                condition=Q(total__gt=0, tax__gte=0, reduces_debt__gte=0, reduces_debt__lte=F("total")),
                name="a credit note gives something back",
            ),
        ]
        triggers = [_written_once("a_credit_note_stands_still")]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(models.Model):
    """One thing that is taken back."""

    credit_note = models.ForeignKey(CreditNote, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    invoice_line = models.ForeignKey(InvoiceLine, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=120)
    amount = fields.amount()
    tax = fields.amount(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["credit_note", "position"], name="lines of a credit note are numbered")
        ]
        triggers = [_written_once("a_line_of_a_credit_note_stands_still")]

    def __str__(self) -> str:
        return self.name


class Receipt(models.Model):
    """Says that money came: one for each payment that succeeded."""

    number = models.CharField(max_length=20, unique=True)
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    payment = models.OneToOneField("billing.Payment", models.PROTECT, related_name="receipt")
    snapshot = models.JSONField(default=dict)
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "sequence"], name="a receipt number is used once a year")
        ]
        triggers = [_written_once("a_receipt_stands_still")]

    def __str__(self) -> str:
        return self.number


class Document(models.Model):
    """The PDF of one document, made once, kept with its hash (`StoredFile.sha256`)."""

    invoice = models.OneToOneField(Invoice, models.PROTECT, null=True, blank=True, related_name="document")
    credit_note = models.OneToOneField(CreditNote, models.PROTECT, null=True, blank=True, related_name="document")
    receipt = models.OneToOneField(Receipt, models.PROTECT, null=True, blank=True, related_name="document")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(invoice__isnull=False, credit_note__isnull=True, receipt__isnull=True)
                | Q(invoice__isnull=True, credit_note__isnull=False, receipt__isnull=True)
                | Q(invoice__isnull=True, credit_note__isnull=True, receipt__isnull=False),
                name="a PDF is of one document",
            )
        ]

    def __str__(self) -> str:
        return f"PDF {self.pk}"


class InvoiceLink(models.Model):
    """One recipient's private way to one invoice. Only the token's hash is kept (S36)."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="links")
    email = models.EmailField(max_length=320, blank=True, help_text="Empty: a copy made for a colleague.")
    name = models.CharField(max_length=255, blank=True)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    first_opened_at = models.DateTimeField(null=True, blank=True)
    last_opened_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["invoice", "email"], name="links_of_invoice")]

    def __str__(self) -> str:
        return f"link to {self.invoice_id}"
