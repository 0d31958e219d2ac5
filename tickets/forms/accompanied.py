"""Who is accompanied by whom."""

from django import forms

from accounts.choices import Role
from accounts.models import Person
from tickets.forms.settings.desk import PersonChoice, offer

CHOOSE = {"required": "Choose somebody", "invalid_choice": "Choose somebody from the list"}


class AccompanyForm(forms.Form):
    """Somebody new, and who reads what they answer."""

    person = PersonChoice(
        label="Who is new?", queryset=Person.objects.none(), empty_label="Choose somebody", error_messages=CHOOSE
    )
    reviewer = PersonChoice(
        label="Who reads their replies?",
        queryset=Person.objects.none(),
        empty_label="Choose somebody",
        error_messages=CHOOSE,
    )
    runs_needed = forms.IntegerField(
        label="Runs of processes to pass",
        help_text="Then they answer alone.",
        min_value=1,
        max_value=50,
        initial=5,
        error_messages={
            "required": "Enter a number", "invalid": "Enter a number",
            "min_value": "Enter a number from 1 to 50", "max_value": "Enter a number from 1 to 50",
        },
    )  # fmt: skip

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        workers = Person.objects.with_role(Role.AGENT, Role.LEAD, Role.ADMIN).order_by("name", "email", "pk")
        offer(self, "person", workers)
        offer(self, "reviewer", workers)
