"""Facts about tickets, derived and never edited: each can be gathered again from the desk's own rows.

A ticket's facts carry what it is now (team, channel, reason, tags), so that a figure and its rows always agree.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from insights.choices import Dimension, TurnKind

DRAWS = 1000


class Fact(models.Model):
    """What every fact says of its ticket. `on` is the day in the desk's time zone."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    at = models.DateTimeField()
    on = models.DateField()
    team_id = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    reason_id = models.BigIntegerField(null=True, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list)
    person_id = models.BigIntegerField(null=True, blank=True, help_text="Whom the fact is credited to.")
    draw = models.PositiveSmallIntegerField(help_text="0 to 999 by the ticket's number, for fair samples.")

    class Meta:
        abstract = True


class Turn(Fact):
    """A ticket was opened, closed, or opened again."""

    kind = models.CharField(max_length=10, choices=TurnKind)
    is_contact = models.BooleanField(default=False, help_text="A new contact: opened, or again after seven days.")
    is_soon = models.BooleanField(default=False, help_text="Opened again within seven days of its closing.")
    is_unanswered = models.BooleanField(default=False, help_text="Closed although nobody had answered.")
    solved_in = models.IntegerField(null=True, help_text="Seconds since the contact began; for its last closing.")
    solved_in_open = models.IntegerField(null=True, help_text="The same in open seconds of the calendar.")
    in_time = models.BooleanField(null=True, help_text="Before the promised solution; empty: nothing was promised.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=TurnKind.values), name="a turn is of a known kind")]
        indexes = [
            models.Index("kind", "at", "id", name="turn_list"),
            models.Index("on", "kind", name="turn_by_day"),
            models.Index("ticket", name="turn_of"),
            models.Index("draw", "on", name="turn_sample", condition=Q(solved_in__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind}"


class Answer(Fact):
    """A public reply that a person wrote. Automatic replies and notes are none."""

    message_id = models.BigIntegerField()
    is_first = models.BooleanField(help_text="The first answer to a contact.")
    waited = models.IntegerField(null=True, help_text="Seconds that the customer waited; empty: nobody was waiting.")
    waited_open = models.IntegerField(null=True, help_text="The same in open seconds of the calendar.")
    in_time = models.BooleanField(null=True, help_text="Before the promise; empty: nothing was promised.")

    class Meta:
        indexes = [
            models.Index("at", "id", name="answer_list"),
            models.Index("on", name="answer_by_day"),
            models.Index("ticket", name="answer_of"),
            models.Index("draw", "on", name="answer_sample", condition=Q(is_first=True)),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} on {self.ticket_id}"


class Figure(models.Model):
    """What a day brought one team, by one dimension. Counted from the facts of that day, all at once."""

    on = models.DateField()
    team_id = models.BigIntegerField()
    dimension = models.CharField(max_length=10, choices=Dimension)
    key = models.CharField(max_length=60, blank=True)
    opened = models.PositiveIntegerField(default=0)
    contacts = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    reopened = models.PositiveIntegerField(default=0)
    closed_soon = models.PositiveIntegerField(default=0)
    closed_unanswered = models.PositiveIntegerField(default=0)
    solved = models.PositiveIntegerField(default=0)
    solved_promised = models.PositiveIntegerField(default=0)
    solved_kept = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    first_answers = models.PositiveIntegerField(default=0)
    first_promised = models.PositiveIntegerField(default=0)
    first_kept = models.PositiveIntegerField(default=0)
    next_promised = models.PositiveIntegerField(default=0)
    next_kept = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dimension", "on", "team_id", "key"], name="a day is counted once")
        ]
        indexes = [models.Index("on", name="figure_by_day")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} on {self.on}"


class Gathered(models.Model):
    """As of when a ticket's facts are: gathered again once the ticket moved on."""

    ticket = models.OneToOneField("tickets.Ticket", models.CASCADE, primary_key=True, related_name="+")
    updated_at = models.DateTimeField()
    visit = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.ticket_id} at {self.updated_at}"


class DirtyDay(models.Model):
    """A day whose facts changed since it was counted."""

    on = models.DateField(primary_key=True)

    def __str__(self) -> str:
        return str(self.on)


class Progress(models.Model):
    """How far gathering has come, and in which time zone days were cut. One row."""

    seen_until = models.DateTimeField(null=True, blank=True, help_text="Every change before this was seen.")
    zone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there is one progress")]

    def __str__(self) -> str:
        return f"until {self.seen_until}"
