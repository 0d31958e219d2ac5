"""People and organisations as the API names them inside other things."""

from accounts.models import Organisation, Person
from supportdesk.lib.rest.fields import Shown


class PersonBrief(Shown):
    """Enough to name a person and to ask for more."""

    class Meta:
        model = Person
        fields = ("id", "name", "email")


class OrganisationBrief(Shown):
    """Enough to name an organisation and to ask for more."""

    class Meta:
        model = Organisation
        fields = ("id", "name")
