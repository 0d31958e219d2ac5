"""Who was a customer in a month: whoever signed in, or paid an invoice. Rows are added, and never taken back."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class ActiveMonth(models.Model):
    """An organisation, or a person who belongs to none, was active in this month."""

    month = models.DateField(help_text="Its first day, in the desk's time zone.")
    organisation = models.ForeignKey(
        "accounts.Organisation", models.CASCADE, null=True, blank=True, related_name="active_months"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="active_months"
    )
    has_signed_in = models.BooleanField(default=False)
    has_paid = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "organisation"],
                condition=Q(organisation__isnull=False),
                name="an organisation is active in a month once",
            ),
            models.UniqueConstraint(
                fields=["month", "person"], condition=Q(person__isnull=False), name="a person is active in a month once"
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, person__isnull=False)
                | Q(organisation__isnull=False, person__isnull=True),
                name="an organisation or a person was active",
            ),
            models.CheckConstraint(
                condition=Q(has_signed_in=True) | Q(has_paid=True), name="somebody active signed in or paid"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="a month of activity begins with its first day"),
        ]
        indexes = [models.Index("month", "id", name="active_month_list")]

    def __str__(self) -> str:
        return f"{self.organisation_id or self.person_id} in {self.month:%Y-%m}"


class ActiveCount(models.Model):
    """How many were active in a month: counted from the rows whenever one is added."""

    month = models.DateField(primary_key=True)
    customers = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.customers} in {self.month:%Y-%m}"


class WeeklyReader(models.Model):
    """Somebody who chose to be mailed the founder's page every Monday."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField()
    last_week = models.DateField(null=True, blank=True, help_text="The Monday of the last mail.")

    def __str__(self) -> str:
        return f"{self.person_id} since {self.since:%Y-%m-%d}"
