"""Who is entitled: given by hand, named and ended by leads. What of the store brings priority: by admins."""

from collections.abc import Sequence
from datetime import datetime

from accounts import journal
from accounts.actions.people import find_or_create_person
from accounts.models import Organisation, Person
from billing.choices import ProductKind
from billing.models import Product
from tickets.actions.entitling.plans import entitle_running
from tickets.actions.setup.door import by_admin, by_lead
from tickets.models import Entitlement, EntitlementContact, PriorityOffer, ReplyTemplate, ServiceLevel, SupportRules
from tickets.refusals import Refused


class CannotEntitle(Refused):
    """Nothing changes. `field` is where the message belongs."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


@by_lead
def entitle(
    *,
    organisation: Organisation | None,
    address: str,
    name: str,
    starts_at: datetime,
    ends_at: datetime | None,
    incidents: int | None,
    channels: Sequence[str],
    level: ServiceLevel | None,
    note: str,
    by: Person,
    now: datetime,
) -> Entitlement:
    """Entitle an organisation, whose first contact is `address`, or the person of that address alone.

    Raises CannotEntitle, NotAnAddress.
    """
    if ends_at is not None and ends_at <= starts_at:
        raise CannotEntitle("It ends before it begins.", "ends_on")
    if organisation is None and not address:
        raise CannotEntitle("Choose an organisation, or enter somebody's address.", "address")
    person = find_or_create_person(email=address, now=now) if address else None
    made = Entitlement.objects.create(
        organisation=organisation, person=None if organisation else person, name=name, starts_at=starts_at,
        ends_at=ends_at, incidents=incidents, channels=list(channels), level=level, note=note, created_by=by,
        created_at=now,
    )  # fmt: skip
    if person is not None:
        EntitlementContact.objects.create(entitlement=made, person=person, added_by=by, added_at=now)
    data = {"name": name, "organisation": organisation and organisation.pk, "person": person and person.pk}
    journal.record(by=by, action="tickets.entitle", subject=made, data=data, now=now)
    return made


@by_lead
def add_contact(*, entitlement: Entitlement, address: str, by: Person, now: datetime) -> Person:
    """Name somebody who may use it. Named twice, they are named once. Raises CannotEntitle, NotAnAddress."""
    row = Entitlement.objects.select_for_update(no_key=True).get(pk=entitlement.pk)
    person = find_or_create_person(email=address, now=now)
    if row.contacts.filter(person=person).exists():
        return person
    if row.person_id is not None:
        raise CannotEntitle("This is one person's own. Entitle an organisation to name several people.", "address")
    if row.contacts.count() >= row.most_contacts:
        raise CannotEntitle(f"At most {row.most_contacts} people may be named. Take somebody out first.", "address")
    EntitlementContact.objects.create(entitlement=row, person=person, added_by=by, added_at=now)
    journal.record(by=by, action="tickets.add_contact", subject=row, data={"person": person.pk}, now=now)
    return person


@by_lead
def remove_contact(*, entitlement: Entitlement, person: Person, by: Person, now: datetime) -> None:
    """Take somebody out. Tickets on which they were found entitled keep it."""
    if EntitlementContact.objects.filter(entitlement=entitlement, person=person).delete()[0]:
        data = {"person": person.pk}
        journal.record(by=by, action="tickets.remove_contact", subject=entitlement, data=data, now=now)


@by_lead
def end(*, entitlement: Entitlement, ends_at: datetime, by: Person, now: datetime) -> None:
    """Let it end, then or now. What a plan brings ends with its plan. Raises CannotEntitle."""
    row = Entitlement.objects.select_for_update(no_key=True).get(pk=entitlement.pk)
    if row.subscription_id is not None:
        raise CannotEntitle("This comes with a plan and ends when the plan does. End the plan instead.", "ends_on")
    if ends_at < row.starts_at:
        raise CannotEntitle("It ends before it begins.", "ends_on")
    row.ends_at = ends_at
    row.save(update_fields=["ends_at"])
    data = {"ends_at": ends_at.isoformat()}
    journal.record(by=by, action="tickets.end_entitlement", subject=row, data=data, now=now)


@by_admin
def offer(
    *,
    product: Product,
    incidents: int | None,
    lasts_days: int | None,
    channels: Sequence[str],
    level: ServiceLevel | None,
    most_contacts: int,
    by: Person,
    now: datetime,
) -> PriorityOffer:
    """Let a product bring priority: a plan while it runs, anything else as a pack of incidents. Plans that run bring
    it at once. What was sold before stays as it was sold. Raises CannotEntitle.
    """
    is_plan = product.kind == ProductKind.PLAN
    if is_plan and incidents:
        raise CannotEntitle("A plan brings priority while it runs. Leave the incidents empty.", "incidents")
    if not is_plan and not incidents:
        raise CannotEntitle("Enter how many incidents one of it brings.", "incidents")
    made, _ = PriorityOffer.objects.update_or_create(
        product=product,
        defaults={
            "incidents": incidents, "lasts_days": None if is_plan else lasts_days, "channels": list(channels),
            "level": level, "most_contacts": most_contacts,
        },
    )  # fmt: skip
    added = entitle_running(made, now)
    data = {"product": product.pk, "incidents": incidents, "plans": added}
    journal.record(by=by, action="tickets.offer_priority", subject=made, data=data, now=now)
    return made


@by_admin
def withdraw_offer(*, offer: PriorityOffer, by: Person, now: datetime) -> None:
    """What is sold from now on brings no priority. Raises CannotEntitle where somebody bought it already."""
    if offer.entitlements.exists():
        raise CannotEntitle("Customers have bought this. Archive the product, so that nobody buys it any more.")
    subject = journal.name_of(offer)
    offer.delete()
    journal.record(by=by, action="tickets.withdraw_offer", subject=subject, data={}, now=now)


@by_lead
def say_offer_words(*, template: ReplyTemplate | None, by: Person, now: datetime) -> None:
    """What is said to whoever asks for a call and is not entitled; None: the desk's own words (N7)."""
    SupportRules.objects.update_or_create(pk=1, defaults={"offer_template": template})
    data = {"template": template and template.pk}
    journal.record(by=by, action="tickets.say_offer_words", subject="tickets.support_rules:1", data=data, now=now)
