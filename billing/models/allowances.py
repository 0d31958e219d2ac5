"""What staff may give away by themselves, and what they gave (R86, R94 to R97; E1 to E3)."""

from django.db import models
from django.db.models import F, Q

from accounts.choices import Role
from accounts.models import Person
from billing.choices import GoodwillWay, MoneyRightKind
from billing.models import fields
from billing.models.catalogue import Product
from billing.models.coupons import CouponGrant
from billing.models.customers import Customer
from billing.models.invoices import CreditNote, Invoice
from billing.models.subscriptions import Subscription


class MoneyRight(models.Model):
    """A person of the desk may refund, give discounts or open free accounts. Few may (R95 to R97)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="money_rights")
    right = models.CharField(max_length=12, choices=MoneyRightKind)
    granted_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField()
    revoked_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "right"], condition=Q(revoked_at__isnull=True), name="a money right is held once"
            ),
            models.CheckConstraint(condition=Q(right__in=MoneyRightKind.values), name="a money right is a known one"),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("person")),
                name="nobody gives themselves a money right",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.right}"


class MoneyLimit(models.Model):
    """How much a role may give by itself. Of several roles the largest counts; what is more goes to the review."""

    role = models.CharField(max_length=20, choices=Role, unique=True)
    refund_most = fields.amount(default=0, help_text="In one refund, in minor units of the seller's currency.")
    goodwill_a_day = fields.amount(default=0)
    free_accounts_a_month = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(refund_most__gte=0, goodwill_a_day__gte=0), name="no limit is negative"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a money limit is of a known role"),
        ]

    def __str__(self) -> str:
        return self.role


class BudgetDay(models.Model):
    """What a person gave as goodwill on one day of the seller's time zone. The row itself keeps the limit (E1, S32)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="budget_days")
    day = models.DateField()
    spent = fields.amount(default=0)
    limit = fields.amount(help_text="Of that day.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "day"], name="a person has one budget a day"),
            models.CheckConstraint(
                condition=Q(spent__gte=0, spent__lte=F("limit")), name="a budget is not spent twice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.day}"


class Goodwill(models.Model):
    """Money given without being owed: taken off an open invoice, sent back to a card, or off the next order."""

    key = models.CharField(max_length=120, unique=True)
    budget = models.ForeignKey(BudgetDay, models.PROTECT, related_name="given")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="goodwill")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    amount = fields.amount()
    currency = fields.currency()
    way = models.CharField(max_length=10, choices=GoodwillWay)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="goodwill")
    credit_note = models.OneToOneField(CreditNote, models.PROTECT, null=True, blank=True, related_name="goodwill")
    grant = models.OneToOneField(CouponGrant, models.PROTECT, null=True, blank=True, related_name="goodwill")
    reason = models.CharField(max_length=500)
    ticket = models.PositiveBigIntegerField(null=True, blank=True, help_text="The number of the ticket it was for.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="goodwill gives something"),
            models.CheckConstraint(condition=~Q(reason=""), name="goodwill has a reason"),
            models.CheckConstraint(condition=Q(way__in=GoodwillWay.values), name="goodwill goes a known way"),
        ]
        indexes = [models.Index(fields=["customer", "-at"], name="goodwill_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.customer_id}"


class FreeAccount(models.Model):
    """A plan that costs nothing until a day (R95). Whoever opens one says why; it ends by itself."""

    key = models.CharField(max_length=120, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="free_accounts")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    subscription = models.OneToOneField(
        Subscription, models.PROTECT, null=True, blank=True, related_name="free_account"
    )
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    ends_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "product"], condition=Q(ended_at__isnull=True), name="a product is free once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a free account has a reason"),
        ]
        indexes = [models.Index(fields=["by", "-opened_at"], name="free_accounts_by_opener")]

    def __str__(self) -> str:
        return f"{self.product_id} for {self.customer_id}"
