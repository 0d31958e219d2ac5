"""What agents write down about a call. Input only."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.addresses import NotAnAddress, normalise
from accounts.own_addresses import is_own_mailbox
from accounts.phones import NotANumber, normalise_number
from tickets.actions.calls import LONGEST_MINUTES, Told
from tickets.choices import CallDirection, CallOutcome
from tickets.forms.desk import LONGEST_TEXT, PLAIN, MomentField
from tickets.models import Team

LISTED = "Choose one from the list"
WHO_READS = [("public", "The customer may read it in the ticket"), ("private", "Only staff: an internal note")]
THEN = [
    ("", "Leave it as it is"),
    ("open", "Open: ours to act"),
    ("waiting", "Waiting on the customer"),
    ("closed", "Closed"),
]


class NumberField(forms.CharField):
    """A telephone number in our one spelling, "" when none was written."""

    def __init__(self, **options) -> None:
        widget = forms.TextInput(attrs={"inputmode": "tel", **PLAIN})
        super().__init__(**{"label": "Number", "max_length": 40, "required": False, "widget": widget, **options})

    def clean(self, value) -> str:
        value = super().clean(value)
        try:
            return normalise_number(value) if value else ""
        except NotANumber as error:
            raise ValidationError(str(error)) from None


class FindNumberForm(forms.Form):
    """The number on the telephone's display."""

    number = NumberField(help_text="However much of it you see.")


class CallForm(forms.Form):
    """A call on a ticket that is open already."""

    direction = forms.ChoiceField(
        label="Who rang?", choices=CallDirection.choices, initial=CallDirection.INCOMING, widget=forms.RadioSelect,
        error_messages={"required": "Say who rang", "invalid_choice": LISTED},
    )  # fmt: skip
    number = NumberField()
    began_at = MomentField(label="When", missing="Say when it began")
    outcome = forms.ChoiceField(
        label="What came of it",
        choices=CallOutcome.choices,
        initial=CallOutcome.SPOKE,
        error_messages={"required": LISTED, "invalid_choice": LISTED},
    )
    minutes = forms.IntegerField(
        label="Minutes", min_value=0, max_value=LONGEST_MINUTES, required=False,
        error_messages={
            "invalid": "Write the minutes as a number", "min_value": "Write the minutes as a number",
            "max_value": "A call lasts a day at most",
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    text = forms.CharField(
        label="What was said", required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": "Write at most 100,000 characters"},
    )  # fmt: skip
    readers = forms.ChoiceField(
        label="Who reads it", choices=WHO_READS, initial="private", widget=forms.RadioSelect,
        error_messages={"required": "Say who may read it", "invalid_choice": LISTED},
    )  # fmt: skip
    then = forms.ChoiceField(label="Then", choices=THEN, required=False, error_messages={"invalid_choice": LISTED})

    def told(self) -> Told:
        """What the form says, for the action."""
        typed = self.cleaned_data
        return Told(
            direction=typed["direction"],
            outcome=typed["outcome"],
            began_at=typed["began_at"],
            minutes=typed["minutes"] or 0,
            number=typed["number"],
            text=typed["text"],
            is_private=typed["readers"] == "private",
        )


class NewCallForm(CallForm):
    """A call about something new."""

    email = forms.CharField(
        label="Email address", required=False, max_length=254, widget=forms.EmailInput(attrs=PLAIN),
        help_text="If they have one: answers go there, and the number is theirs from now on.",
    )  # fmt: skip
    name = forms.CharField(label="Name", required=False, max_length=255, widget=forms.TextInput(attrs=PLAIN))
    subject = forms.CharField(
        label="What it was about", max_length=200, widget=forms.TextInput(attrs=PLAIN),
        error_messages={"required": "Write what it was about"},
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.order_by("name"),
        label="Team",
        required=False,
        empty_label="The usual one",
        error_messages={"invalid_choice": LISTED},
    )

    field_order = ["number", "email", "name", "subject"]

    def clean_email(self) -> str:
        """In our one spelling, and not one of ours."""
        typed = self.cleaned_data["email"]
        if not typed:
            return ""
        try:
            address = normalise(typed)
        except NotAnAddress as error:
            raise ValidationError(str(error)) from None
        if is_own_mailbox(address):
            raise ValidationError("This is our own address. Write the customer's")
        return address

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if not (cleaned.get("number") or cleaned.get("email") or "number" in self.errors or "email" in self.errors):
            self.add_error("number", "Write the number or the email address of whoever it was")
        return cleaned


def just_now() -> datetime:
    """For the field that says when: this minute, in the reader's zone."""
    return timezone.localtime().replace(second=0, microsecond=0)
