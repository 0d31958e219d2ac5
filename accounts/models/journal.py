"""What somebody did, in a chain that cannot be changed unnoticed."""

import pgtrigger
from django.db import models
from django.db.models import Q

from accounts.models.people import Person


class JournalEntry(models.Model):
    """What somebody did. Each entry carries the hash of the one before it; `verify_journal` names a broken one (S59).

    Numbers run 1, 2, 3 without a gap. `by` is empty when the product acted by itself.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60, help_text="A plain verb with its app: accounts.grant_role")
    subject = models.CharField(max_length=120, help_text="What it was done to: accounts.person:7")
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="the journal starts at one")]
        indexes = [models.Index("subject", "number", name="journal_subject")]
        triggers = [
            pgtrigger.Protect(name="journal_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="journal_is_never_emptied",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"
