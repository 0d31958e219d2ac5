"""The published test cards, and what the sandbox does with each. Numbers and results: `billing/decline_codes.json`."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "decline_codes.json"
# Network codes as the card networks print them; blocked payments never get that far.
NETWORK_CODES = {
    "generic_decline": "05", "insufficient_funds": "51", "lost_card": "41", "stolen_card": "43", "expired_card": "54",
    "incorrect_cvc": "N7", "processing_error": "96", "card_velocity_exceeded": "65",
}  # fmt: skip
ADVICE = {
    "generic_decline": "try_again_later", "insufficient_funds": "try_again_later", "lost_card": "do_not_try_again",
    "stolen_card": "do_not_try_again", "expired_card": "confirm_card_data", "incorrect_cvc": "confirm_card_data",
    "processing_error": "try_again_later", "card_velocity_exceeded": "try_again_later",
}  # fmt: skip
CHARGES_DECLINE = "4000000000000341"
BLOCKED = "4100000000000019"
ASKS_UNLESS_SAVED = "4000002500003155"
ASKS_ALWAYS = "4000002760003184"
ASKS_THEN_DECLINES = "4000008400001629"
DISPUTED = "4000000000000259"
REFUND_ARRIVES_LATER = "4000000000007726"
REFUND_COMES_BACK = "4000000000005126"
WRONG_ZIP = "4000000000000036"
WRONG_CVC = "4000000000000101"
CANADIAN = "4000001240000000"


@dataclass(frozen=True)
class TestCard:
    """One published number. `code` and `decline_code` are those with which every charge of it is declined."""

    __test__ = False  # pytest: not a test

    number: str
    code: str = ""
    decline_code: str = ""

    @property
    def brand(self) -> str:
        return {"3": "amex", "5": "mastercard"}.get(self.number[0], "visa")

    @property
    def country(self) -> str:
        return "CA" if self.number == CANADIAN else "US"

    @property
    def cvc_digits(self) -> int:
        return 4 if self.brand == "amex" else 3

    @property
    def is_blocked(self) -> bool:
        """Stripe's own rules stop it; no bank hears of it."""
        return self.number == BLOCKED

    @property
    def reason(self) -> str:
        """The word for the decline: the decline code, or the error code where there is none."""
        return self.decline_code or self.code

    def asks(self, *, was_saved: bool) -> bool:
        """Whether the bank wants its customer to answer before this payment."""
        return self.number in (ASKS_ALWAYS, ASKS_THEN_DECLINES) or (self.number == ASKS_UNLESS_SAVED and not was_saved)

    @property
    def asks_before_it_is_saved(self) -> bool:
        return self.number in (ASKS_ALWAYS, ASKS_UNLESS_SAVED, ASKS_THEN_DECLINES)

    @property
    def can_be_saved(self) -> bool:
        """0341 is kept and only its charges are declined; the other declining cards are not even kept."""
        return not self.reason or self.number in (CHARGES_DECLINE, ASKS_THEN_DECLINES)


@cache
def published() -> dict[str, TestCard]:
    """Every test card by its number."""
    found = {}
    for row in json.loads(FILE.read_text())["test_cards"]:
        card = TestCard(row["number"], row.get("code") or "", row.get("decline_code") or "")
        if card.number in (CHARGES_DECLINE, ASKS_THEN_DECLINES):
            card = TestCard(card.number, "card_declined", "generic_decline")
        elif card.is_blocked:
            card = TestCard(card.number, "card_declined", "fraudulent")
        found[card.number] = card
    return found


def fingerprint_of(number: str) -> str:
    """What is the same for one number, whoever types it, and does not give it away."""
    return hashlib.sha256(f"sandbox card {number}".encode()).hexdigest()[:16]


def passes_luhn(number: str) -> bool:
    """Whether the last digit of a card number fits the others."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)) % 10 == 0
