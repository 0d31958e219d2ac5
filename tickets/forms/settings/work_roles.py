"""A work role as it is typed in."""

from django import forms

from accounts.models import Person, WorkRole
from tickets.forms.settings.desk import PeopleChoice, name_field, offer


class WorkRoleForm(forms.Form):
    """What somebody does in processes, who does it, and who does it when nobody is left."""

    name = name_field("Name", length=80, missing="Enter a name for the role", hint="Like “Purchasing” or “Dispatcher”.")
    about = forms.CharField(
        label="What it does",
        required=False,
        max_length=255,
        error_messages={"max_length": "Use at most 255 characters"},
    )
    escalates_to = forms.ModelChoiceField(
        label="When nobody is left",
        help_text="Its work goes to this role in the moment in which its last person leaves.",
        queryset=WorkRole.objects.none(),
        required=False,
        empty_label="Leads and admins do it",
        error_messages={"invalid_choice": "Choose a role from the list"},
    )
    members = PeopleChoice(
        label="People",
        queryset=Person.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "Choose people from the list",
            "invalid_pk_value": "Choose people from the list",
        },
    )

    def __init__(self, *args, role: WorkRole | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "members", Person.objects.staff().order_by("name", "email", "pk"))
        others = WorkRole.objects.order_by("name", "pk")
        offer(self, "escalates_to", others.exclude(pk=role.pk) if role else others)
