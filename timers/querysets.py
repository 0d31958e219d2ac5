"""The words for timers."""

from datetime import datetime
from typing import Self

from django.db import models


class TimerQuerySet(models.QuerySet):
    """Chainable; `now` is always given."""

    def waiting(self) -> Self:
        """Not done yet, due or not."""
        return self.filter(done_at__isnull=True)

    def due(self, now: datetime) -> Self:
        """The sweep may take these at `now`."""
        return self.waiting().filter(try_at__lte=now)

    def late(self, now: datetime) -> Self:
        """Asked for at or before `now` and not done, whatever the reason."""
        return self.waiting().filter(due_at__lte=now)

    def failing(self) -> Self:
        """Undone, and the last attempt said why."""
        return self.waiting().exclude(last_error="")
