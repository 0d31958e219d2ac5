"""Business calendars and service levels."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from tickets.choices import Priority

MINUTES_A_DAY = 24 * 60
WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]


class BusinessCalendar(models.Model):
    """When the desk is open, in its own time zone."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, blank=True, help_text="Public holidays of this country are closed days.")
    subdivision = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return self.name


class CalendarInterval(models.Model):
    """Open minutes of one weekday. A shift past midnight closes beyond 1,440; several a day are fine."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="intervals")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.PositiveSmallIntegerField(validators=[MaxValueValidator(MINUTES_A_DAY - 1)])
    closes = models.PositiveSmallIntegerField(validators=[MaxValueValidator(2 * MINUTES_A_DAY)])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")) & Q(closes__lte=F("opens") + MINUTES_A_DAY),
                name="an interval closes after it opens and within a day",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a week has seven days"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens}-{self.closes}"


class CalendarHoliday(models.Model):
    """A day on which the desk is closed, from midnight to midnight in the calendar's zone."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    day_on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "day_on"], name="a day is a holiday once")]

    def __str__(self) -> str:
        return f"{self.day_on} {self.name}"


class ServiceLevel(models.Model):
    """What a team promises."""

    name = models.CharField(max_length=80, unique=True)
    calendar = models.ForeignKey(BusinessCalendar, models.PROTECT)
    warn_at_percent = models.PositiveSmallIntegerField(default=75)
    escalate_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Told when a promise breaks. Empty: the team's lead.",
    )
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one service level is the default"
            ),
            models.CheckConstraint(
                condition=Q(warn_at_percent__gte=1, warn_at_percent__lte=99), name="a warning comes before the breach"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceTarget(models.Model):
    """Open minutes that each clock may take at one priority. Empty: no promise."""

    level = models.ForeignKey(ServiceLevel, models.CASCADE, related_name="targets")
    priority = models.CharField(max_length=10, choices=Priority)
    first_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    next_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "priority"], name="a priority has one target")]

    def __str__(self) -> str:
        return f"{self.level}, {self.get_priority_display()}"
