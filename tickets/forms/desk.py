"""What agents type. Input only: nothing here changes anything."""

from datetime import time
from typing import cast

from django import forms

from accounts.models import Person
from tickets.choices import Priority, Role, TicketType
from tickets.forms.customer import AddressField
from tickets.forms.files import FilesField
from tickets.models import ContactReason, Team
from tickets.queries_desk.people import staff

LONGEST_TEXT = 100_000
MORNING = time(9, 0)

# A browser that fills in a whole form on its own must not reach a customer.
PLAIN = {"autocomplete": "off"}


class MomentField(forms.DateTimeField):
    """A date and time in the reader's zone, from the browser's own picker or typed as 2026-11-27 09:00."""

    def __init__(self, *, label: str, missing: str = "Choose a date and a time", **options) -> None:
        super().__init__(
            label=label,
            input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
            error_messages={"required": missing, "invalid": "Write the time like 2026-11-27 09:00"},
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            **options,
        )


class MomentForm(forms.Form):
    """One time, or none to take it away again."""

    at = MomentField(label="When", required=False)


class AssignForm(forms.Form):
    """A person, or nobody; and a team."""

    to = forms.ModelChoiceField(
        Person.objects.none(),
        required=False,
        error_messages={"invalid_choice": "Choose somebody who works here"},
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, error_messages={"invalid_choice": "Choose a team of this desk"}
    )

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.people = staff()
        to = cast(forms.ModelChoiceField, self.fields["to"])
        to.queryset = Person.objects.filter(pk__in=[person.pk for person in self.people])


class ReasonForm(forms.Form):
    """A contact reason, or none."""

    reason = forms.ModelChoiceField(
        ContactReason.objects.filter(is_active=True),
        required=False,
        error_messages={"invalid_choice": "Choose one of the reasons"},
    )


class CloseForm(ReasonForm):
    """A contact reason, or none. Where the customer waits for an answer, none needs `unanswered` said."""

    unanswered = forms.BooleanField(required=False)

    @property
    def asks_again(self) -> bool:
        """It was refused, since no reason was chosen and the customer waits."""
        return "unanswered" in self.errors


class DetailsForm(forms.Form):
    """What a ticket is about and how urgent."""

    subject = forms.CharField(
        max_length=998, label="Subject", error_messages={"required": "Write a subject"}, widget=forms.TextInput(PLAIN)
    )
    type = forms.ChoiceField(choices=TicketType, label="Type")
    priority = forms.ChoiceField(choices=Priority, label="Priority")
    team = forms.ModelChoiceField(Team.objects.order_by("name"), label="Team", empty_label=None)
    tags = forms.CharField(
        required=False,
        max_length=2000,
        label="Tags",
        help_text="With commas between them",
        widget=forms.TextInput(PLAIN),
    )

    def clean_tags(self) -> list[str]:
        """Words between commas."""
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class ParticipantForm(forms.Form):
    """Somebody who takes part from now on."""

    email = AddressField(label="Mail address", missing="Write a mail address")
    role = forms.ChoiceField(
        choices=[(Role.COPIED, "Gets a copy of every reply"), (Role.WATCHER, "Is told inside the desk")],
        label="What they get",
        widget=forms.RadioSelect,
        initial=Role.COPIED,
    )


class NewTicketForm(forms.Form):
    """A ticket that an agent writes down for a customer: a call, a visit, a chat."""

    email = AddressField(label="Customer's mail address", missing="Write the customer's mail address")
    name = forms.CharField(max_length=255, required=False, label="Customer's name", widget=forms.TextInput(PLAIN))
    subject = forms.CharField(
        max_length=998, label="Subject", error_messages={"required": "Write a subject"}, widget=forms.TextInput(PLAIN)
    )
    text = forms.CharField(
        strip=False,
        max_length=LONGEST_TEXT,
        label="What the customer said",
        help_text="The customer can read this. Write what only staff should know as a note afterwards.",
        error_messages={"required": "Write what the customer said"},
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    team = forms.ModelChoiceField(Team.objects.order_by("name"), label="Team", empty_label=None)
    priority = forms.ChoiceField(choices=Priority, initial=Priority.NORMAL, label="Priority")
    files = FilesField(label="Files")  # type: ignore[assignment]  # not the form's uploads
    mine = forms.BooleanField(required=False, initial=True, label="Give it to me")
