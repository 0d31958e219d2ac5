"""What is typed at the checkout."""

from collections.abc import Sequence

from django import forms

from billing.actions.checkout import Wish
from billing.buyers import Buyer
from billing.choices import PaymentMethod
from billing.credit import may_buy_on_account
from billing.models import Customer
from billing.pricing import address_of
from billing.regions import BY_COUNTRY, code_of
from billing.snapshots import COUNTRIES
from mail.addresses import BadAddress, normalise, one_line

METHODS = {
    PaymentMethod.CARD: "Card, on the next page",
    PaymentMethod.TRANSFER: "Bank transfer: the invoice says where to, with a reference",
    PaymentMethod.ON_ACCOUNT: "On account: the invoice says by when",
}
ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code", "country")
MOST_EMAILS = 10
BY_NAME: list[tuple[str, str]] = sorted(COUNTRIES.items(), key=lambda pair: pair[1])


def _line(label: str, complete: str, missing: str = "", *, most: int = 255, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        required=bool(missing),
        widget=forms.TextInput(attrs={"autocomplete": complete}),
        error_messages={"required": missing, "max_length": f"Write at most {most} characters."},
    )


class CheckoutForm(forms.Form):
    """Who buys, how it is paid, where it goes, and whom the invoice reaches."""

    buyer = forms.ChoiceField(
        label="Who buys?", widget=forms.RadioSelect, error_messages={"required": "Choose who buys."}
    )
    method = forms.ChoiceField(
        label="How will you pay?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how you will pay.", "invalid_choice": "Choose one of these ways."},
    )
    name = _line("Name on the parcel and the invoice", "name", "Enter a name, such as that of your school.")
    line1 = _line("Street and number", "address-line1", "Enter the street and the number.")
    line2 = _line("Building, room (optional)", "address-line2")
    city = _line("Town", "address-level2", "Enter the town.", most=120)
    region = _line("State or province", "address-level1", most=80, hint="Such as OH or Ohio; it decides about taxes.")
    postal_code = _line("ZIP or postal code", "postal-code", "Enter the ZIP or postal code.", most=20)
    country = forms.ChoiceField(
        label="Country",
        choices=BY_NAME,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"required": "Choose a country.", "invalid_choice": "Choose a country from the list."},
    )
    po_number = _line("Your purchase order number (optional)", "off", most=60, hint="It stands on the invoice.")
    invoice_emails = forms.CharField(
        label="Send the invoice also to (optional)",
        help_text="Accounting, for example. One email address a line; each gets a link that needs no login.",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        error_messages={"max_length": "Write at most 4,000 characters."},
    )

    use_required_attribute = False

    def __init__(self, data=None, *, buyers: Sequence[Buyer], initial: dict | None = None) -> None:
        super().__init__(data, label_suffix="", initial=initial)
        self.buyers = {buyer.key: buyer for buyer in buyers}
        chosen = (data or initial or {}).get("buyer", "")
        self.customer: Customer | None = (self.buyers.get(chosen) or buyers[0]).customer
        choice(self, "buyer").choices = [(buyer.key, buyer.name) for buyer in buyers]
        if len(buyers) == 1:
            self.fields["buyer"].widget = forms.HiddenInput()
        self.on_account = on_account = any(may_buy_on_account(buyer.customer) for buyer in buyers)
        choice(self, "method").choices = [
            (method, words) for method, words in METHODS.items() if on_account or method != PaymentMethod.ON_ACCOUNT
        ]
        if self.customer and self.customer.is_po_required:
            self.fields["po_number"].label = "Your purchase order number"
            self.fields["po_number"].help_text = f"{self.customer.name} asks for one with every order."

    @property
    def buyer_chosen(self) -> Buyer:
        """For whom it is, once the form is clean."""
        return self.buyers[self.cleaned_data["buyer"]]

    @property
    def buyer_named(self) -> Buyer:
        """For whom it is, whatever else is wrong: the first one where none is named."""
        typed = self.data.get("buyer", "") if self.is_bound else ""
        return self.buyers.get(typed) or next(iter(self.buyers.values()))

    @property
    def place(self) -> dict[str, str] | None:
        """Where it goes, as far as taxes ask, whatever else is wrong; None where nobody can say."""
        self.full_clean()
        country, region = self.cleaned_data.get("country", ""), self.cleaned_data.get("region", "")
        if country not in BY_COUNTRY or not region:
            return None
        return {"country": country, "region": region, "name": self.cleaned_data.get("name", "")}

    @property
    def wish(self) -> Wish:
        """What was asked for, once the form is clean."""
        typed = self.cleaned_data
        return Wish(
            method=PaymentMethod(typed["method"]),
            ship_to={name: typed[name] for name in ADDRESS},
            po_number=typed["po_number"],
            invoice_emails=typed["invoice_emails"],
        )

    def clean_po_number(self) -> str:
        number = one_line(self.cleaned_data["po_number"])
        if not number and self.customer and self.customer.is_po_required:
            raise forms.ValidationError(f"{self.customer.name} orders with a purchase order number. Enter yours.")
        return number

    def clean_invoice_emails(self) -> list[str]:
        """Each address once, in our spelling."""
        typed = [part for part in self.cleaned_data["invoice_emails"].replace(",", "\n").splitlines() if part.strip()]
        if len(typed) > MOST_EMAILS:
            raise forms.ValidationError(
                f"Enter {MOST_EMAILS} addresses at most; more can be added on the account page."
            )
        try:
            return list(dict.fromkeys(normalise(part) for part in typed))
        except BadAddress as error:
            raise forms.ValidationError(f"{error} Write one address a line.") from error

    def clean(self) -> dict:
        """The region belongs to the country, which is only known here."""
        typed = super().clean() or {}
        country = typed.get("country", "")
        for name in ADDRESS:
            if isinstance(typed.get(name), str):
                typed[name] = one_line(typed[name])
        if country in BY_COUNTRY and "region" in typed:
            code = code_of(country, typed["region"])
            if not code:
                word = "state" if country == "US" else "province"
                self.add_error("region", f"Enter the {word}, such as {'OH or Ohio' if country == 'US' else 'AB'}.")
            typed["region"] = code or ""
        return typed


def choice(form: forms.Form, name: str) -> forms.ChoiceField:
    """A field of `form` that is known to have choices."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(name)
    return field


def first_answers(buyer: Buyer, *, po_number: str, country: str) -> dict:
    """What the page knows before anything is typed."""
    known = address_of(buyer.customer) or {"name": buyer.name, "country": country}
    return {"buyer": buyer.key, "method": PaymentMethod.CARD, "po_number": po_number, **known}
