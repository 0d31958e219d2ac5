"""What was learned about contact reasons from closed tickets, all at once, by training."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class ReasonModel(models.Model):
    """A trained guess of contact reasons, and how often it was right on closed tickets that it had not seen.

    `reasons` gives the order of all weights, which are packed as two bytes each. One model is current.
    """

    trained_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long the training took.")
    texts = models.PositiveIntegerField(help_text="Closed tickets that it learned from.")
    tested = models.PositiveIntegerField(help_text="Closed tickets held out to measure it.")
    top1 = models.FloatField(help_text="Share of those whose reason was the first guess.")
    top3 = models.FloatField(help_text="Share of those whose reason was among the first three.")
    counts_top1 = models.FloatField(help_text="What counting words alone reaches on the same tickets.")
    reasons = ArrayField(models.BigIntegerField())
    start = models.BinaryField(help_text="What each reason has without any word.")
    is_current = models.BooleanField(default=True)
    is_better = models.BooleanField(default=False, help_text="Better than counting words, so it is asked.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="one trained guess is current"
            ),
            models.CheckConstraint(
                condition=Q(top1__gte=0, top1__lte=1, top3__gte=0, top3__lte=1), name="a guess is right at most always"
            ),
        ]

    def __str__(self) -> str:
        return f"trained on {self.texts} tickets"


class ReasonFeature(models.Model):
    """What a word, a pair of words or a part of a word says for each reason of a model."""

    model = models.ForeignKey(ReasonModel, models.CASCADE, related_name="features")
    name = models.CharField(max_length=56)
    weights = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="a word is weighed once in a model")]

    def __str__(self) -> str:
        return self.name
