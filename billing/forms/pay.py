"""Pay with a card: typed into our own fields in the sandbox, into Stripe's fields with a key, or a kept one."""

import re
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils import timezone

from billing.models import Card

ANOTHER = "another"
TOKEN = re.compile(r"(ctoken|pm)_[A-Za-z0-9_]{8,200}", re.ASCII)
EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*[/\-. ]?\s*(\d{2}|20\d{2})", re.ASCII)
NUMBER_DIGITS = range(12, 20)


def _only_digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


class CardFields(forms.Form):
    """A card. `has_own_fields` is the sandbox, where no Stripe script is loaded; else the browser sends a token."""

    number = forms.CharField(
        label="Card number", max_length=40, required=False,
        widget=forms.TextInput(
            {"inputmode": "numeric", "autocomplete": "cc-number", "placeholder": "1234 1234 1234 1234"}
        ),
    )  # fmt: skip
    expiry = forms.CharField(
        label="Expiry", max_length=9, required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "cc-exp", "placeholder": "MM / YY"}),
    )  # fmt: skip
    cvc = forms.CharField(
        label="Security code", max_length=8, required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "cc-csc", "placeholder": "3 digits"}),
    )  # fmt: skip
    postal_code = forms.CharField(
        label="ZIP code of the card", max_length=12, required=False,
        widget=forms.TextInput({"autocomplete": "billing postal-code"}),
    )  # fmt: skip
    card_token = forms.CharField(max_length=220, required=False, widget=forms.HiddenInput)
    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    # A token is of one card: whoever has to try again may type another one.
    CARD = ("number", "expiry", "cvc", "postal_code")
    NEVER_SHOWN_AGAIN = ("number", "expiry", "cvc", "card_token")

    def __init__(self, *args: Any, has_own_fields: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_own_fields = has_own_fields
        if has_own_fields:
            del self.fields["card_token"]
        else:
            for name in self.CARD:
                del self.fields[name]

    def wants_new_card(self) -> bool:
        """Whether a card has to be typed."""
        return True

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if not self.wants_new_card():
            return typed
        if not self.has_own_fields:
            if not TOKEN.fullmatch(typed.get("card_token", "")):
                self.add_error(None, "Enter your card. Its fields come from our payment provider and need JavaScript.")
            return typed
        self._clean_number(typed)
        self._clean_expiry(typed)
        cvc = _only_digits(typed.get("cvc", ""))
        if not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
            self.add_error("cvc", "Enter the 3 digits on the back, or the 4 on the front of American Express.")
        typed["cvc"] = cvc
        return typed

    def _clean_number(self, typed: dict[str, Any]) -> None:
        number = _only_digits(typed.get("number", ""))
        if not number:
            self.add_error("number", "Enter the number on the front of the card.")
        elif not (number.isascii() and number.isdigit() and len(number) in NUMBER_DIGITS):
            self.add_error("number", "A card number has 12 to 19 digits. Check it and enter it again.")
        typed["number"] = number

    def _clean_expiry(self, typed: dict[str, Any]) -> None:
        found = EXPIRY.fullmatch(typed.get("expiry", "").strip())
        if not found:
            self.add_error("expiry", "Enter the month and year on the card, like 08 / 28.")
            return
        month, year = int(found[1]), int(found[2]) % 100 + 2000
        today = timezone.now().date()
        if (year, month) < (today.year, today.month):
            self.add_error("expiry", "This card has expired. Check the date, or use another card.")
        typed["exp_month"], typed["exp_year"] = month, year

    def refuse_card(self, words: str, field: str = "number") -> None:
        """What the provider says about the card itself."""
        self.add_error(field if field in self.fields else None, words)

    def forget_card(self) -> None:
        """Before the form is shown again: everything stays but the card itself (U19)."""
        hidden = {self.add_prefix(name) for name in self.NEVER_SHOWN_AGAIN}
        self.data = {name: value for name, value in self.data.items() if name not in hidden}


class PayForm(CardFields):
    """All that is due, with a kept card or another one."""

    which = forms.ChoiceField(label="Card", required=False, widget=forms.RadioSelect)
    email = forms.EmailField(
        label="Email for the receipt", max_length=254, required=False,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )  # fmt: skip
    keep = forms.BooleanField(required=False)
    due = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, cards: Sequence[tuple[Card, str]] = (), keeper: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {str(card.pk): card for card, _ in cards}
        self.fields["keep"].label = f"Keep this card for {keeper}" if keeper else "Keep this card"
        choices = [(str(card.pk), words) for card, words in cards]
        if choices:
            which = cast("forms.ChoiceField", self.fields["which"])
            which.choices = [*choices, (ANOTHER, "Another card")]
            which.initial = choices[0][0]
        else:
            del self.fields["which"]

    def wants_new_card(self) -> bool:
        if "which" not in self.fields:
            return True
        return self.cleaned_data.get("which") not in self.cards

    @property
    def agreed(self) -> int | None:
        """What the page said that is due, in minor units; a sum that nobody owes where it makes no sense."""
        said = self.cleaned_data.get("due", "")
        if not said:
            return None
        return int(said) if said.isascii() and said.isdigit() else -1

    @property
    def kept_card(self) -> Card | None:
        """The kept card that was chosen, or None for another one."""
        return None if self.wants_new_card() else self.cards[self.cleaned_data["which"]]


class KeepCardForm(CardFields):
    """A card to be kept."""

    is_for_renewals = forms.BooleanField(label="Use it for renewals", required=False)
