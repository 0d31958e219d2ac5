"""Saved replies in use."""

from collections.abc import Sequence

from django.db.models import F

from tickets.models import ReplyTemplate


def count_uses(*, templates: Sequence[int]) -> None:
    """Saved replies that were sent: those that are used most are offered first."""
    if templates:
        ReplyTemplate.objects.filter(pk__in=templates).update(uses=F("uses") + 1)
