"""What support costs, and how much of it there may be: entered by people, month by month."""

from django.conf import settings
from django.db import models
from django.db.models import Q

MOST_CENTS = 100_000_000_00
MOST_HOURS = 100_000


class CostRules(models.Model):
    """What holds until somebody changes it. One row. Sums are minor units of `currency`."""

    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 in capitals.")
    rate = models.PositiveBigIntegerField(default=4000, help_text="An hour of support work, everything included.")
    tools = models.PositiveBigIntegerField(default=0, help_text="A month of programs and services for support.")
    budget = models.PositiveBigIntegerField(null=True, blank=True, help_text="What support may cost in a month.")
    contact_rate_goal = models.DecimalField(
        max_digits=6, decimal_places=2, null=True, blank=True, help_text="Contacts per 100 active customers."
    )
    engineering_target = models.PositiveSmallIntegerField(
        default=20, help_text="Percent of engineering hours that go into what people ask about."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one set of cost rules"),
            models.CheckConstraint(
                condition=Q(rate__lte=MOST_CENTS, tools__lte=MOST_CENTS, engineering_target__lte=100)
                & (Q(budget__isnull=True) | Q(budget__lte=MOST_CENTS)),
                name="cost rules are within reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate} {self.currency} an hour"


class MonthCost(models.Model):
    """What one month took. Empty: not known yet, and then no figure that needs it is shown."""

    month = models.DateField(unique=True, help_text="Its first day.")
    support_hours = models.DecimalField(max_digits=8, decimal_places=1, null=True, blank=True)
    support_pay = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In minor units. Empty: hours at the rate."
    )
    tools = models.PositiveBigIntegerField(null=True, blank=True, help_text="In minor units. Empty: as the rules say.")
    engineering_hours = models.DecimalField(
        max_digits=8, decimal_places=1, null=True, blank=True, help_text="All of engineering, not only problems."
    )
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="a month of costs begins with its first day"),
            models.CheckConstraint(
                condition=(Q(support_hours__isnull=True) | Q(support_hours__gte=0, support_hours__lte=MOST_HOURS))
                & (Q(engineering_hours__isnull=True) | Q(engineering_hours__gte=0, engineering_hours__lte=MOST_HOURS))
                & (Q(support_pay__isnull=True) | Q(support_pay__lte=MOST_CENTS))
                & (Q(tools__isnull=True) | Q(tools__lte=MOST_CENTS)),
                name="a month's costs are within reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
