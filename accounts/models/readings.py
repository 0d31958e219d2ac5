"""Who of the staff looked at which account, and what an account's owner did at the doors."""

from django.db import models
from django.db.models import Q

from accounts.choices import EventKind
from accounts.models.people import Person


class ProfileReading(models.Model):
    """Somebody of the staff opened an account, on a day: once a row, however often they look again (R92)."""

    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    subject = models.CharField(max_length=120, help_text="Whose: accounts.person:7")
    day = models.DateField(help_text="Of the desk's own clock.")
    at = models.DateTimeField()
    ticket = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "day", "subject"], name="a profile is counted once a day")]
        indexes = [models.Index(fields=["subject", "-at"], name="readings_of_subject")]

    def __str__(self) -> str:
        return f"{self.by_id} read {self.subject}"


class ReadingDay(models.Model):
    """How many accounts somebody opened on a day, and whether that was told to those who look after it."""

    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    day = models.DateField()
    profiles = models.PositiveIntegerField(default=0)
    alerted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "day"], name="readings are counted by day")]

    def __str__(self) -> str:
        return f"{self.profiles} by {self.by_id} on {self.day}"


class AccountEvent(models.Model):
    """What somebody did at the doors or asked of a page. `words` holds no secret: see `accounts.masking`."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="account_events")
    kind = models.CharField(max_length=16, choices=EventKind)
    words = models.CharField(max_length=300, blank=True)
    place = models.CharField(max_length=64, blank=True, help_text="The network it came from.")
    browser = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="an event is known")]
        indexes = [models.Index(fields=["person", "-at"], name="account_events_of_person")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"
