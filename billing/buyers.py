"""For whom somebody may order: themselves, or an organisation that they belong to. Reads only."""

from dataclasses import dataclass

from accounts.models import Organisation, Person
from billing.models import Customer


@dataclass(frozen=True)
class Buyer:
    """An organisation, or None for the person alone, and the customer that it is, once it has ordered."""

    organisation: Organisation | None
    customer: Customer | None
    name: str

    @property
    def key(self) -> str:
        """How a form names it."""
        return str(self.organisation.pk) if self.organisation else "self"


def buyers_of(person: Person) -> list[Buyer]:
    """Organisations first; somebody without one buys for themselves. At most three queries."""
    organisations = list(
        Organisation.objects.filter(memberships__person=person).select_related("customer").order_by("name", "pk")
    )
    found = [Buyer(one, getattr(one, "customer", None), one.name) for one in organisations]
    own = Customer.objects.filter(person=person).first()
    if own or not found:
        found.append(Buyer(None, own, person.shown_name))
    return found
