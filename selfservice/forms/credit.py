"""The application for credit (B3), made from the list in billing. Input only; anything else in a form is ignored."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField

from billing.applications import ACCOUNT_NUMBER, SECTIONS, UNSIGNED, Question, is_private_number, questions
from billing.buyers import Buyer
from billing.regions import BY_COUNTRY, code_of
from billing.snapshots import COUNTRIES
from mail.addresses import BadAddress, normalise, one_line
from selfservice.forms.checkout import choice
from supportdesk.lib import money

MOST_FILES = 5
MOST_BYTES = 10 * 1024 * 1024
EARLIEST = 1500
PHONE = re.compile(r"[+0-9][0-9 ().\-/+xextEXT]*")
TAX_NUMBERS = {
    "US": (re.compile(r"\d{2}-?\d{7}"), "Enter the EIN with its nine digits, such as 12-3456789"),
    "CA": (re.compile(r"\d{9}( ?[A-Za-z]{2} ?\d{4})?"), "Enter the Business Number with its nine digits"),
}
NO_SOCIAL = "This looks like a Social Security number. We do not want to keep one: take it out"
NO_ACCOUNT = "This looks like an account number. We do not need it: take it out"


class ManyFilesInput(forms.ClearableFileInput):
    """Several files in one field."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Whatever was chosen, also nothing; what the files hold is looked at by `private_files`."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """The files, those without a name or content left out."""
        chosen = data if isinstance(data, list | tuple) else [data]
        return [one for one in chosen if one and one.size]


class CreditForm(forms.Form):
    """Every question in its section, three trade references, a declaration and a typed signature."""

    use_required_attribute = False
    buyer = forms.ChoiceField(
        label="For whom is it?", widget=forms.RadioSelect,
        error_messages={"required": "Choose for whom it is", "invalid_choice": "Choose one of these"},
    )  # fmt: skip
    papers = ManyFilesField(
        label="A file that helps, such as references in writing (optional)",
        help_text=f"PDF, PNG, JPEG or HEIC, up to 10 MB each and {MOST_FILES} together.",
        required=False,
        widget=ManyFilesInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.heic"}),
    )
    declares = forms.BooleanField(
        label="What stands here is true, and I may sign for the organisation.",
        error_messages={"required": UNSIGNED["declares"]},
    )
    consents = forms.BooleanField(
        label="You may ask the bank and the references about us.", error_messages={"required": UNSIGNED["consents"]}
    )
    signature = forms.CharField(
        label="Sign by typing your name", max_length=120,
        help_text="We keep it with the time and your network address.",
        error_messages={"required": UNSIGNED["signature"], "null_characters_not_allowed": "Type your name, only that"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(
        self,
        data=None,
        files=None,
        *,
        buyers: Sequence[Buyer],
        today: date,
        currency: str,
        initial: dict | None = None,
    ) -> None:
        super().__init__(data, files, label_suffix="", initial=initial)
        self.buyers = {buyer.key: buyer for buyer in buyers}
        self.today, self.currency = today, currency
        choice(self, "buyer").choices = [(buyer.key, buyer.name) for buyer in buyers]
        if len(buyers) == 1:
            self.fields["buyer"].widget = forms.HiddenInput()
        self.fields |= {question.name: _field(question) for question in questions()}
        self.order_fields(["buyer", *(one.name for one in questions()), "papers", *UNSIGNED])

    @property
    def buyer_chosen(self) -> Buyer:
        """For whom it is, once the form is clean."""
        return self.buyers[self.cleaned_data["buyer"]]

    @property
    def answers(self) -> dict[str, object]:
        """What is signed: every question by its name, the declarations, and the signature. Plain JSON."""
        names = [one.name for one in questions()] + list(UNSIGNED)
        return {name: self.cleaned_data[name] for name in names}

    @property
    def uploads(self) -> list[tuple[str, bytes]]:
        """The names and the bytes of what was chosen."""
        return [(one.name or "", one.read()) for one in self.cleaned_data["papers"]]

    def sections(self) -> Iterator[dict]:
        """Title, words and fields of each part of the page."""
        for section in SECTIONS:
            yield {
                "title": section.title, "intro": section.intro,
                "fields": [self[question.name] for question in section.questions],
            }  # fmt: skip

    def missing_signature(self) -> Sequence[BoundField]:
        """The fields below everything else."""
        return [self["declares"], self["consents"], self["signature"]]

    def full_clean(self) -> None:
        """As ever, and what is wrong stands in the order of the page (U27)."""
        super().full_clean()
        places = {name: place for place, name in enumerate(self.fields)}
        for name in sorted(self.errors, key=lambda name: places.get(name, -1)):
            self.errors[name] = self.errors.pop(name)

    def clean_papers(self) -> list[UploadedFile]:
        """Not more than a reviewer looks at."""
        if len(self.cleaned_data["papers"]) > MOST_FILES:
            raise forms.ValidationError(f"Choose {MOST_FILES} files at most")
        large = next((one for one in self.cleaned_data["papers"] if (one.size or 0) > MOST_BYTES), None)
        if large:
            raise forms.ValidationError(f"{large.name} is larger than 10 MB. Save it in a smaller size")
        return self.cleaned_data["papers"]

    def clean(self) -> dict:
        """What depends on another answer, or on what kind of question it is."""
        typed = super().clean() or {}
        for question in questions():
            text = typed.get(question.name)
            if isinstance(text, str) and text:
                try:
                    typed[question.name] = self._checked(question, text)
                except forms.ValidationError as error:
                    self.add_error(question.name, error)
        self._check_place(typed)
        signed, name = (_folded(str(typed.get(field, ""))) for field in ("signature", "signer_name"))
        if signed and name and signed != name:
            self.add_error("signature", f"Type your name as above to sign: {typed['signer_name']}")
        return typed

    def _checked(self, question: Question, text: str) -> object:
        """One answer as it is kept. Raises ValidationError."""
        lines = [one_line(line) for line in text.splitlines()]
        text = "\n".join(line for line in lines if line) if question.kind == "lines" else one_line(text)
        if is_private_number(text):
            raise forms.ValidationError(NO_SOCIAL)
        if question.kind in ("bank", "lines") and ACCOUNT_NUMBER.search(text):
            raise forms.ValidationError(NO_ACCOUNT)
        if question.kind == "email":
            return _email(text)
        if question.kind == "phone" and (not PHONE.fullmatch(text) or sum(sign.isdigit() for sign in text) < 7):
            raise forms.ValidationError("Enter a phone number with its area code, such as 614 555 0100")
        if question.kind == "amount":
            return self._amount(text)
        if question.kind == "year" and not self._is_year(text):
            raise forms.ValidationError(f"Enter a year up to {self.today.year}, such as 2009")
        return text

    def _amount(self, text: str) -> int:
        try:
            amount = money.parse(text, self.currency)
        except money.NotAnAmount as problem:
            raise forms.ValidationError(str(problem)) from problem
        if not amount:
            raise forms.ValidationError("Enter an amount of more than nothing")
        return amount

    def _is_year(self, text: str) -> bool:
        return text.isascii() and text.isdigit() and len(text) == 4 and EARLIEST <= int(text) <= self.today.year

    def _check_place(self, typed: dict) -> None:
        """The region and the tax number belong to the country."""
        country = typed.get("country", "")
        if country in BY_COUNTRY and typed.get("region"):
            code = code_of(country, typed["region"])
            if not code:
                word = "state, such as OH or Ohio" if country == "US" else "province, such as AB"
                self.add_error("region", f"Enter the {word}")
            typed["region"] = code or ""
        shape = TAX_NUMBERS.get(country)
        if shape and typed.get("tax_number") and not shape[0].fullmatch(typed["tax_number"]):
            self.add_error("tax_number", shape[1])


def first_answers(buyer: Buyer, *, name: str, country: str) -> dict:
    """What is known before anything is typed."""
    known: dict[str, Any] = {"buyer": buyer.key, "country": country, "signer_name": name, "terms": "30"}
    if buyer.organisation:
        known["legal_name"] = buyer.name
    if buyer.customer and buyer.customer.line1:
        place = ("line1", "line2", "city", "region", "postal_code", "country")
        known |= {field: getattr(buyer.customer, field) for field in place}
        known["purchase_orders"] = "yes" if buyer.customer.is_po_required else ""
    return known


def _field(question: Question) -> forms.Field:
    """The field of one question; what it holds is looked at in `clean`."""
    wrong = {
        "required": question.missing,
        "max_length": f"Write at most {question.most:,} characters",
        "null_characters_not_allowed": "Take out the sign that cannot be read",
        "invalid_choice": "Choose one of these",
    }
    common: dict[str, Any] = {
        "label": question.label, "help_text": question.hint, "required": bool(question.missing),
        "error_messages": wrong,
    }  # fmt: skip
    if question.kind == "country":
        by_name = sorted(COUNTRIES.items(), key=lambda pair: pair[1])
        return forms.ChoiceField(choices=by_name, widget=forms.Select(attrs={"autocomplete": "country"}), **common)
    if question.kind == "select" and question.choices:
        options = [("", "Choose"), *question.choices.items()]
        return forms.ChoiceField(choices=options, widget=forms.Select(attrs={"autocomplete": "off"}), **common)
    if question.choices:
        return forms.ChoiceField(choices=list(question.choices.items()), widget=forms.RadioSelect, **common)
    attrs = {"autocomplete": question.autocomplete}
    if question.kind in ("amount", "year"):
        attrs["inputmode"] = "decimal" if question.kind == "amount" else "numeric"
    widgets = {"lines": forms.Textarea(attrs={**attrs, "rows": 3}), "email": forms.EmailInput(attrs=attrs)}
    widget = widgets.get(question.kind, forms.TextInput(attrs=attrs))
    return forms.CharField(max_length=question.most, widget=widget, **common)


def _email(text: str) -> str:
    try:
        return normalise(text)
    except BadAddress as error:
        raise forms.ValidationError(str(error)) from error


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
