"""What somebody is about to buy. A cart holds choices, never prices: those are the server's (S30)."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.models import fields
from billing.models.catalogue import Price
from billing.models.coupons import Coupon
from billing.models.customers import Customer

MOST_OF_ONE = 999


class Cart(models.Model):
    """One for a browser (`key_hash`), then for the person who signs in. `version` tells a stale page."""

    key_hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, related_name="+")
    currency = fields.currency()
    coupon = models.ForeignKey(Coupon, models.SET_NULL, null=True, blank=True, related_name="+")
    po_number = models.CharField(max_length=60, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_index=True)
    ordered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ordered_at__isnull=True), name="a person has one open cart"
            )
        ]

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartLine(models.Model):
    """So many of one price."""

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    seen_amount = fields.amount(help_text="The price when it was put in, to say when it has changed.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "price"], name="a price is in a cart once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MOST_OF_ONE), name="a line has 1 to 999 pieces"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.price_id}"
