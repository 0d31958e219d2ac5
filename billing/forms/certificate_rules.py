"""The table of how long certificates are good for. Input only."""

from collections.abc import Mapping

from django import forms
from django.forms.boundfield import BoundField

from billing import exemptions
from billing.actions.certificate_rules import Place, Term, places
from billing.forms.invoices import AmountField
from supportdesk.lib import money

A_NUMBER = "Enter months from 1 to 240, or nothing where it has no end"


class CertificateRulesForm(forms.Form):
    """Months and a note for each place, and the threshold above which an order waits."""

    use_required_attribute = False

    def __init__(
        self, data=None, *, terms: Mapping[Place, Term], threshold: int, currency: str = "USD"
    ) -> None:  # fmt: skip
        super().__init__(data, label_suffix="")
        self.fields["threshold"] = AmountField(
            currency=currency,
            label=f"Check before it leaves above ({currency})",
            help_text=(
                "Once the untaxed orders under a certificate come to more than this, the next is packed, and leaves"
                " when it is approved."
            ),
            initial=money.plain(threshold, currency),
        )
        for place in places():
            term, name = terms.get(place, Term(None, "")), exemptions.place_of(*place)
            self.fields[f"months-{_key(place)}"] = forms.IntegerField(
                label=f"{name}, months", required=False, min_value=1, max_value=240, initial=term.months,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), f"{name}: {A_NUMBER.lower()}"),
                widget=forms.NumberInput(attrs={"class": "input few", "min": 1, "max": 240, "inputmode": "numeric"}),
            )  # fmt: skip
            self.fields[f"note-{_key(place)}"] = forms.CharField(
                label=f"{name}, note", required=False, max_length=255, initial=term.note,
                error_messages={"max_length": f"{name}: write at most 255 characters",
                                "null_characters_not_allowed": f"{name}: write it without special signs"},
            )  # fmt: skip

    @property
    def rows(self) -> list[tuple[str, BoundField, BoundField]]:
        """Each place with its two fields."""
        return [
            (exemptions.place_of(*place), self[f"months-{_key(place)}"], self[f"note-{_key(place)}"])
            for place in places()
        ]

    @property
    def rules(self) -> dict[Place, Term]:
        """What was entered, once the form is clean."""
        typed = self.cleaned_data
        return {
            place: Term(typed[f"months-{_key(place)}"], " ".join(typed[f"note-{_key(place)}"].split()))
            for place in places()
        }


def _key(place: Place) -> str:
    return f"{place.country}-{place.region}".rstrip("-")
