"""Rows that stand for the cache: counts of tries, and what is remembered for a while."""

from django.db import models


class ThrottleCount(models.Model):
    """Attempts in a window. Written only by supportdesk.lib.throttle, in one statement (S46)."""

    key = models.CharField(primary_key=True, max_length=64, help_text="A hash: addresses are not kept here.")
    count = models.PositiveIntegerField()
    resets_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "throttle_count"

    def __str__(self) -> str:
        return self.key


class CacheEntry(models.Model):
    """What Django's cache holds. Written only by supportdesk.lib.throttle, so that it survives Redis (F4, F5)."""

    key = models.CharField(primary_key=True, max_length=300)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        db_table = "cache_entry"

    def __str__(self) -> str:
        return self.key
