"""What staff type about products, their prices, shipping and taxes. Input only."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import cast

from django import forms
from django.db.models import Q

from billing.actions.catalogue import Prices, Words
from billing.choices import Period, ProductKind
from billing.forms.invoices import AmountField, DayField, PlainForm
from billing.models import Product
from billing.queries_store import sizes_in
from billing.regions import code_of
from billing.snapshots import COUNTRIES
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article
from supportdesk.lib import money

ROWS = 6
MOST_DISPLAYS = 1_000_000


def _line(label: str, most: int, *, missing: str = "", hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        required=bool(missing),
        error_messages={"required": missing, "max_length": f"Use at most {most} characters."},
    )


def _text(label: str, *, hint: str, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"max_length": "Use at most 50,000 characters."},
    )


class ArticleChoice(forms.ModelChoiceField):
    """An article by its title."""

    def label_from_instance(self, obj: Article) -> str:
        return obj.title


class ProductForm(PlainForm):
    """What a product says of itself."""

    name = _line("Name", 120, missing="Enter a name.")
    summary = _line("In one line", 255, hint="It stands in the store and on the invoice.")
    description = _text("What people get", hint="The product's page. Blank lines, - lists and **bold** work.", rows=8)
    info_label = _line("Words of the “more info” link", 80, missing="Enter a few words, such as “What is this?”")
    info_text = _text(
        "The “more info” page", hint="Where every line of an invoice leads: answer what people ask.", rows=8
    )
    info_article = ArticleChoice(
        label="Or an article of the help centre", queryset=Article.objects.none(), required=False,
        empty_label="None", help_text="Every line of an invoice leads there. Only what everybody can read is offered.",
        error_messages={"invalid_choice": "Choose an article that everybody can read."},
    )  # fmt: skip
    info_url = forms.URLField(
        label="Or the address of a page elsewhere",
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": "Enter an address such as https://example.com/robot."},
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
    )
    minutes = forms.IntegerField(
        label="Minutes of help in one package",
        required=False,
        min_value=0,
        max_value=600_000,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number of minutes."),
    )
    position = forms.IntegerField(
        label="Place in the store",
        help_text="Smaller numbers come first.",
        min_value=0,
        max_value=100_000,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), "Enter a number."),
    )
    is_taxable = forms.BooleanField(label="Taxes apply", required=False)

    def __init__(self, data=None, *, product: Product | None = None, kind: str = "") -> None:
        names = (
            "name", "summary", "description", "info_label", "info_text", "info_article", "info_url", "minutes",
            "position",
        )  # fmt: skip
        initial: dict[str, object] = {"info_label": "What is this?", "position": 0, "is_taxable": True}
        if product:
            initial = {name: getattr(product, name) for name in (*names, "is_taxable")}
        super().__init__(data, initial=initial)
        public = Article.objects.readable_by(None).filter(kind=ArticleKind.PAGE)
        chosen = product.info_article_id if product else None
        offered = Article.objects.filter(Q(pk__in=public.values("pk")) | Q(pk=chosen or 0))
        cast("ArticleChoice", self.fields["info_article"]).queryset = offered.order_by("title", "pk")
        if (product.kind if product else kind) != ProductKind.HOURS:
            del self.fields["minutes"]

    @property
    def words(self) -> Words:
        """What was typed, once the form is clean."""
        typed = {name: value for name, value in self.cleaned_data.items() if name != "kind"}
        return Words(**typed | {"minutes": typed.get("minutes") or 0})


class NewProductForm(ProductForm):
    """The same with what it is, which never changes."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=ProductKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is.", "invalid_choice": "Choose one of these."},
    )

    field_order = ["kind"]

    def __init__(self, data=None) -> None:
        super().__init__(data, kind=ProductKind.HOURS)
        self.fields["minutes"].help_text = "Only for hours of help."


class PriceForm(PlainForm):
    """The one price of goods, training or a package of hours."""

    def __init__(self, data=None, *, product: Product, currency: str) -> None:
        price = product.prices.filter(withdrawn_at__isnull=True, period=Period.ONCE, currency=currency).first()
        super().__init__(data, initial={"amount": money.plain(price.amount, currency) if price else ""})
        self.fields["amount"] = AmountField(currency=currency, label=f"Price in {currency}")

    @property
    def prices(self) -> Prices:
        """The prices that were typed, once the form is clean."""
        return {(Period.ONCE, None): self.cleaned_data["amount"]}


class SizesForm(PlainForm):
    """The prices of a plan: a row for each size, by the month and by the year. A row that is left empty counts for
    nothing, one that is half empty is asked about by whoever publishes."""

    def __init__(self, data=None, *, product: Product, currency: str) -> None:
        rows = product.prices.filter(withdrawn_at__isnull=True, currency=currency)
        sizes = sizes_in(rows)
        initial: dict[str, int | str | None] = {}
        for number, size in enumerate(sizes):
            initial[f"displays_{number}"] = size.displays
            initial[f"monthly_{number}"] = money.plain(size.monthly.amount, currency)
            initial[f"yearly_{number}"] = money.plain(size.yearly.amount, currency)
        super().__init__(data, initial=initial)
        self.count = max(ROWS, len(sizes) + 2)
        words = "Enter how many displays, such as 5, or leave it empty for any number."
        for number in range(self.count):
            self.fields[f"displays_{number}"] = forms.IntegerField(
                label=f"Up to so many displays, size {number + 1}", required=False, min_value=1,
                max_value=MOST_DISPLAYS,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
            )  # fmt: skip
            self.fields[f"monthly_{number}"] = AmountField(
                currency=currency, required=False, label=f"Monthly, size {number + 1}"
            )
            self.fields[f"yearly_{number}"] = AmountField(
                currency=currency, required=False, label=f"Yearly, size {number + 1}"
            )

    @property
    def rows(self) -> Sequence[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """Fields side by side, for the page."""
        return [
            (self[f"displays_{number}"], self[f"monthly_{number}"], self[f"yearly_{number}"])
            for number in range(self.count)
        ]

    def clean(self) -> dict:
        """Each size stands once."""
        typed = super().clean() or {}
        seen = set()
        for number in range(self.count):
            size = typed.get(f"displays_{number}")
            if not typed.get(f"monthly_{number}") and not typed.get(f"yearly_{number}"):
                if size is not None:
                    self.add_error(f"monthly_{number}", "Enter what this size costs, or leave its row empty.")
                continue
            if size in seen:
                self.add_error(f"displays_{number}", "This size stands here twice.")
            seen.add(size)
        return typed

    @property
    def prices(self) -> Prices:
        """The prices that were typed, once the form is clean."""
        found: dict[tuple[Period, int | None], int] = {}
        for number in range(self.count):
            for period, name in ((Period.MONTHLY, "monthly"), (Period.YEARLY, "yearly")):
                amount = self.cleaned_data[f"{name}_{number}"]
                if amount:
                    found[period, self.cleaned_data[f"displays_{number}"]] = amount
        return found


class ShippingForm(PlainForm):
    """What shipping costs."""

    def __init__(self, data=None, *, amount: int = 0, currency: str = "USD") -> None:
        super().__init__(data, initial={"amount": money.plain(amount, currency)})
        self.fields["amount"] = AmountField(
            currency=currency, label=f"Shipping of an order in {currency}", help_text="0 sends for free."
        )


class TaxRateForm(PlainForm):
    """A tax, where it applies, how much it is and from when."""

    country = forms.ChoiceField(label="Country", choices=sorted(COUNTRIES.items()))
    region = _line("State or province", 80, hint="Such as OH or Ohio; empty for the whole country.")
    name = _line("Name of the tax", 60, missing="Enter its name, such as Ohio sales tax.")
    percent = _line("Per cent", 12, missing="Enter a number such as 5.75.", hint="Such as 5.75")
    starts_on = DayField(label="From")

    def clean_percent(self) -> int:
        """Parts per million."""
        try:
            rate = Decimal(self.cleaned_data["percent"].strip().removesuffix("%").strip()) * 10_000
            whole = int(rate)
        except (InvalidOperation, ValueError, OverflowError):
            raise forms.ValidationError("Enter a number such as 5.75.") from None
        if not 0 < rate <= 1_000_000 or rate != whole:
            raise forms.ValidationError(
                "Enter a number above 0 and up to 100, with four digits after the point at most."
            )
        return whole

    def clean(self) -> dict:
        """The region belongs to its country."""
        typed = super().clean() or {}
        if typed.get("region") and typed.get("country"):
            code = code_of(typed["country"], typed["region"])
            if not code or len(code) > 10:
                self.add_error("region", "Enter a state or province of this country, such as OH.")
            typed["region"] = (code or "").upper()
        return typed


class EndForm(PlainForm):
    """The last day of something."""

    ends_on = DayField(label="Last day")
