"""What was bought, and the boxes in which it leaves."""

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.models import Person
from billing.choices import HoldReason, OrderState, PaymentMethod, Period, ShipmentState
from billing.models import fields
from billing.models.catalogue import Price, Product
from billing.models.coupons import Coupon
from billing.models.customers import Customer


class Order(models.Model):
    """A cart that was ordered once (`key`). Its sums are those of its lines."""

    number = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=64, unique=True, help_text="From the checkout page: sent twice, ordered once.")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    placed_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    placed_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=OrderState, default=OrderState.PLACED)
    method = models.CharField(max_length=10, choices=PaymentMethod)
    currency = fields.currency()
    subtotal = fields.amount()
    discount = fields.amount(default=0)
    shipping = fields.amount(default=0)
    tax = fields.amount(default=0)
    total = fields.amount()
    coupon = models.ForeignKey(Coupon, models.PROTECT, null=True, blank=True, related_name="+")
    po_number = models.CharField(max_length=60, blank=True)
    taxes = models.JSONField(default=list, help_text="name, rate_ppm, base, amount, exemption of each tax, in order")
    ship_to = models.JSONField(default=dict, help_text="name, line1, line2, city, region, postal_code, country")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(subtotal__gte=0, discount__gte=0, shipping__gte=0, tax__gte=0, total__gte=0)
                & Q(discount__lte=F("subtotal")),
                name="no sum of an order is negative",
            ),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount") + F("shipping") + F("tax")), name="an order adds up"
            ),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="an order has a known state"),
            models.CheckConstraint(condition=Q(method__in=PaymentMethod.values), name="an order has a known method"),
        ]
        indexes = [models.Index(fields=["customer", "-placed_at", "-id"], name="orders_of_customer")]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """One product of an order, as it was named and priced then."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    detail = models.CharField(max_length=255, blank=True)
    period = models.CharField(max_length=8, choices=Period)
    displays = models.PositiveIntegerField(null=True, blank=True)
    minutes = models.PositiveIntegerField(default=0, help_text="What one of it adds to the hours ledger.")
    quantity = models.PositiveSmallIntegerField()
    unit_amount = fields.amount()
    discount = fields.amount(default=0)
    tax = fields.amount(default=0)
    amount = fields.amount(help_text="quantity * unit_amount - discount, before tax")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="lines of an order are numbered"),
            models.CheckConstraint(
                condition=Q(amount=F("quantity") * F("unit_amount") - F("discount")), name="a line adds up"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, unit_amount__gte=0, discount__gte=0, tax__gte=0, amount__gte=0),
                name="nothing on a line is negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Shipment(models.Model):
    """A box, or what waits to be put into one."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    number = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=ShipmentState, default=ShipmentState.WAITING)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_scan = models.CharField(max_length=255, blank=True)
    last_scan_at = models.DateTimeField(null=True, blank=True, help_text="When the carrier saw it.")
    promised_on = models.DateField(null=True, blank=True, help_text="The day that the carrier named last.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="When we last asked the carrier.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="shipments of an order are numbered"),
            models.CheckConstraint(condition=Q(state__in=ShipmentState.values), name="a shipment has a known state"),
            models.CheckConstraint(
                condition=~Q(state__in=(ShipmentState.SHIPPED, ShipmentState.DELIVERED)) | Q(shipped_at__isnull=False),
                name="what is on its way has left",
            ),
        ]
        indexes = [
            models.Index(
                OpClass(Upper("tracking_number"), "text_pattern_ops"),
                F("id").desc(),
                condition=~Q(tracking_number=""),
                name="shipment_tracking_number",
            ),
            models.Index(fields=["asked_at"], condition=Q(state=ShipmentState.SHIPPED), name="shipment_on_its_way"),
        ]

    def __str__(self) -> str:
        return f"{self.order} box {self.number}"


class ShipmentHold(models.Model):
    """A reason why a shipment waits. It leaves when the last of them is released."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=8, choices=HoldReason)
    words = models.CharField(max_length=255, blank=True)
    placed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "reason"],
                condition=Q(released_at__isnull=True),
                name="a shipment waits once for a reason",
            ),
            models.CheckConstraint(condition=Q(reason__in=HoldReason.values), name="a hold has a known reason"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} of {self.shipment_id}"
