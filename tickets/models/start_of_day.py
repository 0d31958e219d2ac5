"""The desk's days: who leads one, how far each person has come with its start, and what was left lying."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.source_choices import CheckState, RunState

MINUTES_A_DAY = 24 * 60


class DayRules(models.Model):
    """When a start of the day is late. One row."""

    late_minute = models.PositiveSmallIntegerField(default=630, help_text="Minutes after the desk's midnight.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one row of rules about days"),
            models.CheckConstraint(
                condition=Q(late_minute__gte=1, late_minute__lt=MINUTES_A_DAY), name="a start is late within its day"
            ),
        ]

    def __str__(self) -> str:
        return f"late after {self.late_minute} minutes"


class DeskDay(models.Model):
    """A day on which the desk opens. Its captain sees to what nobody else does."""

    on = models.DateField(unique=True)
    captain = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    is_captain_chosen = models.BooleanField(default=False, help_text="A person said who it is.")
    begins_at = models.DateTimeField()
    late_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    alerted_at = models.DateTimeField(null=True, blank=True, help_text="When it was told who is late.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(begins_at__lt=F("late_at"), late_at__lt=F("ends_at")), name="a day has its times in order"
            )
        ]
        indexes = [models.Index("captain", "on", name="day_captain")]

    def __str__(self) -> str:
        return str(self.on)


class DayRun(models.Model):
    """One person's start of one day."""

    day = models.ForeignKey(DeskDay, models.CASCADE, related_name="runs")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="day_runs")
    state = models.CharField(max_length=10, choices=RunState, default=RunState.OPEN)
    began_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    items = models.PositiveIntegerField(default=0, help_text="How many tickets were due when it was done.")
    handover = models.TextField(blank=True, help_text="What the next day has to know.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "person"], name="a person starts a day once"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="a start of a day is in a known state"),
            models.CheckConstraint(
                condition=~Q(state=RunState.DONE) | Q(done_at__isnull=False), name="a start that is done says when"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[RunState.DONE, RunState.LATE]) | Q(done_at__isnull=True),
                name="a start that says when is done, in time or late",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(began_at__lte=F("done_at")), name="a start ends after it began"
            ),
        ]
        indexes = [models.Index("person", name="day_run_to_do", condition=Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.day_id}"


class DayCheck(models.Model):
    """What a person saw of a source when their start of the day was done. Never changed."""

    run = models.ForeignKey(DayRun, models.CASCADE, related_name="checks")
    source = models.ForeignKey("tickets.InboxSource", models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=CheckState)
    expected = models.PositiveIntegerField(null=True, blank=True, help_text="Theirs. Empty: nobody said.")
    seen = models.PositiveIntegerField(help_text="Ours.")
    attested_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "source"], name="a source is checked once in a start"),
            models.CheckConstraint(condition=Q(state=CheckState.CLEAR), name="a start ends with clear sources only"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} in {self.run_id}"


class DayLater(models.Model):
    """Somebody looked at an overdue ticket this morning and said what they do about it today."""

    run = models.ForeignKey(DayRun, models.CASCADE, related_name="later")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    words = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "ticket", "due_at"], name="a date is put off once in a start"),
            models.CheckConstraint(condition=~Q(words=""), name="what is put off says why"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} in {self.run_id}"


class Breach(models.Model):
    """A ticket lay untouched for 24 hours of open days past its date. One row for each date, for ever."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="breaches")
    due_at = models.DateTimeField()
    breached_at = models.DateTimeField(help_text="Its date and 24 hours of days on which the desk opens.")
    noticed_at = models.DateTimeField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Whose it was."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "due_at"], name="a date of a ticket is breached once"),
            models.CheckConstraint(condition=Q(breached_at__gt=F("due_at")), name="a breach comes after its date"),
        ]
        indexes = [models.Index("breached_at", "id", name="breach_by_day")]

    def __str__(self) -> str:
        return f"{self.ticket_id} due {self.due_at}"

    @property
    def elapsed_hours(self) -> int:
        """Hours by the wall clock from its date to its breach: 24, and those of closed days."""
        return round((self.breached_at - self.due_at).total_seconds() / 3600)
