"""Saving a card without paying: asked for once (`key`), confirmed by the bank where it wants to (B9)."""

from django.db import models
from django.db.models import Q

from accounts.models import Person
from billing.choices import CardSetupState
from billing.models.customers import Customer
from billing.models.payments import Card


class CardSetup(models.Model):
    """One card on its way to being kept. `key` is the provider's idempotency key, written before it is asked (B8)."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="card_setups")
    key = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=14, choices=CardSetupState, default=CardSetupState.CREATED)
    provider_id = models.CharField(max_length=255, null=True, blank=True, unique=True, help_text="seti_…")
    card = models.ForeignKey(Card, models.PROTECT, null=True, blank=True, related_name="+")
    is_for_renewals = models.BooleanField(default=True, help_text="The card pays renewals once it is kept.")
    replaces = models.ForeignKey(
        Card, models.PROTECT, null=True, blank=True, related_name="+", help_text="Removed once this one is kept."
    )
    request = models.JSONField(default=dict, help_text="What the provider was asked, to ask it again in these words.")
    next_url = models.CharField(max_length=2048, blank=True, help_text="Where the bank asks its question.")
    return_to = models.CharField(max_length=300, blank=True, help_text="The page from which it was asked for.")
    words = models.CharField(max_length=500, blank=True, help_text="Why the card was not kept.")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    try_at = models.DateTimeField(help_text="When the provider is asked again while this is not finished.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CardSetupState.values), name="a card set-up has a known state")
        ]
        indexes = [
            models.Index(
                fields=["try_at"], condition=Q(state__in=("created", "action_needed")), name="card_setup_unfinished"
            )
        ]

    def __str__(self) -> str:
        return f"card for {self.customer_id}"
