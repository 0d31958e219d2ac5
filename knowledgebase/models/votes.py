"""Whether an article helped, as its readers say."""

from django.db import models

from knowledgebase.models.articles import Revision
from knowledgebase.querysets import VoteQuerySet


class Vote(models.Model):
    """What one visitor says of one published text: a new text begins with none (A9).

    Whoever is not signed in can throw a cookie away and vote again: what strangers say from one network counts once.
    """

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="votes")
    visitor = models.CharField(max_length=64, help_text="Tells visitors apart, and says nothing else of them.")
    network = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Tells the networks of strangers apart, on this text alone.",
    )
    helpful = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    objects = VoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "visitor"], name="a visitor has one vote on a text"),
        ]
        indexes = [models.Index(fields=["created_at"], name="vote_by_time")]

    def __str__(self) -> str:
        return "helped" if self.helpful else "did not help"
