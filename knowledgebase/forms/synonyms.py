"""Words that mean the same, as they are typed."""

from django import forms


class SynonymsForm(forms.Form):
    """One line: words or short phrases with commas between them."""

    words = forms.CharField(
        label="Words that mean the same",
        max_length=1300,
        help_text="With commas between them, for example: invoice, bill, statement of charges",
        error_messages={"required": "Enter at least two words, with commas between them"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_words(self) -> list[str]:
        return self.cleaned_data["words"].split(",")
