"""Fields that money needs everywhere."""

from django.db import models


def amount(**options) -> models.BigIntegerField:
    """Integer minor units of the row's currency (`supportdesk.lib.money`)."""
    return models.BigIntegerField(**options)


def currency() -> models.CharField:
    """ISO 4217 in capitals."""
    return models.CharField(max_length=3, default="USD")
