"""Money that came, did not come, or went back."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import PaymentMethod, PaymentState, RefundState
from billing.models import fields
from billing.models.customers import Customer
from billing.models.invoices import CreditNote, Invoice, InvoiceLink
from billing.models.refund_requests import RefundRequest


class Card(models.Model):
    """A card at the provider. We know what is printed on a receipt, never the number."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="cards")
    provider_id = models.CharField(max_length=255, unique=True)
    brand = models.CharField(max_length=20, blank=True)
    funding = models.CharField(max_length=12, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="The same for the same card, whoever keeps it.")
    exp_month = models.PositiveSmallIntegerField(default=0)
    exp_year = models.PositiveSmallIntegerField(default=0)
    country = models.CharField(max_length=2, blank=True)
    is_default = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    detached_at = models.DateTimeField(null=True, blank=True, help_text="When the provider let go of it, too.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_default=True, removed_at__isnull=True),
                name="a customer has one card for renewals",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(is_default=False), name="a removed card is nobody's default"
            ),
        ]
        indexes = [
            models.Index(fields=["last4", "-id"], name="cards_by_last4"),
            models.Index(fields=["fingerprint"], condition=~Q(fingerprint=""), name="cards_by_fingerprint"),
            models.Index(
                fields=["removed_at"],
                condition=Q(removed_at__isnull=False, detached_at__isnull=True),
                name="card_to_detach",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} ending {self.last4}"


class Payment(models.Model):
    """One way of paying an invoice once. `key` is the provider's idempotency key, written before it is asked (B8)."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="payments")
    method = models.CharField(max_length=10, choices=PaymentMethod)
    amount = fields.amount()
    currency = fields.currency()
    state = models.CharField(max_length=14, choices=PaymentState, default=PaymentState.CREATED)
    key = models.CharField(max_length=120, unique=True)
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True, help_text="pi_…")
    charge_id = models.CharField(max_length=255, blank=True)
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True, related_name="payments")
    card_words = models.CharField(max_length=80, blank=True, help_text="Visa credit ending 4242, expires 08/28")
    last4 = models.CharField(max_length=4, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=120, blank=True, help_text="Of a bank transfer.")
    receipt_email = models.EmailField(max_length=320, blank=True)
    keeps_card = models.BooleanField(default=False)
    is_off_session = models.BooleanField(default=False)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    link = models.ForeignKey(InvoiceLink, models.SET_NULL, null=True, blank=True, related_name="+")
    refunded = fields.amount(default=0)
    fee_note = models.CharField(max_length=255, blank=True)
    request = models.JSONField(default=dict, help_text="What the provider was asked, to ask it again in these words.")
    next_url = models.CharField(max_length=2048, blank=True, help_text="Where the bank asks its question.")
    return_to = models.CharField(max_length=300, blank=True, help_text="The page from which it was paid.")
    confirms = models.PositiveSmallIntegerField(default=0, help_text="How often the same intent was tried again.")
    last_error = models.CharField(max_length=500, blank=True, help_text="Why we do not know yet.")
    try_at = models.DateTimeField(null=True, blank=True, help_text="When the provider is asked again.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(state__in=("created", "action_needed", "processing")),
                name="an invoice is being paid once at a time",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a payment is of something"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=models.F("amount")), name="a refund is at most the payment"
            ),
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="a payment has a known state"),
            models.CheckConstraint(condition=Q(method__in=PaymentMethod.values), name="a payment has a known method"),
        ]
        indexes = [
            models.Index(fields=["invoice", "-created_at"], name="payments_of_invoice"),
            models.Index(fields=["last4", "-id"], condition=~Q(last4=""), name="payments_by_last4"),
            models.Index(fields=["fingerprint"], condition=~Q(fingerprint=""), name="payments_by_fingerprint"),
            models.Index(
                "created_at",
                condition=Q(state__in=("created", "action_needed", "processing")),
                name="payment_unfinished",
            ),
            models.Index(
                "try_at",
                condition=Q(state__in=("created", "action_needed", "processing")),
                name="payment_to_ask_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.invoice_id}"


class Decline(models.Model):
    """Everything that is known about one refusal of a card (R34, B5). Agents see all of it, nobody opens Stripe."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="declines")
    at = models.DateTimeField()
    code = models.CharField(max_length=80)
    decline_code = models.CharField(max_length=80, blank=True)
    advice_code = models.CharField(max_length=40, blank=True)
    network_decline_code = models.CharField(max_length=10, blank=True)
    network_advice_code = models.CharField(max_length=10, blank=True)
    outcome_type = models.CharField(max_length=40, blank=True)
    outcome_reason = models.CharField(max_length=80, blank=True)
    network_status = models.CharField(max_length=40, blank=True)
    risk_level = models.CharField(max_length=20, blank=True)
    seller_message = models.CharField(max_length=500, blank=True)
    cvc_check = models.CharField(max_length=20, blank=True)
    zip_check = models.CharField(max_length=20, blank=True)
    line1_check = models.CharField(max_length=20, blank=True)
    card_words = models.CharField(max_length=80, blank=True)
    card_country = models.CharField(max_length=2, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=40, blank=True, help_text="What to give the bank.")
    raw = models.JSONField(default=dict, help_text="The provider's own words, for agents.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "charge_id"], condition=~Q(charge_id=""), name="a refused charge is told once"
            )
        ]
        indexes = [models.Index(fields=["payment", "-at"], name="declines_of_payment")]

    def __str__(self) -> str:
        return self.decline_code or self.code


class Refund(models.Model):
    """Money on its way back to the original payment, never elsewhere (R99). `key` is fixed before the call (B3, B8)."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    credit_note = models.OneToOneField(CreditNote, models.PROTECT, null=True, blank=True, related_name="refund")
    request = models.ForeignKey(RefundRequest, models.PROTECT, null=True, blank=True, related_name="refunds")
    amount = fields.amount()
    currency = fields.currency()
    reason = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=RefundState, default=RefundState.QUEUED)
    key = models.CharField(max_length=120, unique=True)
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    failure = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=80, blank=True, help_text="ARN or trace number, days later.")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    not_before = models.DateTimeField(help_text="When it is sent, and then when it is looked after again.")
    first_sent_at = models.DateTimeField(null=True, blank=True, help_text="Its key lives for a day from then (B8).")
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="a refund gives something back"),
            models.CheckConstraint(condition=Q(state__in=RefundState.values), name="a refund has a known state"),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=Q(state__in=("queued", "sending")), name="refund_to_send"),
            models.Index(fields=["payment", "-created_at"], name="refunds_of_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.payment_id}"


class Dispute(models.Model):
    """The bank took a payment back and asks why. While it is open, or lost, the payment is not refunded."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    provider_id = models.CharField(max_length=255, unique=True)
    amount = fields.amount()
    currency = fields.currency()
    reason = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=40, help_text="As the provider says it.")
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"dispute of {self.payment_id}"

    @property
    def taken(self) -> int:
        """What a lost one takes, in minor units: a bank may dispute all of what was refunded in part. Asks for the
        payment."""
        return min(self.amount, self.payment.amount - self.payment.refunded)


class ProviderEvent(models.Model):
    """A signed event, kept once. It only says what to look at; the worker asks the provider again (B7)."""

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=255, blank=True)
    is_live = models.BooleanField()
    body = models.JSONField()
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["try_at", "id"], condition=Q(done_at__isnull=True), name="provider_event_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
