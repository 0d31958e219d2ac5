"""What support is for, in words and figures, and who has read it (R79)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from insights.programme_choices import GoalFigure


class Goals(models.Model):
    """Why this desk helps, and how. One row; `version` rises when everybody should read it again, 0: not published."""

    article = models.ForeignKey("knowledgebase.Article", models.SET_NULL, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True, help_text="Markdown, where no article is chosen.")
    version = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="there is one text of goals")]

    def __str__(self) -> str:
        return f"version {self.version}"


class Goal(models.Model):
    """A figure that support wants to reach each month."""

    figure = models.CharField(max_length=20, choices=GoalFigure, unique=True)
    target = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(figure__in=GoalFigure.values), name="a goal is of a known figure"),
            models.CheckConstraint(condition=Q(target__gte=0), name="a goal is not negative"),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.target}"


class GoalsRead(models.Model):
    """Somebody said that they read a version."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "version"], name="goals are read once a version")]

    def __str__(self) -> str:
        return f"{self.person_id} read {self.version}"
