"""Who teaches, and when they can be booked: on the clock of their own wall."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from training.choices import WEEKDAYS

MINUTES_A_DAY = 24 * 60


class Trainer(models.Model):
    """Somebody of the staff who gives sessions. Rules are kept as wall-clock times of `time_zone`, never as offsets."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="trainer")
    time_zone = models.CharField(max_length=64, default="UTC")
    place = models.CharField(
        max_length=255, blank=True, help_text="Where sessions are, as customers read it: a video link, a room."
    )
    is_active = models.BooleanField(default=True)
    feed_version = models.PositiveIntegerField(default=1, help_text="Raised, the calendar feed gets a new address.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.person.shown_name


class Rule(models.Model):
    """Hours of one weekday in which a trainer can be booked, in minutes after midnight on the trainer's wall."""

    trainer = models.ForeignKey(Trainer, models.CASCADE, related_name="rules")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()
    first_on = models.DateField(null=True, blank=True, help_text="The first day on which it counts.")
    last_on = models.DateField(null=True, blank=True, help_text="The last day on which it counts.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="a rule is about one of seven days"),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens"), closes__lte=MINUTES_A_DAY), name="a rule ends on the day it begins"
            ),
            models.CheckConstraint(
                condition=Q(first_on__isnull=True) | Q(last_on__isnull=True) | Q(last_on__gte=F("first_on")),
                name="a rule ends after it began",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens}-{self.closes}"


class DateException(models.Model):
    """Other hours on one day of the trainer's calendar, instead of its rules; closed all day without hours."""

    trainer = models.ForeignKey(Trainer, models.CASCADE, related_name="exceptions")
    day_on = models.DateField()
    opens = models.PositiveSmallIntegerField(null=True, blank=True)
    closes = models.PositiveSmallIntegerField(null=True, blank=True)
    words = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trainer", "day_on"], name="a day has one exception"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__gt=F("opens"), closes__lte=MINUTES_A_DAY),
                name="other hours of a day end on it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainer_id} on {self.day_on}"


class Leave(models.Model):
    """A time in which nobody books a trainer any more. What was booked before stands until somebody moves it (C9)."""

    trainer = models.ForeignKey(Trainer, models.CASCADE, related_name="leaves")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    words = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a leave ends")]
        indexes = [models.Index(fields=["trainer", "ends_at"], name="leave_of_trainer")]

    def __str__(self) -> str:
        return f"{self.trainer_id} from {self.starts_at}"
