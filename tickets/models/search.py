"""What finding rests on besides the words of messages, notes and subjects, which the database keeps by itself.

`tickets/migrations` gives those tables and `FileText` a generated column `words`; docs/decisions/search.md says why.
"""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q

from tickets.choices import FileReading


class FileText(models.Model):
    """What a file says. The database makes a row for each attachment and lets it follow its message's ticket."""

    attachment = models.OneToOneField("tickets.Attachment", models.CASCADE, primary_key=True, related_name="reading")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=255)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=FileReading, default=FileReading.WAITING)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it could not be read, in words.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="Not before; empty: at once.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FileReading.values), name="a file's reading has a known state")
        ]
        indexes = [
            models.Index("ticket", name="file_text_ticket"),
            models.Index("attachment", name="file_text_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return self.name


class DeskWord(models.Model):
    """A word as people write it here, and in about how many texts it stood: what spelling is held against."""

    word = models.CharField(max_length=40, unique=True)
    texts = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [GinIndex(OpClass("word", "gin_trgm_ops"), name="desk_word_like")]

    def __str__(self) -> str:
        return self.word


class WordsLearned(models.Model):
    """How far the words of a table were read for `DeskWord`."""

    source = models.CharField(max_length=20, unique=True)
    up_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source} up to {self.up_to}"
