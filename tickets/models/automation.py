"""What the desk does by itself: rules and what they did, macros, who gets the next ticket, reminders to customers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from tickets.choices import (
    Distributing,
    Happened,
    NudgeState,
    RuleMoment,
    RunState,
)


class Rule(models.Model):
    """When something happens, or some time after something, tickets that fit get the steps done to them.

    `events` are empty for a rule on time, `moment` for one on events. Conditions and steps are lists of plain words
    and keys, read by `tickets.conditions` and `tickets.steps`; nothing in them is ever evaluated.
    """

    name = models.CharField(max_length=80, unique=True)
    position = models.PositiveIntegerField(help_text="Rules act in this order.")
    is_enabled = models.BooleanField(default=False)
    stops = models.BooleanField(default=False, help_text="When it acted, later rules do not look at the same event.")
    events = ArrayField(models.CharField(max_length=20, choices=Happened), default=list, blank=True)
    moment = models.CharField(max_length=20, choices=RuleMoment, blank=True)
    is_before = models.BooleanField(default=False, help_text="So long before the moment rather than after it.")
    minutes = models.PositiveIntegerField(default=0)
    in_open_hours = models.BooleanField(default=False, help_text="Only the desk's open hours count.")
    all_of = models.JSONField(default=list, blank=True)
    any_of = models.JSONField(default=list, blank=True)
    steps = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    acts_from = models.DateTimeField(
        null=True, blank=True, help_text="A moment that passed before this does not count. Empty: every one counts."
    )
    problem = models.CharField(max_length=300, blank=True, help_text="Why it could not act lately, in words.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(events__len__gt=0, moment="") | (Q(events__len=0) & ~Q(moment="")),
                name="a rule waits for events or for a moment",
            ),
            models.CheckConstraint(
                condition=Q(moment="") | Q(moment__in=RuleMoment.values), name="a rule knows its moment"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """A rule as it stood once: what it said, who wrote it. Never changed."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="a version of a rule stands once")]

    def __str__(self) -> str:
        return f"{self.rule} {self.number}"


class RuleRun(models.Model):
    """A rule met a ticket, once for each cause. `cause_at` is the moment of a rule on time."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="runs")
    version = models.PositiveIntegerField()
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="rule_runs")
    cause = models.CharField(max_length=60)
    cause_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    text = models.CharField(max_length=500, blank=True, help_text="What it did, or why it could not.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "ticket", "cause", "cause_at"],
                name="a rule acts on a ticket once for each cause",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="a run has a known state"),
        ]
        indexes = [
            models.Index("ticket", name="run_ticket"),
            models.Index(fields=["rule", "-id"], name="run_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.ticket_id}"


class Happening(models.Model):
    """Something happened to a ticket that a rule waits for. Gone as soon as the rules have looked."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    events = ArrayField(models.CharField(max_length=20, choices=Happened))
    message_id = models.BigIntegerField(default=0, help_text="The message that it is about; 0: none.")
    cause = models.CharField(max_length=60, blank=True, help_text="What set the chain off; empty: this itself.")
    depth = models.PositiveSmallIntegerField(default=0, help_text="How many rules lie between the cause and this.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{', '.join(self.events)} on {self.ticket_id}"


class Macro(models.Model):
    """Words and steps that an agent applies with one key. Everybody's, a team's, or one person's own."""

    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="macros", help_text="Personal."
    )
    team = models.ForeignKey("tickets.Team", models.CASCADE, null=True, blank=True, related_name="macros")
    text = models.TextField(blank=True)
    steps = models.JSONField(default=list, blank=True)
    uses = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "team", "name"], name="a macro's name stands once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(team__isnull=True), name="a macro is a person's or a team's"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MacroUse(models.Model):
    """A macro was applied to a ticket: what it changed, so that it can be undone. `key` names a job that may repeat."""

    macro = models.ForeignKey(Macro, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=80)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    key = models.CharField(max_length=80, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    text = models.CharField(max_length=300, blank=True, help_text="What it did, in words.")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "ticket"], condition=~Q(key=""), name="a job applies a macro to a ticket once"
            )
        ]
        indexes = [
            models.Index(fields=["by", "-at"], name="macro_use_by"),
            models.Index("ticket", name="macro_use_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.ticket_id}"


class Distribution(models.Model):
    """Who of a team gets the next ticket, and when a ticket goes back. Its row is the lock of the rotation."""

    team = models.OneToOneField("tickets.Team", models.CASCADE, related_name="distribution")
    mode = models.CharField(max_length=12, choices=Distributing, default=Distributing.BY_HAND)
    last_member = models.ForeignKey(
        "tickets.TeamMember", models.SET_NULL, null=True, blank=True, related_name="+", help_text="Had the last turn."
    )
    returns_from_absent = models.BooleanField(default=True)
    returns_after_hours = models.BooleanField(default=False, help_text="Unanswered tickets go back at closing time.")
    idle_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Open minutes that a customer waits before the ticket goes back. Empty: never."
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Distributing.values), name="a team hands out in a known way"),
            models.CheckConstraint(
                condition=Q(idle_minutes__isnull=True) | Q(idle_minutes__gt=0), name="an idle time is not nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.mode}"


class Absence(models.Model):
    """A member of staff who is away. No row, or one whose `until` has passed: at work."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="absence")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until they say that they are back.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="an absence ends after it began"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} is away"


class Handout(models.Model):
    """A ticket was given to somebody by the desk, and perhaps went back."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="handouts")
    team = models.ForeignKey("tickets.Team", models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    why_ended = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = [models.Index(fields=["ticket", "-id"], name="handout_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} to {self.person_id}"


class NudgePlan(models.Model):
    """Remind a customer who does not answer, once more, then close. Days are days on which the desk opens."""

    team = models.OneToOneField("tickets.Team", models.CASCADE, related_name="nudge_plan")
    is_enabled = models.BooleanField(default=False)
    first_after = models.PositiveSmallIntegerField(default=3, help_text="Days after our last answer.")
    second_after = models.PositiveSmallIntegerField(default=3, help_text="Days after the first reminder.")
    close_after = models.PositiveSmallIntegerField(default=4, help_text="Days after the second reminder.")
    first_text = models.TextField(blank=True)
    second_text = models.TextField(blank=True)
    close_text = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_after__gte=1, second_after__gte=1, close_after__gte=1),
                name="a reminder waits for a day at least",
            )
        ]

    def __str__(self) -> str:
        return f"reminders of {self.team}"


class Nudge(models.Model):
    """One step of the reminders after one answer of ours: sent, closed, or stopped and why. Each happens once."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="nudges")
    answer_id = models.BigIntegerField(help_text="The message of ours that nobody answered.")
    step = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=NudgeState)
    text = models.CharField(max_length=300, blank=True)
    message = models.ForeignKey("tickets.Message", models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "answer_id", "step"], name="a reminder is sent once after each answer"
            ),
            models.CheckConstraint(condition=Q(step__gte=1, step__lte=3), name="there are two reminders and a close"),
        ]
        indexes = [models.Index("step", "at", name="nudge_step", condition=Q(state="sent"))]

    def __str__(self) -> str:
        return f"{self.step} on {self.ticket_id}"
