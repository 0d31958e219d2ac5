"""What a provider says, in our own words: plain values that actions can hold without knowing whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BRANDS = {
    "visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "jcb": "JCB",
    "diners": "Diners Club", "unionpay": "UnionPay",
}  # fmt: skip
FUNDINGS = {"credit": "credit", "debit": "debit", "prepaid": "prepaid"}


@dataclass(frozen=True)
class CardFacts:
    """A card as it may be printed. Never its number."""

    id: str = ""
    brand: str = ""
    funding: str = ""
    last4: str = ""
    fingerprint: str = ""
    exp_month: int = 0
    exp_year: int = 0
    country: str = ""
    customer: str = ""

    @property
    def words(self) -> str:
        """`Visa credit ending 4242, expires 08/28`; "" where nothing is known."""
        if not self.last4:
            return ""
        name = " ".join(
            word for word in (BRANDS.get(self.brand, self.brand.title()), FUNDINGS.get(self.funding)) if word
        )
        expiry = f", expires {self.exp_month:02d}/{self.exp_year % 100:02d}" if self.exp_month else ""
        return f"{name or 'Card'} ending {self.last4}{expiry}"


@dataclass(frozen=True)
class DeclineFacts:
    """Everything that is known about one refusal (B5). Fields are named as those of `billing.models.Decline`."""

    code: str
    decline_code: str = ""
    advice_code: str = ""
    network_decline_code: str = ""
    network_advice_code: str = ""
    outcome_type: str = ""
    outcome_reason: str = ""
    network_status: str = ""
    risk_level: str = ""
    seller_message: str = ""
    cvc_check: str = ""
    zip_check: str = ""
    line1_check: str = ""
    card_country: str = ""
    charge_id: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class IntentFacts:
    """A payment at the provider. `reference` is our own name for it, sent along as metadata."""

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    customer: str = ""
    reference: str = ""
    next_url: str = ""
    charge_id: str = ""
    card: CardFacts = CardFacts()
    keeps_card: bool = False
    decline: DeclineFacts | None = None


@dataclass(frozen=True)
class SetupFacts:
    """A card on its way to being kept."""

    id: str
    status: str
    customer: str = ""
    reference: str = ""
    next_url: str = ""
    card: CardFacts = CardFacts()
    decline: DeclineFacts | None = None


@dataclass(frozen=True)
class RefundFacts:
    """Money on its way back."""

    id: str
    status: str
    amount: int
    currency: str
    intent_id: str
    reference: str = ""
    failure: str = ""
    trace: str = ""


@dataclass(frozen=True)
class DisputeFacts:
    """A payment that a bank took back, or asks about."""

    id: str
    status: str
    amount: int
    currency: str
    intent_id: str
    reason: str
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class EventFacts:
    """That something happened to an object. What it is now, only the provider can say (B7)."""

    id: str
    type: str
    object_id: str
    is_live: bool
    happened_at: datetime
    related: Mapping[str, str] = field(default_factory=dict)


class ProviderRefused(Exception):
    """The provider said no, and it stays no. `code` is its own; the message is its sentence, for staff."""

    def __init__(self, code: str, words: str, *, decline: DeclineFacts | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.decline = decline


class NotKnown(Exception):
    """We do not know what became of it: no answer, or one that says "later". Ask again under the same key (F10)."""


class Gone(ProviderRefused):
    """The provider knows no such object."""


class BadEvent(Exception):
    """A post to the webhook address that is not the provider's own word, or not of now (S34)."""
