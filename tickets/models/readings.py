"""Which tickets somebody opened who may only read, a row a ticket and day."""

from django.conf import settings
from django.db import models


class Reading(models.Model):
    """An observer had this ticket before them on this day (UTC). The journal holds the same as an entry."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "on", "ticket"], name="a reading is noted once a ticket and day")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} read {self.ticket_id} on {self.on}"
