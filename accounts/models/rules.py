"""How long changes of accounts wait, and how many profiles a day are many."""

from django.db import models
from django.db.models import Q


class BackOfficeRules(models.Model):
    """One row; without it the defaults hold."""

    profiles_a_day = models.PositiveSmallIntegerField(default=200, help_text="Opened by one agent; more are told.")
    change_hours = models.PositiveSmallIntegerField(default=72, help_text="Until another address is put on file.")
    undo_days = models.PositiveSmallIntegerField(default=14, help_text="Until a cancelled account closes.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there is one row of rules about accounts"),
            models.CheckConstraint(
                condition=Q(profiles_a_day__gte=1, change_hours__gte=24, change_hours__lte=720)
                & Q(undo_days__gte=1, undo_days__lte=90),
                name="changes of accounts wait a day at least",
            ),
        ]

    def __str__(self) -> str:
        return "Rules about accounts"
