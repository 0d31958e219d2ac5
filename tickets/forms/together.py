"""What agents type to merge, split and tie tickets. Input only."""

from typing import cast

from django import forms

from accounts.models import Person
from tickets.forms.desk import LONGEST_TEXT, PLAIN
from tickets.models import Message, Team
from tickets.queries_desk.people import staff

# (what stands in the form, kind, whether this ticket is the near end)
SIDES = {
    "related": ("Is related to", "related", True),
    "duplicate": ("Is a duplicate of", "duplicate", True),
    "child": ("Is a child of", "parent", False),
    "parent": ("Is the parent of", "parent", True),
    "caused": ("Is caused by", "cause", False),
    "cause": ("Is the cause of", "cause", True),
    "blocked": ("Is blocked by", "blocks", False),
    "blocks": ("Blocks", "blocks", True),
}


class NumberField(forms.CharField):
    """A ticket by its number, with or without #."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            max_length=20,
            error_messages={"required": "Write the number of a ticket", "max_length": "Write a number like 4127"},
            widget=forms.TextInput({**PLAIN, "inputmode": "numeric"}),
        )

    def clean(self, value) -> int:
        text = super().clean(value).strip().removeprefix("#")
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
            raise forms.ValidationError("Write a number like 4127")
        return int(text)


class MergeForm(forms.Form):
    """Which ticket goes on, and whether the other one's customer takes part there."""

    into = NumberField(label="Merge into ticket")
    invite = forms.BooleanField(required=False)


class SplitForm(forms.Form):
    """Which messages leave, and what they are about."""

    messages = forms.ModelMultipleChoiceField(
        Message.objects.none(),
        label="Messages that leave",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one message",
            "invalid_choice": "One of these messages is no longer on this ticket. Look at it again",
            "invalid_pk_value": "Choose among the messages below",
        },
    )
    subject = forms.CharField(
        max_length=998,
        label="Subject of the new ticket",
        error_messages={"required": "Write what the new ticket is about"},
        widget=forms.TextInput(PLAIN),
    )

    def __init__(self, *args, ticket, **options) -> None:
        super().__init__(*args, **options)
        words = cast("forms.ModelMultipleChoiceField", self.fields["messages"])
        words.queryset = ticket.messages.all()


class RelateForm(forms.Form):
    """What this ticket is to another one."""

    side = forms.ChoiceField(
        choices=[(name, words) for name, (words, _, _) in SIDES.items()],
        label="This ticket",
        error_messages={"invalid_choice": "Choose one of the ways", "required": "Choose one of the ways"},
    )
    number = NumberField(label="Ticket")


class ChildForm(forms.Form):
    """A part of the work as a ticket of its own."""

    subject = forms.CharField(
        max_length=998, label="Subject", error_messages={"required": "Write a subject"}, widget=forms.TextInput(PLAIN)
    )
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        label="What is to be done",
        help_text="A private note on the new ticket. Customers never see it.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    team = forms.ModelChoiceField(Team.objects.order_by("name"), label="Team", empty_label=None)
    assignee = forms.ModelChoiceField(
        Person.objects.none(), required=False, label="Who does it", empty_label="Nobody yet"
    )
    sees = forms.ChoiceField(choices=[("staff", "Only staff"), ("customer", "")], label="Who sees the new ticket")

    def __init__(self, *args, customer: str, **options) -> None:
        super().__init__(*args, **options)
        assignee = cast("forms.ModelChoiceField", self.fields["assignee"])
        assignee.queryset = Person.objects.filter(pk__in=[person.pk for person in staff()]).order_by("name", "pk")
        sees = cast("forms.ChoiceField", self.fields["sees"])
        sees.widget = forms.RadioSelect()
        sees.choices = [("staff", "Only staff"), ("customer", f"{customer} too, with its subject")]
        sees.initial = "staff"
