"""A field of the desk's own, as an admin defines it."""

from decimal import Decimal

from django import forms

from tickets.actions.setup.fields import MOST_OPTIONS, Definition
from tickets.choices import FieldKind, TicketType
from tickets.forms.settings.desk import name_field, offer
from tickets.models import CustomField, Team

LONGEST_OPTION = 80


class NumberBound(forms.DecimalField):
    """A bound of a number, or none."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            max_digits=18,
            decimal_places=6,
            error_messages={
                "invalid": "Write a number like 12 or 12.5",
                "max_digits": "Write a shorter number",
                "max_decimal_places": "Write at most six digits after the point",
                "max_whole_digits": "Write a smaller number",
            },
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        )


class FieldForm(forms.Form):
    """Everything about a field but its kind."""

    name = name_field("Name", length=80, missing="Enter what the field is called")
    help_text = forms.CharField(
        label="Help text",
        help_text="Stands under the name, for whoever fills it in.",
        required=False,
        max_length=300,
        error_messages={"max_length": "Use at most 300 characters"},
    )
    options = forms.CharField(
        label="Options",
        help_text="For a choice: one on each line. One that you leave out stays on tickets that have it.",
        required=False,
        max_length=10_000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"max_length": "Use at most 10,000 characters"},
    )
    smallest = NumberBound("Smallest number")
    largest = NumberBound("Largest number")
    types = forms.MultipleChoiceField(
        label="Types of ticket",
        help_text="None: every type.",
        choices=TicketType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose types from the list"},
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        label="Teams",
        help_text="None: every team.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "Choose teams from the list",
            "invalid_pk_value": "Choose teams from the list",
        },
    )
    is_required_at_close = forms.BooleanField(
        label="Has to be filled in before closing",
        help_text="Staff are stopped with a sentence; a customer who closes their own ticket is not.",
        required=False,
    )
    is_for_customers = forms.BooleanField(
        label="Asked on the customer's form",
        help_text="Customers then read the name and the help text.",
        required=False,
    )

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "teams", Team.objects.order_by("name", "pk"))

    @staticmethod
    def initial_for(row: CustomField) -> dict:
        """What a row says, for the form."""
        same = ("name", "help_text", "types", "is_required_at_close", "is_for_customers")
        bounds = {name: _plain(getattr(row, name)) for name in ("smallest", "largest")}
        options = "\n".join(option["label"] for option in row.options if option["is_active"])
        return {**{name: getattr(row, name) for name in same}, **bounds, "options": options, "teams": row.teams.all()}

    def clean_options(self) -> list[str]:
        """Labels, one a line."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["options"].splitlines()]
        labels = [line for line in lines if line]
        if any(len(label) > LONGEST_OPTION for label in labels):
            raise forms.ValidationError(f"An option has {LONGEST_OPTION} characters at most")
        if any("," in label for label in labels):
            raise forms.ValidationError("An option holds no comma: commas stand between options")
        if len({label.casefold() for label in labels}) < len(labels):
            raise forms.ValidationError("An option stands there twice")
        if len(labels) > MOST_OPTIONS:
            raise forms.ValidationError(f"Write at most {MOST_OPTIONS} options")
        return labels

    def definition(self) -> Definition:
        """What was entered."""
        names = ("name", "help_text", "options", "smallest", "largest", "types", "teams")
        flags = ("is_required_at_close", "is_for_customers")
        return Definition(**{name: self.cleaned_data[name] for name in (*names, *flags)})


class NewFieldForm(FieldForm):
    """A new field, with what it holds."""

    kind = forms.ChoiceField(
        label="What it holds",
        help_text="It cannot be changed later.",
        choices=FieldKind.choices,
        error_messages={"required": "Choose what the field holds", "invalid_choice": "Choose from the list"},
    )

    field_order = ("name", "kind")


class TagForm(forms.Form):
    """Another word for a tag."""

    name = name_field(
        "New word", length=60, missing="Enter the new word", hint="If it is a tag already, the two become one."
    )


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"
