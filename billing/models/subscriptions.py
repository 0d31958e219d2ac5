"""What is paid again and again."""

from django.db import models
from django.db.models import F, Q

from billing.choices import RECURRING, PaymentMethod, Period, SubscriptionState
from billing.models import fields
from billing.models.catalogue import Price, Product
from billing.models.customers import Customer
from billing.models.orders import OrderLine


class Subscription(models.Model):
    """A plan of a customer. It is billed up to `period_ends_on`; the renewal is invoiced by a timer that day."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="subscriptions")
    order_line = models.OneToOneField(OrderLine, models.PROTECT, null=True, blank=True, related_name="subscription")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=SubscriptionState, default=SubscriptionState.ACTIVE)
    period = models.CharField(max_length=8, choices=Period)
    method = models.CharField(max_length=10, choices=PaymentMethod, default=PaymentMethod.CARD)
    anchor_day = models.PositiveSmallIntegerField(help_text="The day of the month on which it renews: 1 to 31.")
    period_starts_on = models.DateField()
    period_ends_on = models.DateField(help_text="The first day that is not billed yet.")
    next_price = models.ForeignKey(
        Price, models.PROTECT, null=True, blank=True, related_name="+", help_text="From the next renewal on."
    )
    ends_at_renewal = models.BooleanField(default=False)
    period_amount = fields.amount(default=0, help_text="What the whole of this period is worth, before taxes.")
    period_invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, null=True, blank=True, related_name="+", help_text="It bills this period."
    )
    switch_invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Once it is paid, `next_price` holds at once instead of from the next renewal on.",
    )  # fmt: skip
    failures = models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed for the open renewal.")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    credit = fields.amount(default=0, help_text="From a change of period, taken off the next invoices.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(period__in=RECURRING), name="a subscription recurs"),
            models.CheckConstraint(
                condition=Q(state__in=SubscriptionState.values), name="a subscription has a known state"
            ),
            models.CheckConstraint(condition=Q(anchor_day__gte=1, anchor_day__lte=31), name="a day of a month"),
            models.CheckConstraint(condition=Q(period_ends_on__gt=F("period_starts_on")), name="a period has days"),
            models.CheckConstraint(condition=Q(credit__gte=0), name="credit of a subscription is not negative"),
            models.CheckConstraint(condition=Q(period_amount__gte=0), name="a period is worth nothing or something"),
            models.CheckConstraint(
                condition=Q(switch_invoice__isnull=True) | Q(next_price__isnull=False),
                name="a switch leads to a price",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubscriptionState.ENDED) | Q(ended_at__isnull=False, next_attempt_at__isnull=True),
                name="what has ended is charged no more",
            ),
        ]
        indexes = [
            models.Index(fields=["customer"], name="subscriptions_of_customer"),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(next_attempt_at__isnull=False),
                name="subscription_to_be_charged",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} of {self.customer_id}"

    @property
    def is_free(self) -> bool:
        """Given by the desk for nothing, until a day (R95). A query, unless `free_account` was selected with it."""
        return hasattr(self, "free_account")
