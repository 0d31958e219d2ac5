"""What agents and customers type about entitlements and about what we support."""

from django import forms

from tickets.scope import YEARS, Facts

YEAR = f"Enter a year between {YEARS[0]} and {YEARS[1]}"


class FactsForm(forms.Form):
    """What something is: how a rule is found for it. All of it may be left empty."""

    product = forms.CharField(
        label="Product",
        required=False,
        max_length=80,
        error_messages={"max_length": "Use at most 80 characters"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "scope-products"}),
    )
    hardware = forms.CharField(
        label="Hardware",
        required=False,
        max_length=80,
        error_messages={"max_length": "Use at most 80 characters"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "scope-hardware"}),
    )
    made_in = forms.IntegerField(
        label="Made in",
        required=False,
        min_value=YEARS[0],
        max_value=YEARS[1],
        error_messages={"invalid": YEAR, "min_value": YEAR, "max_value": YEAR},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "size": "6"}),
    )
    version = forms.CharField(
        label="Version",
        required=False,
        max_length=30,
        error_messages={"max_length": "Use at most 30 characters"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": "8"}),
    )

    def facts(self, *, has_priority: bool) -> Facts:
        """What was typed."""
        typed = self.cleaned_data
        return Facts(typed["product"], typed["hardware"], typed["made_in"], typed["version"], has_priority)


class PublicFactsForm(FactsForm):
    """The same, asked by anybody on the public page."""

    priority = forms.BooleanField(label="We have priority support", required=False)
