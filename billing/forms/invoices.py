"""What staff type about invoices, the seller and the tax form. Input only."""

from datetime import date
from zoneinfo import available_timezones

from django import forms
from django.core.validators import MaxLengthValidator

from billing.models import Seller
from billing.queries_invoices import STATES, Wanted
from supportdesk.lib import money
from supportdesk.lib.strict_forms import StrictForm

LONGEST_NOTE = 2000

LATEST = date(2100, 12, 31)
EARLIEST = date(2000, 1, 1)


class PlainForm(forms.Form):
    """Nothing is checked by the browser: our own words stand beside the field."""

    use_required_attribute = False


class DayField(forms.DateField):
    """A day as browsers send it; typed days work too."""

    def __init__(self, **options) -> None:
        messages = {"required": "Enter a day, such as 2026-11-30", "invalid": "Enter a day, such as 2026-11-30"}
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(error_messages=messages, widget=widget, **options)

    def clean(self, value: object) -> date | None:
        """A day of this century."""
        day = super().clean(value)
        if day and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError("Enter a day of this century")
        return day


class AmountField(forms.CharField):
    """A sum of money in the form's currency, in minor units."""

    def __init__(self, *, currency: str = "USD", **options) -> None:
        self.currency = currency
        super().__init__(max_length=30, error_messages={"required": "Enter an amount"}, **options)

    def clean(self, value: object) -> int | None:
        """Minor units; None for an empty field that may be empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.parse(text, self.currency)
        except money.NotAnAmount as problem:
            raise forms.ValidationError(str(problem)) from problem


class ListForm(PlainForm):
    """How a list of invoices is narrowed. What makes no sense narrows nothing."""

    q = forms.CharField(label="Number, customer, PO or item", required=False, max_length=120)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "All"), *STATES.items()])
    since = DayField(label="From", required=False)
    until = DayField(label="To", required=False)
    customer = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )  # fmt: skip

    def wanted(self) -> Wanted:
        """What was entered, as far as it makes sense."""
        self.full_clean()
        found = getattr(self, "cleaned_data", {})
        return Wanted(
            words=found.get("q", ""), state=found.get("state", ""), since=found.get("since"), until=found.get("until"),
            customer=found.get("customer"),
        )  # fmt: skip


class CreditNoteForm(PlainForm, StrictForm):
    """What is taken back of an invoice, and why."""

    key = forms.RegexField(r"^[A-Za-z0-9_-]{22,64}$", widget=forms.HiddenInput)
    amount = AmountField(label="Amount, tax included", required=False)
    reason = forms.CharField(
        label="Reason", max_length=255, error_messages={"required": "Say why; it stands on the credit note"}
    )

    def __init__(self, *args, currency: str, left: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["amount"]
        assert isinstance(field, AmountField)  # noqa: S101 - for the type checker
        field.currency = currency
        field.help_text = f"Empty: all that is left, {money.shown(left, currency)}"


class VoidForm(PlainForm, StrictForm):
    """Why an invoice is withdrawn."""

    reason = forms.CharField(
        label="Why is it withdrawn?", max_length=255, error_messages={"required": "Say why; the journal keeps it"}
    )


class StatementForm(PlainForm):
    """The period of a statement."""

    since = DayField(label="From")
    until = DayField(label="To")

    def clean(self) -> dict:
        """The days in their order."""
        found = self.cleaned_data
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", "Enter a day that is not before the first one")
        return found


class TaxFormForm(PlainForm):
    """A newly signed form."""

    file = forms.FileField(
        label="The signed form, as PDF",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        error_messages={"required": "Choose the PDF", "empty": "This file is empty. Choose another one"},
    )
    signed_on = DayField(label="Signed on", help_text="It is good until 31 December of the third year after.")


class SellerForm(forms.ModelForm):
    """Who sells."""

    use_required_attribute = False
    starter_credit_limit = AmountField(
        label="Starter limit", help_text="What a new customer may buy on account at once."
    )

    class Meta:
        model = Seller
        fields = (
            "legal_name", "line1", "line2", "city", "region", "postal_code", "country", "email", "phone", "tax_number",
            "currency", "time_zone", "due_days", "bank_instructions", "invoice_note", "canada_note",
            "international_fee_note",
        )  # fmt: skip
        labels = {
            "legal_name": "Legal name", "line1": "Street", "line2": "Second line", "region": "Province or state",
            "postal_code": "Postal code", "country": "Country", "email": "Email for questions about invoices",
            "tax_number": "Tax number", "time_zone": "Time zone of the books",
            "due_days": "Days until an invoice is due",
            "bank_instructions": "How to pay by bank transfer", "invoice_note": "Note on every invoice",
            "canada_note": "Note with every failed card payment", "currency": "Currency",
            "international_fee_note": "Note for those who pay by card",
        }  # fmt: skip
        help_texts = {
            "country": "Two letters, such as CA", "currency": "Three letters, such as USD",
            "time_zone": "Such as America/Edmonton", "due_days": "0 to 180; paid by card, they are due at once",
            "email": "It stands on documents", "tax_number": "The GST/HST number in Canada",
            "bank_instructions": "Account and routing. The number of the invoice is added as the reference",
            "canada_note": "What a bank should know about you", "international_fee_note": "In the cart and on invoices",
        }  # fmt: skip
        error_messages = {
            "legal_name": {"required": "Enter the name under which you sell"},
            "email": {"invalid": "Enter an email address, such as billing@example.com"},
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("bank_instructions", "invoice_note", "canada_note", "international_fee_note"):
            self.fields[name].widget.attrs["rows"] = 3
            self.fields[name].widget.attrs["maxlength"] = LONGEST_NOTE
            self.fields[name].validators.append(
                MaxLengthValidator(LONGEST_NOTE, f"Use at most {LONGEST_NOTE:,} characters")
            )

    def clean_country(self) -> str:
        """Two capitals."""
        return _letters(self.cleaned_data["country"], 2, "Enter the two letters of a country, such as CA")

    def clean_currency(self) -> str:
        """Three capitals."""
        return _letters(self.cleaned_data["currency"], 3, "Enter the three letters of a currency, such as USD")

    def clean_time_zone(self) -> str:
        """A zone that this machine knows."""
        if self.cleaned_data["time_zone"] not in available_timezones():
            raise forms.ValidationError("Enter a time zone, such as America/Edmonton")
        return self.cleaned_data["time_zone"]

    def clean_due_days(self) -> int:
        """Half a year at most."""
        if self.cleaned_data["due_days"] > 180:
            raise forms.ValidationError("Enter a number from 0 to 180")
        return self.cleaned_data["due_days"]


def _letters(text: str, length: int, words: str) -> str:
    if len(text) != length or not (text.isascii() and text.isalpha()):
        raise forms.ValidationError(words)
    return text.upper()
