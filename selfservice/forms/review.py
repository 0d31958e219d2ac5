"""What reviewers type and press. Input only."""

from datetime import date
from typing import Any

from django import forms

from selfservice.choices import Kind, Verdict
from supportdesk.lib import money
from supportdesk.lib.strict_forms import StrictForm

OTHER = "other"
OWN_WORDS = "own"


class DecideForm(StrictForm):
    """An approval with its amount or last day, or a no with its reason. `currency` says how the amount is read."""

    key = forms.RegexField(r"^[A-Za-z0-9_-]{20,64}$", error_messages={"required": "Load the page again."})
    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    amount = forms.CharField(required=False, max_length=40)
    shown = forms.CharField(required=False, max_length=40)
    much = forms.CharField(required=False, max_length=20)
    valid_until = forms.DateField(required=False, error_messages={"invalid": "Enter a date such as 31.12.2027."})
    reason = forms.CharField(required=False, max_length=20)
    words = forms.CharField(
        required=False, max_length=500, error_messages={"max_length": "Use at most 500 signs."}
    )  # fmt: skip
    does = forms.ChoiceField(
        required=False, choices=[(way, way.label) for way in (Verdict.KEEP, Verdict.CLOSE, Verdict.REJECT)]
    )

    def __init__(self, data: Any, *, kind: Kind, currency: str) -> None:
        super().__init__(data)
        self.kind, self.currency = kind, currency

    def clean_amount(self) -> int | None:
        """Minor units. What was typed wins; a choice counts where nothing was."""
        typed, much = self.cleaned_data["amount"].strip(), self.data.get("much", "")
        if much.isascii() and much.isdigit() and len(much) < 16 and typed == self.data.get("shown", "").strip():
            return int(much)
        if not typed:
            return None
        try:
            return money.parse(typed, self.currency)
        except money.NotAnAmount as refusal:
            raise forms.ValidationError(str(refusal)) from None

    @property
    def says_no(self) -> bool:
        """Whether a reason was chosen, or words of one's own."""
        return bool(self.data.get("reason"))

    @property
    def valid_day(self) -> date | None:
        """The last day of a certificate."""
        return self.cleaned_data["valid_until"]

    @property
    def complaints(self) -> dict[str, str]:
        """One sentence for each field that is wrong; "" is the form as a whole."""
        return {name if name in self.fields else "": str(texts[0]) for name, texts in self.errors.items()}


class SecondForm(StrictForm):
    """Whether a second person agrees."""

    agrees = forms.ChoiceField(choices=[("yes", "Agree"), ("no", "Do not agree")])
