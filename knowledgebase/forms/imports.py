"""What is imported, as entered."""

from typing import cast

from django import forms

from knowledgebase.choices import ImportKind
from knowledgebase.models import Space


class ImportForm(forms.Form):
    """A folder of the import folder, what it holds, and where its pages go."""

    kind = forms.ChoiceField(
        label="What it holds", choices=ImportKind.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what it holds", "invalid_choice": "Choose what it holds"},
    )  # fmt: skip
    folder = forms.ChoiceField(
        label="Folder", error_messages={"required": "Choose a folder", "invalid_choice": "Choose a folder of the list"},
    )  # fmt: skip
    space = forms.ModelChoiceField(
        label="Into the space", queryset=Space.objects.none(), empty_label="Choose a space",
        help_text="Where a change wants approval, the pages wait for somebody else to approve them.",
        error_messages={"required": "Choose a space", "invalid_choice": "Choose a space of the list"},
    )  # fmt: skip

    def __init__(self, *args, folders: list[str], spaces, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["folder"]).choices = [(name, name) for name in folders]
        cast("forms.ModelChoiceField", self.fields["space"]).queryset = spaces
