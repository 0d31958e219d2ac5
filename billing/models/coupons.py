"""Coupons, who was given one, and where each was used."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Upper

from accounts.models import Person
from billing.choices import CouponUse
from billing.models import fields
from billing.models.catalogue import Product
from billing.models.customers import Customer


class Coupon(models.Model):
    """A fixed sum or a share off. `used` is counted in the row, so that no race goes past `most_uses` (S32)."""

    code = models.CharField(max_length=40, unique=True, help_text="In capitals.")
    name = models.CharField(max_length=120)
    use = models.CharField(max_length=16, choices=CouponUse)
    amount_off = fields.amount(default=0)
    percent_off = models.PositiveSmallIntegerField(default=0)
    currency = fields.currency()
    minimum = fields.amount(default=0, help_text="Goods in the cart must come to at least this.")
    products = models.ManyToManyField(Product, blank=True, related_name="+", help_text="None: everything.")
    is_first_order_only = models.BooleanField(default=False)
    most_uses = models.PositiveIntegerField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    fallback_minutes = models.PositiveIntegerField(default=0, help_text="Complimentary, where it stays unused (D4).")
    fallback_after_days = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    may_be_given = models.BooleanField(default=False, help_text="By whoever of the desk has the right to (R96).")
    is_personal = models.BooleanField(default=False, help_text="Works only for whoever was given it.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code=Upper(Collate("code", "C"))) & ~Q(code=""), name="a code is capitals"
            ),
            models.CheckConstraint(
                condition=Q(amount_off__gt=0, percent_off=0)
                | Q(amount_off=0, percent_off__gte=1, percent_off__lte=100),
                name="a coupon takes off a sum or a share",
            ),
            models.CheckConstraint(
                condition=Q(most_uses__isnull=True) | Q(used__lte=F("most_uses")), name="a coupon keeps its limit"
            ),
            models.CheckConstraint(
                condition=~Q(use=CouponUse.SINGLE) | Q(used__lte=1), name="a single coupon is used once"
            ),
            models.CheckConstraint(condition=Q(use__in=CouponUse.values), name="a coupon has a known use"),
            models.CheckConstraint(
                condition=Q(fallback_minutes=0) | Q(fallback_after_days__gt=0), name="a fallback has a date"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponGrant(models.Model):
    """A coupon given to a customer, and what became of it by its date: used, or the fallback."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="grants")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="coupon_grants")
    granted_at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    ticket = models.PositiveBigIntegerField(null=True, blank=True, help_text="The number of the ticket it was for.")
    fallback_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    fell_back_at = models.DateTimeField(null=True, blank=True)
    fell_back_for = models.ForeignKey(
        "billing.Order", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The order that was paid without it; empty where its time passed.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coupon", "customer"], name="a customer is given a coupon once"),
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True) | Q(fell_back_at__isnull=True),
                name="a coupon is used or falls back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} for {self.customer_id}"


class Redemption(models.Model):
    """A coupon used in an order. `once_key` is the customer where it works once for each."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="redemptions")
    order = models.OneToOneField("billing.Order", models.PROTECT, related_name="redemption")
    once_key = models.PositiveBigIntegerField(null=True, blank=True)
    amount = fields.amount()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "once_key"], name="a coupon for each customer is used once by each"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a redemption takes something off"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} in {self.order_id}"
