"""A space. Input only."""

from django import forms

from accounts.choices import Role
from knowledgebase.choices import Visibility
from knowledgebase.models import Space

ROLES = [(value, label) for value, label in Role.choices if value != Role.ADMIN]


class SpaceForm(forms.Form):
    """Its name, who reads it, who approves it, how often it is read again."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        error_messages={"required": "Enter a name.", "max_length": "Use at most 80 characters."},
    )
    about = forms.CharField(
        label="What is it for?",
        max_length=255,
        required=False,
        help_text="One sentence, which its readers see.",
        error_messages={"max_length": "Use at most 255 characters."},
    )
    visibility = forms.ChoiceField(
        label="Who reads it?",
        choices=Visibility.choices,
        widget=forms.RadioSelect,
        help_text="With pages in it, it can only become fewer people.",
        error_messages={"required": "Choose who reads it.", "invalid_choice": "Choose one of these."},
    )
    roles = forms.MultipleChoiceField(
        label="Which roles?",
        choices=ROLES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Only for a space for certain roles. Admins read everything.",
        error_messages={"invalid_choice": "Choose roles from the list."},
    )
    needs_approval = forms.BooleanField(
        label="A second person approves every change",
        required=False,
        help_text="Always so where customers read.",
    )
    verify_days = forms.IntegerField(
        label="Read again word for word after so many days",
        min_value=1,
        max_value=31,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), "Enter a number of days from 1 to 31."
        ),
    )
    position = forms.IntegerField(
        label="Place in the list",
        min_value=0,
        max_value=999,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number from 0 to 999."),
    )

    def __init__(self, data=None, *, space: Space | None = None):
        known = {"needs_approval": True, "verify_days": 31, "position": 0}
        if space:
            names = ("name", "about", "visibility", "roles", "needs_approval", "verify_days", "position")
            known = {name: getattr(space, name) for name in names}
        super().__init__(data, initial=known)

    def clean_position(self) -> int:
        """0 where nothing is entered."""
        return self.cleaned_data["position"] or 0
