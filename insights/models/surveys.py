"""What customers are asked after a ticket was closed, and what they say."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from insights.choices import Skipped, SurveyState


class SurveyRules(models.Model):
    """How this desk asks. One row."""

    is_enabled = models.BooleanField(default=True)
    enabled_at = models.DateTimeField(null=True, blank=True, help_text="Earlier closings are not asked about.")
    after_hours = models.PositiveSmallIntegerField(default=8, help_text="Open hours after the ticket was closed.")
    pause_days = models.PositiveSmallIntegerField(default=14, help_text="A customer is asked once in so many days.")
    change_days = models.PositiveSmallIntegerField(default=7, help_text="How long an answer can be changed.")
    asks_effort = models.BooleanField(default=True, help_text="Ask how easy it was, too.")
    low_tells_lead = models.BooleanField(default=True, help_text="Mail the team's lead when a rating is 1 or 2.")
    low_reopens = models.BooleanField(default=False, help_text="Open the ticket again when a rating is 1 or 2.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one set of survey rules"),
            models.CheckConstraint(
                condition=Q(after_hours__lte=240, pause_days__gte=1, pause_days__lte=365, change_days__lte=90),
                name="survey rules are within reason",
            ),
        ]

    def __str__(self) -> str:
        return "on" if self.is_enabled else "off"


class SurveyMonth(models.Model):
    """What the questions of a month brought, of one team: a rollup of `Survey`, which the founder's page reads."""

    month = models.DateField(help_text="Its first day: when it was asked, whenever it was answered.")
    team_id = models.BigIntegerField()
    asked = models.PositiveIntegerField()
    answered = models.PositiveIntegerField()
    happy = models.PositiveIntegerField(help_text="4 and 5 of 5.")
    easy = models.PositiveIntegerField(help_text="5, 6 and 7 of 7.")
    effort = models.PositiveIntegerField(help_text="Said how easy it was.")
    solved = models.PositiveIntegerField()
    solved_said = models.PositiveIntegerField(help_text="Said whether it was solved.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "team_id"], name="a month of answers is counted once a team"),
            models.CheckConstraint(condition=Q(month__day=1), name="a month of answers begins with its first day"),
        ]

    def __str__(self) -> str:
        return f"{self.answered} of {self.asked} in {self.month:%Y-%m}"


class Survey(models.Model):
    """One question about one ticket, answered once. `person` is who was asked, `answered_by` who is rated."""

    ticket = models.OneToOneField("tickets.Ticket", models.CASCADE, related_name="survey")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="surveys")
    team_id = models.BigIntegerField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Answered last."
    )
    state = models.CharField(max_length=10, choices=SurveyState, default=SurveyState.SENT)
    why_skipped = models.CharField(max_length=20, choices=Skipped, blank=True)
    token_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the link in the mail; covers its purpose.")
    closed_at = models.DateTimeField(help_text="The closing that it asks about.")
    asked_at = models.DateTimeField()
    asked_on = models.DateField()
    answered_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    csat = models.PositiveSmallIntegerField(null=True, blank=True)
    ces = models.PositiveSmallIntegerField(null=True, blank=True)
    is_solved = models.BooleanField(null=True, blank=True)
    comment = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token_sha256"], condition=~Q(token_sha256=""), name="a survey has a link of its own"
            ),
            models.CheckConstraint(condition=Q(csat__isnull=True) | Q(csat__range=(1, 5)), name="csat is 1 to 5"),
            models.CheckConstraint(condition=Q(ces__isnull=True) | Q(ces__range=(1, 7)), name="ces is 1 to 7"),
            models.CheckConstraint(
                condition=Q(state=SurveyState.ANSWERED, answered_at__isnull=False, csat__isnull=False)
                | (~Q(state=SurveyState.ANSWERED) & Q(answered_at__isnull=True, csat__isnull=True)),
                name="an answer has a rating and a time",
            ),
        ]
        indexes = [
            models.Index("person", "asked_at", name="survey_lately", condition=~Q(state="skipped")),
            models.Index("asked_on", "id", name="survey_asked", condition=~Q(state="skipped")),
            models.Index("answered_at", "id", name="survey_answered", condition=Q(state="answered")),
        ]

    def __str__(self) -> str:
        return f"survey of {self.ticket_id}"
