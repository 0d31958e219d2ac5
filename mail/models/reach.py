"""Who wants no mail from us, whose address fails, and how much somebody already got."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class OptOut(models.Model):
    """An address that asked for no more mail of one sort. It needs no account for that."""

    address = models.CharField(max_length=254)
    scope = models.CharField(max_length=40, default="all", help_text="Which sort of mail; “all” means every bulk mail.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Taken back by the same person.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "scope"], condition=Q(ended_at__isnull=True), name="an address opts out once a scope"
            ),
            models.CheckConstraint(condition=Q(address=Lower(F("address"))), name="an opt-out address is lower case"),
        ]

    def __str__(self) -> str:
        return f"{self.address} from {self.scope}"


class AddressHealth(models.Model):
    """How an address has answered lately. A pause always ends by itself, and any sign of life ends it at once."""

    address = models.CharField(max_length=254, unique=True)
    hard_failures = models.PositiveIntegerField(default=0)
    soft_failures = models.PositiveIntegerField(default=0)
    last_status = models.CharField(max_length=12, blank=True)
    last_failed_at = models.DateTimeField()
    suppressed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "address health"
        constraints = [
            models.CheckConstraint(
                condition=Q(suppressed_until__isnull=True) | Q(suppressed_until__gt=F("last_failed_at")),
                name="a pause of an address ends after its failure",
            ),
            models.CheckConstraint(condition=Q(address=Lower(F("address"))), name="a failing address is lower case"),
        ]

    def __str__(self) -> str:
        return self.address


class SendCounter(models.Model):
    """How many automatic mails went to one thing in one minute. Counted by upsert, so parallel senders agree."""

    key = models.CharField(max_length=300)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="a minute is counted once")]
        indexes = [models.Index("minute", name="send_counter_old")]

    def __str__(self) -> str:
        return f"{self.count} to {self.key}"
