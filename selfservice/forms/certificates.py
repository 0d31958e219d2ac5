"""What is typed to upload a tax certificate. Input only; what the file holds is looked at by `private_files`."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from billing import exemptions, regions
from billing.actions.certificates import Sent
from billing.actions.private_files import MOST_BYTES
from billing.choices import CertificateKind
from mail.addresses import one_line

NOTHING_CHOSEN = "Choose a PDF, PNG, JPEG or HEIC up to 10 MB"
NO_SIGNS = {"null_characters_not_allowed": "Enter it without special signs"}
WHOLE_CANADA = "CA"


def places() -> list[tuple[str, Any]]:
    """Where a certificate may count: a state, the whole of Canada, a province."""
    states = [(f"US-{code}", name) for code, name in sorted(regions.US.items(), key=lambda pair: pair[1])]
    provinces = [(f"CA-{code}", name) for code, name in sorted(regions.CANADA.items(), key=lambda pair: pair[1])]
    return [
        ("", "Choose"),
        ("United States", states),
        ("Canada", [(WHOLE_CANADA, "All of Canada, GST/HST only"), *provinces]),
    ]


class CertificateFileForm(forms.Form):
    """The file and what stands on it; where it counts is known from elsewhere."""

    use_required_attribute = False
    file = forms.FileField(
        label="Certificate",
        help_text="PDF, PNG, JPEG or HEIC up to 10 MB",
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.heic"}),
        error_messages={"required": NOTHING_CHOSEN, "empty": NOTHING_CHOSEN, "invalid": NOTHING_CHOSEN,
                        "missing": NOTHING_CHOSEN},
    )  # fmt: skip
    number = forms.CharField(
        label="Number of the exemption",
        help_text="As it stands on the form. Leave it empty if the form has none.",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": "Write at most 60 characters", **NO_SIGNS},
    )
    ground = forms.ChoiceField(
        label="Why are you exempt?",
        required=False,
        choices=[("", "It does not say"), *((one, f"{one}, {words}") for one, words in exemptions.GROUNDS.items())],
        error_messages={"invalid_choice": "Choose one of the reasons"},
    )  # fmt: skip

    def clean_number(self) -> str:
        """On one line."""
        return one_line(self.cleaned_data["number"])

    @property
    def details(self) -> dict[str, str]:
        """What stands on it, once the form is clean."""
        return {name: self.cleaned_data[name] for name in ("number", "ground")}

    @property
    def sent(self) -> Sent:
        """The file, once the form is clean; of one that is too large no more than shows that it is."""
        file: UploadedFile = self.cleaned_data["file"]
        return Sent(file.read(MOST_BYTES + 1), file.name or "")


class CertificateForm(CertificateFileForm):
    """All of it."""

    place = forms.ChoiceField(
        label="State or province",
        help_text="It frees you from the taxes there, and nowhere else.",
        choices=places,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choose the state or province for which it counts"
        ),
    )
    purchaser = forms.CharField(
        label="Purchaser",
        help_text="The name that stands on the form.",
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={
            "required": "Enter the purchaser, as it stands on the form",
            "max_length": "Write at most 255 characters",
            **NO_SIGNS,
        },
    )
    field_order = ("file", "place", "purchaser", "number", "ground")

    @property
    def answers(self) -> dict[str, str]:
        """For the action, once the form is clean."""
        country, _, region = self.cleaned_data["place"].partition("-")
        where = {"kind": kind_of(country), "country": country, "region": region}
        return {**where, "purchaser": one_line(self.cleaned_data["purchaser"]), **self.details}


def kind_of(country: str) -> str:
    """What sort of certificate a place has."""
    return CertificateKind.US_STATE if country == "US" else CertificateKind.CANADA
