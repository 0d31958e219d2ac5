"""What is typed on the pages of products and of the cart."""

from django import forms

from billing.models.carts import MOST_OF_ONE

LARGEST_KEY = 2**63 - 1
A_NUMBER = f"Enter a number from 1 to {MOST_OF_ONE}. For more, ask a person: we make you an offer."


class QuantityField(forms.IntegerField):
    """How many; what a browser's own limits let through is looked at again."""

    def __init__(self, *, least: int = 1) -> None:
        words = dict.fromkeys(("required", "invalid", "min_value", "max_value"), A_NUMBER)
        super().__init__(
            label="How many?",
            min_value=least,
            max_value=MOST_OF_ONE,
            error_messages=words,
            widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": least, "max": MOST_OF_ONE}),
        )


class PutInForm(forms.Form):
    """One price, so many times. Whatever else comes along is not read: a price has its amount on the server (S30)."""

    price = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_KEY,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), "Choose one of the prices."),
    )
    quantity = QuantityField()
    had = forms.CharField(required=False, max_length=2000)

    def clean_had(self) -> dict[int, int]:
        """How many of each price stood in the cart when the page was shown; anything strange counts for nothing."""
        pairs = (pair.split(":") for pair in self.cleaned_data["had"].split(",") if pair)
        return {
            int(pair[0]): int(pair[1])
            for pair in pairs
            if len(pair) == 2 and all(part.isascii() and part.isdigit() and len(part) < 19 for part in pair)
        }


class LineForm(forms.Form):
    """A new number for a line, on the page of a certain version of the cart."""

    quantity = QuantityField(least=0)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class CouponForm(forms.Form):
    """A coupon's code."""

    code = forms.CharField(
        label="Coupon",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        error_messages={
            "required": "Enter the code of your coupon.",
            "max_length": "We know no coupon of that name. Look at the letters and try again.",
        },
    )
