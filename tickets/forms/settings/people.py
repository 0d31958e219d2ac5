"""People, roles, invitations, organisations."""

from django import forms

from accounts.choices import Role
from tickets.forms.customer import AddressField
from tickets.forms.settings.desk import name_field

ROLE_WORDS = {
    Role.AGENT: "Answers tickets",
    Role.LEAD: "Also sees the journal, is told about broken promises, exports",
    Role.REVIEWER: "Decides about refunds, credit and exemptions",
    Role.EDITOR: "Writes and publishes articles",
    Role.ADMIN: "Sets the desk up, invites people and gives roles",
    Role.OBSERVER: "Reads everything, changes nothing",
}


class InviteForm(forms.Form):
    """Who is to join the staff, as what."""

    email = AddressField(
        label="Email address",
        missing="Enter the address of the person to invite",
        help_text="A link goes there that works once, for 72 hours.",
    )
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=120,
        error_messages={"max_length": "Use at most 120 characters"},
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role, f"{role.label}: {words}") for role, words in ROLE_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role", "invalid_choice": "Choose roles from the list"},
    )


class NameForm(forms.Form):
    """What somebody is called."""

    name = name_field("Name", length=120, missing="Enter what the person is called")


class OrganisationForm(forms.Form):
    """A customer's company."""

    name = name_field("Name", length=255, missing="Enter the name of the organisation")
    domain = forms.CharField(
        label="Domain of its addresses",
        help_text="Like school.example. It suggests who belongs here; a person decides.",
        required=False,
        max_length=255,
        error_messages={"max_length": "Use at most 255 characters"},
    )
    notes = forms.CharField(
        label="Notes for the staff",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": "Use at most 5,000 characters"},
    )

    def clean_domain(self) -> str:
        domain = self.cleaned_data["domain"].strip().lower().removeprefix("@")
        if domain and ("." not in domain or not domain.replace(".", "").replace("-", "").isalnum()):
            raise forms.ValidationError("Enter a domain like school.example")
        return domain


class MemberForm(forms.Form):
    """Somebody who belongs to an organisation."""

    address = AddressField(label="Email address", missing="Enter the address of somebody who wrote to us")
    sees_colleagues_tickets = forms.BooleanField(label="May read the tickets of colleagues", required=False)
