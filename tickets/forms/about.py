"""What agents choose by one key: a priority, a type, tags. Input only."""

from collections.abc import Sequence
from typing import cast

from django import forms

from tickets.forms.desk import PLAIN


class QuickForm(forms.Form):
    """One of a few words."""

    value = forms.ChoiceField(
        error_messages={"required": "Choose one", "invalid_choice": "Choose one of these"}, choices=[]
    )

    def __init__(self, *args, choices: Sequence, **options) -> None:
        super().__init__(*args, **options)
        cast("forms.ChoiceField", self.fields["value"]).choices = [(choice.value, choice.label) for choice in choices]


class TagsForm(forms.Form):
    """Which of the present tags stay, and which come."""

    keep = forms.MultipleChoiceField(
        required=False,
        label="Tags on this ticket",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Somebody changed the tags meanwhile. Look at them again"},
    )
    add = forms.CharField(
        required=False,
        max_length=2000,
        label="Add",
        help_text="With commas between them",
        widget=forms.TextInput(PLAIN),
    )

    def __init__(self, *args, carried: Sequence[str], **options) -> None:
        super().__init__(*args, **options)
        cast("forms.MultipleChoiceField", self.fields["keep"]).choices = [(tag, tag) for tag in carried]

    def clean_add(self) -> list[str]:
        """Words between commas."""
        return [tag.strip() for tag in self.cleaned_data["add"].split(",") if tag.strip()]
