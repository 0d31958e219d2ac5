"""Tickets that belong together: merged into one another, split off, related, parent and child."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from tickets.choices import MoveKind, RelationKind


class TicketMove(models.Model):
    """Words that went from one ticket to another, by a merge or a split, and what it takes to bring them back.

    `messages`, `notes` and `people` are keys of what went over, `events` of the lines that say so in the old place.
    `before` holds both tickets as they were, the visits of both as they were right afterwards, and the keys of
    relations that went along. A row is never removed: undoing it is written on it.
    """

    kind = models.CharField(max_length=10, choices=MoveKind)
    source = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="moves_out")
    target = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="moves_in")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    messages = ArrayField(models.BigIntegerField(), default=list, blank=True)
    notes = ArrayField(models.BigIntegerField(), default=list, blank=True)
    events = ArrayField(models.BigIntegerField(), default=list, blank=True)
    people = ArrayField(models.BigIntegerField(), default=list, blank=True)
    hidden = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Messages that this move set apart."
    )
    before = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MoveKind.values), name="a move is a merge or a split"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="a move leads to another ticket"),
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(kind=MoveKind.MERGE, undone_at__isnull=True),
                name="a ticket is merged into one other",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.source_id} into {self.target_id}"


class TicketRelation(models.Model):
    """`one` is the parent of, a duplicate of, the cause of, or what blocks `other`. Related goes both ways."""

    kind = models.CharField(max_length=10, choices=RelationKind)
    one = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="relations_out")
    other = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="relations_in")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=RelationKind.values), name="a relation is of a known kind"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="a ticket is not related to itself"),
            models.CheckConstraint(
                condition=~Q(kind=RelationKind.RELATED) | Q(one__lt=F("other")),
                name="a relation that goes both ways is written once",
            ),
            models.UniqueConstraint(fields=["one", "other", "kind"], name="two tickets are related once in a way"),
            models.UniqueConstraint(
                fields=["other"], condition=Q(kind=RelationKind.PARENT), name="a ticket has one parent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} {self.kind} {self.other_id}"
