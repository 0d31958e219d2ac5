"""What staff type about boxes and hours. Input only."""

from django import forms

from billing.choices import HoldReason
from billing.forms.invoices import PlainForm
from billing.gateways.carriers import CARRIERS
from supportdesk.lib.strict_forms import StrictForm


class ShipForm(PlainForm):
    """With whom a box leaves, and under which number."""

    carrier = forms.ChoiceField(
        label="Carrier",
        choices=[(carrier.key, carrier.name) for carrier in CARRIERS.values()],
        error_messages={"required": "Choose a carrier.", "invalid_choice": "Choose a carrier from the list."},
    )
    number = forms.CharField(
        label="Tracking number",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the tracking number.", "max_length": "Enter the tracking number."},
    )


class HoldForm(PlainForm):
    """Why a box waits."""

    words = forms.CharField(label="Hold it, because", max_length=255, error_messages={"required": "Say why it waits."})


class LetGoForm(PlainForm, StrictForm):
    """For which reason it waits no longer."""

    reason = forms.ChoiceField(choices=HoldReason.choices)


class CancelForm(PlainForm, StrictForm):
    """Why an order is taken back."""

    reason = forms.CharField(
        label="Cancel the order, because", max_length=255, error_messages={"required": "Say why: the customer may ask."}
    )


class HoursForm(PlainForm, StrictForm):
    """Minutes more or less, and what for. The key makes a double click one entry."""

    key = forms.RegexField(r"^[A-Za-z0-9_-]{20,64}$", widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label="What happened?",
        choices=[("used", "We helped: minutes used"), ("more", "Add minutes"), ("less", "Take minutes away")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happened.", "invalid_choice": "Choose one of these."},
    )
    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=600_000,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter between 1 and 600,000 minutes."
        ),
    )
    words = forms.CharField(label="What for?", max_length=255, error_messages={"required": "Say what it was for."})

    def hide_adding(self) -> None:
        """Do not offer to whoever may not. Sent all the same, it is refused by the action and written down (E3)."""
        field = self.fields["kind"]
        field.widget.choices = [choice for choice in field.choices if choice[0] != "more"]  # type: ignore[attr-defined]  # a ChoiceField
