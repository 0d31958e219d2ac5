"""Writing a card down as the provider showed it. Adding, choosing and removing is `cards`."""

from datetime import datetime

from billing.gateways.facts import CardFacts
from billing.models import Card, Customer


def keep(*, customer: Customer, facts: CardFacts, now: datetime) -> Card:
    """The card of these facts: made, or brought up to date. The first one of a customer pays the renewals.

    Belongs in a transaction; the customer's row is locked, so that two first cards are not both the default.
    """
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    card, _ = Card.objects.update_or_create(
        provider_id=facts.id,
        defaults=printed(facts),
        create_defaults={**printed(facts), "customer": customer, "added_at": now},
    )
    if card.removed_at is None and not customer.cards.filter(is_default=True, removed_at__isnull=True).exists():
        card.is_default = True
        card.save(update_fields=["is_default"])
    return card


def printed(facts: CardFacts) -> dict:
    """What we keep of a card."""
    return {
        "brand": facts.brand[:20], "funding": facts.funding[:12], "last4": facts.last4[:4],
        "exp_month": facts.exp_month, "exp_year": facts.exp_year, "country": facts.country[:2],
        "fingerprint": facts.fingerprint[:64],
    }  # fmt: skip


def words_of(card: Card) -> str:
    """`Visa credit ending 4242, expires 08/28`"""
    return CardFacts(
        brand=card.brand, funding=card.funding, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    ).words
