"""What stands on the page of one account: who they are, what they have shown, what waits, where their parcels are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts import identity
from accounts.actions import change_address
from accounts.choices import IdentityMethod, RequestState
from accounts.masking import masked_email, masked_number
from accounts.models import ActionRequest, IdentityCheck, Person
from accounts.models.identity import OPEN_REQUESTS
from billing import queries_customer
from billing.actions.shipments import ASK_EVERY
from billing.choices import ShipmentState
from billing.gateways.carriers import CARRIERS
from billing.models import Customer, Shipment
from tickets.models import Ticket

PARCELS = 6
SILENT_AFTER = 2 * ASK_EVERY
TICKETS = 8
MOST_REQUESTS = 100


@dataclass(frozen=True)
class Proof:
    """What the caller has shown for this ticket, and what is being asked of them."""

    level: int
    words: str
    until: datetime | None
    mailed: IdentityCheck | None
    read_out: IdentityCheck | None
    number: str
    locked_until: datetime | None
    refusal: str


@dataclass(frozen=True)
class Profile:
    """An account as the page shows it; addresses and numbers only as far as one recognises one's own."""

    person: Person
    email: str
    phone: str
    organisations: list[str]
    customers: list[Customer]
    tickets: list[Ticket]
    parcels: list[Shipment]
    requests: list[ActionRequest]
    cancellation: ActionRequest | None
    change: ActionRequest | None


def profile_of(person: Person) -> Profile:
    """Nine queries, whatever there is."""
    customers = queries_customer.customers_of_requester(person)
    requests = list(
        ActionRequest.objects.filter(person=person)
        .select_related("proposed_by", "decided_by")
        .order_by("-proposed_at", "-pk")[:10]
    )
    waiting = [one for one in requests if one.is_open]
    memberships = person.memberships.select_related("organisation").order_by("pk")
    phone = change_address.phone_of(person)
    return Profile(
        person=person, email=masked_email(person.email), phone=masked_number(phone) if phone else "",
        organisations=[one.organisation.name for one in memberships], customers=customers,
        tickets=_tickets(person), parcels=parcels_of(customers), requests=requests,
        cancellation=next((one for one in waiting if one.kind == "cancel_account"), None),
        change=next((one for one in waiting if one.kind != "cancel_account"), None),
    )  # fmt: skip


def proof_of(person: Person, ticket: Ticket | None, by: Person, now: datetime) -> Proof:
    """What was shown and what waits. The number is only for the agent who reads it out. Five queries."""
    locked = identity.locked_until(person, now)
    refusal = ""
    try:
        identity.destination(person, now)
    except identity.NoDestination as reason:
        refusal = str(reason)
    if ticket is None:
        return Proof(0, identity.WORDS[0], None, None, None, "", locked, refusal)
    level = identity.level_of(person, ticket.pk, now)
    read_out = identity.open_check(person, IdentityMethod.OWN_SESSION, now, ticket_id=ticket.pk)
    return Proof(
        level=level, words=identity.WORDS[level],
        until=identity.level_until(person, ticket.pk, now) if level else None,
        mailed=identity.open_check(person, IdentityMethod.MAIL_CODE, now, ticket_id=ticket.pk), read_out=read_out,
        number=identity.number_of(read_out) if read_out and read_out.by_id == by.pk else "", locked_until=locked,
        refusal=refusal,
    )  # fmt: skip


def parcels_of(customers: Sequence[Customer]) -> list[Shipment]:
    """The newest boxes that have left, with what the carrier last said. No carrier is asked here: nobody waits for one.

    A timer asks them (`billing.actions.shipments`); how old its last answer is stands beside each (E12).
    """
    keys = [one.pk for one in customers]
    if not keys:
        return []
    rows = Shipment.objects.filter(order__customer__in=keys).exclude(tracking_number="")
    return list(rows.select_related("order").order_by("-shipped_at", "-pk")[:PARCELS])


def waiting() -> list[ActionRequest]:
    """Every change that waits for a second person or for its day, the oldest first."""
    rows = ActionRequest.objects.filter(state__in=OPEN_REQUESTS).select_related("person", "proposed_by", "decided_by")
    return list(rows.order_by("proposed_at", "pk")[:MOST_REQUESTS])


def undecided() -> int:
    """How many wait for a second person."""
    return ActionRequest.objects.filter(state=RequestState.PROPOSED)[:MOST_REQUESTS].count()


def carrier_page(parcel: Shipment) -> str:
    """The carrier's own page about a parcel, "" where there is none."""
    carrier = CARRIERS.get(parcel.carrier)
    return carrier.page_of(parcel.tracking_number) if carrier else ""


def is_silent(parcel: Shipment, now: datetime) -> bool:
    """Whether a parcel on its way was not asked about for longer than twice the usual."""
    asked = parcel.asked_at or parcel.shipped_at
    return parcel.state == ShipmentState.SHIPPED and asked is not None and now - asked > SILENT_AFTER


def _tickets(person: Person) -> list[Ticket]:
    rows = Ticket.objects.filter(requester=person, merged_into__isnull=True).select_related("status")
    return list(rows.order_by("-last_message_at", "-pk")[:TICKETS])
