"""Where mail leaves from."""

from django.db import models


class Home(models.Model):
    """A database that mail leaves from. What a backup is restored into is another one, quiet at first (F32)."""

    identity = models.CharField(max_length=80, help_text="Of the server, the database and the table of outgoing mail.")
    since = models.DateTimeField()
    is_paused = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.identity}, {'paused' if self.is_paused else 'sending'}"
