"""What the desk types about an account. Input only."""

from django import forms

from accounts.actions.rules import BOUNDS
from accounts.choices import RequestKind
from accounts.forms import PlainForm
from supportdesk.lib.strict_forms import StrictForm

LONGEST_REASON = 500


class CodeForm(PlainForm, StrictForm):
    """What a caller reads out of the mail."""

    code = forms.CharField(
        label="Code that the caller reads out",
        max_length=40,
        error_messages={"required": "Type the code that the caller reads out.", "max_length": "A code is shorter."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters", "class": "code-input"}
        ),
    )


class PurposeForm(PlainForm, StrictForm):
    """What the customer reads beside the box for the number."""

    purpose = forms.CharField(
        label="What for",
        help_text="The customer reads this beside your name.",
        max_length=120,
        initial="Help with my account",
        error_messages={"required": "Say what it is for.", "max_length": "Use at most 120 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ReasonForm(PlainForm, StrictForm):
    """Why."""

    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why.", "max_length": f"Use at most {LONGEST_REASON} characters."},
    )


class ChangeForm(ReasonForm):
    """Another address or number."""

    kind = forms.ChoiceField(
        label="What changes",
        choices=[(RequestKind.CHANGE_EMAIL, "Mail address"), (RequestKind.CHANGE_PHONE, "Telephone number")],
        initial=RequestKind.CHANGE_EMAIL,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of these.", "invalid_choice": "Choose one of these."},
    )
    new_value = forms.CharField(
        label="New address or number",
        help_text="As the customer spells it, such as ann@example.com or +1 403 555 0147.",
        max_length=320,
        error_messages={"required": "Type the new address or number.", "max_length": "That is too long."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("kind", "new_value", "reason")


def _number(label: str, hint: str, name: str) -> forms.IntegerField:
    least, most = BOUNDS[name]
    words = f"Enter a number from {least:,} to {most:,}."
    return forms.IntegerField(
        label=label,
        help_text=hint,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
    )


class RulesForm(PlainForm, StrictForm):
    """How long changes of accounts wait."""

    change_hours = _number(
        "Hours until another address is put on file",
        "Until then the old one gets every code and link, and can stop the change.",
        "change_hours",
    )
    undo_days = _number(
        "Days until a cancelled account closes", "Until then it can be taken back, with its plans.", "undo_days"
    )
    profiles_a_day = _number(
        "Profiles that one agent opens a day before the leads are told",
        "Nothing is shut: the next caller has a right to be helped.",
        "profiles_a_day",
    )
