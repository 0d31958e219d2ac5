"""Whom a customer names for their support. Input only."""

from django import forms

ENTER = "Enter their mail address, such as ann@school.example."


class ColleagueForm(forms.Form):
    """Somebody's mail address."""

    address = forms.EmailField(
        label="Name a colleague", max_length=320, widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages=dict.fromkeys(("required", "invalid", "max_length"), ENTER),
    )  # fmt: skip
    use_required_attribute = False

    def __init__(self, data=None, *, of: int) -> None:
        super().__init__(data, label_suffix="", auto_id=f"e{of}-%s")
        self.of = of
