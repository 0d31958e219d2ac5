"""What an open screen says of itself."""

from django import forms

from tickets.choices import Doing

LARGEST_SCREEN = 2**53 - 1  # what a browser counts without losing a digit
MOST_ROWS = 60


class NumbersField(forms.Field):
    """`12,15,99`: what is no number, or too large, is left out."""

    def to_python(self, value: str | None) -> list[int]:
        """At most MOST_ROWS of them."""
        parts = (value or "").split(",")[:MOST_ROWS]
        return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]


class RowsForm(forms.Form):
    """The tickets that are on the screen."""

    rows = NumbersField(required=False)


class PresenceForm(RowsForm):
    """`ticket` is the one that is open, 0 for none."""

    screen = forms.IntegerField(min_value=1, max_value=LARGEST_SCREEN)
    ticket = forms.IntegerField(min_value=0, max_value=2**63 - 1)
    doing = forms.ChoiceField(choices=Doing.choices, required=False)
