"""Contact drivers, what they cost, and the problems behind them. A driver is a contact reason of the desk."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from insights.models.facts import Fact
from insights.problem_choices import FIXED, ProblemState, Telling

LONGEST_FIX = 200


class Driver(models.Model):
    """What this desk says of a contact reason. Without a row: measured minutes, preventable, other by its name."""

    reason = models.OneToOneField("tickets.ContactReason", models.CASCADE, primary_key=True, related_name="driver")
    minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Work on one contact. Empty: as measured."
    )
    is_preventable = models.BooleanField(default=True, help_text="Nobody should have to ask: becomes a problem.")
    is_other = models.BooleanField(default=False, help_text="Says nothing about why somebody wrote.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__gte=1, minutes__lte=600),
                name="a contact takes up to ten hours",
            )
        ]

    def __str__(self) -> str:
        return f"driver {self.reason_id}"


class Handled(Fact):
    """What a ticket took so far: public replies, hand-offs (its assignees less one), minutes of work."""

    replies = models.PositiveSmallIntegerField(default=0)
    hand_offs = models.PositiveSmallIntegerField(default=0)
    minutes = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index("on", name="handled_by_day"), models.Index("ticket", name="handled_of")]

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.ticket_id}"


class DriverMonth(models.Model):
    """A month of one reason, counted from facts all at once. `reason_id` 0: contacts without a reason."""

    month = models.DateField(help_text="Its first day.")
    reason_id = models.BigIntegerField(default=0)
    contacts = models.PositiveIntegerField(default=0)
    tickets = models.PositiveIntegerField(default=0, help_text="Opened; the figures below are about these.")
    minutes = models.PositiveIntegerField(default=0)
    hand_offs = models.PositiveIntegerField(default=0)
    replies_p50 = models.FloatField(default=0)
    replies_p90 = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "reason_id"], name="a reason's month is counted once"),
            models.CheckConstraint(condition=Q(month__day=1), name="a reason's month begins with its first day"),
        ]

    def __str__(self) -> str:
        return f"{self.reason_id} in {self.month:%Y-%m}"


class DirtyMonth(models.Model):
    """A month one of whose days was counted again since."""

    month = models.DateField(primary_key=True)

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Problem(models.Model):
    """Why people keep writing, who is responsible, what is done, and whether it helped.

    `before` and `before_customers` are the 56 days before the fix, `after` and `after_customers` the 28 days from it:
    contacts, and customers summed over the days. They are written when the fix is judged, and never changed by hand.
    """

    driver = models.ForeignKey("tickets.ContactReason", models.PROTECT, related_name="problems")
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=ProblemState, default=ProblemState.IDENTIFIED)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="problems")
    cause = models.TextField(blank=True)
    workaround = models.ForeignKey(
        "knowledgebase.Article", models.SET_NULL, null=True, blank=True, related_name="problems"
    )
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    moved_at = models.DateTimeField(help_text="When it came into its state.")
    fix = models.CharField(max_length=LONGEST_FIX, blank=True, help_text="What is, or was, changed.")
    planned_for = models.DateField(null=True, blank=True)
    fixed_on = models.DateField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True, help_text="When the 28 days after the fix were counted.")
    before = models.PositiveIntegerField(null=True, blank=True)
    before_customers = models.PositiveBigIntegerField(default=0)
    after = models.PositiveIntegerField(null=True, blank=True)
    after_customers = models.PositiveBigIntegerField(default=0)
    saved = models.BigIntegerField(null=True, blank=True, help_text="Cents a month, once verified.")
    times_reopened = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ProblemState.values), name="a problem has a known state"),
            models.CheckConstraint(
                condition=Q(state=ProblemState.IDENTIFIED) | Q(owner__isnull=False),
                name="a problem that was looked into has an owner",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FIXED) | (Q(fixed_on__isnull=False) & ~Q(fix="")),
                name="a fixed problem says what was done and when",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProblemState.VERIFIED) | Q(judged_at__isnull=False, before__isnull=False),
                name="a verified problem was measured",
            ),
            models.UniqueConstraint(
                fields=["driver"], condition=~Q(state=ProblemState.VERIFIED), name="a driver has one unsolved problem"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProblemMove(models.Model):
    """A step of a problem: who brought it where, and in which words. Never changed."""

    problem = models.ForeignKey(Problem, models.CASCADE, related_name="moves")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=12, choices=ProblemState)
    words = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index("problem", "id", name="problem_history")]

    def __str__(self) -> str:
        return f"{self.problem_id} to {self.state}"


class EngEffort(models.Model):
    """Time that engineering spent on a problem."""

    problem = models.ForeignKey(Problem, models.PROTECT, related_name="efforts")
    on = models.DateField()
    minutes = models.PositiveIntegerField()
    words = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=60_000), name="an effort is a minute to 1,000 hours"
            )
        ]
        indexes = [models.Index("on", name="effort_by_day")]

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.problem_id}"


class ProblemTicket(models.Model):
    """A ticket that asks because of a problem: its customer hears of the fix."""

    problem = models.ForeignKey(Problem, models.CASCADE, related_name="tickets")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "problem"], name="a ticket is linked to a problem once")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} asks because of {self.problem_id}"


class Announcement(models.Model):
    """What customers of linked tickets are told about a fix."""

    problem = models.ForeignKey(Problem, models.PROTECT, related_name="announcements")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()
    closes = models.BooleanField(default=True, help_text="Tickets on which nobody waits for us are closed.")
    form_key = models.CharField(max_length=32, unique=True, help_text="Of the form that was sent, which counts once.")

    class Meta:
        indexes = [models.Index("problem", "id", name="announcements_of")]

    def __str__(self) -> str:
        return f"announcement {self.pk} of {self.problem_id}"


class Told(models.Model):
    """One ticket of an announcement, and the message that it got. `was_reopened`: left as it was, for a person."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="told")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=Telling, default=Telling.WAITING)
    message = models.OneToOneField("tickets.Message", models.SET_NULL, null=True, blank=True, related_name="+")
    was_reopened = models.BooleanField(default=False)
    words = models.CharField(max_length=300, blank=True, help_text="Why it could not be sent.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "announcement"], name="a ticket is told once of a fix"),
            models.CheckConstraint(condition=Q(state__in=Telling.values), name="telling has a known state"),
        ]
        indexes = [models.Index("id", name="told_waiting", condition=Q(state=Telling.WAITING))]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"
