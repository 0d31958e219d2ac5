"""What is bought becomes an entitlement: a plan when it starts, a pack when it is paid. Each once, however often told.

They act in billing's transaction, so that what is paid and what it brings are one.
"""

from datetime import datetime, timedelta

from django.db.models import F

from accounts.models import Person
from billing.models import Customer, Invoice, OrderLine, Subscription
from tickets.models import Entitlement, EntitlementContact, PriorityOffer


def plan_started(subscription: Subscription, now: datetime) -> None:
    """A plan begins: if it brings priority, its customer is entitled while it runs."""
    offer = PriorityOffer.objects.filter(product=subscription.product_id, incidents__isnull=True).first()
    if offer is not None:
        _entitle_plan(offer, subscription, now)


def invoice_paid(invoice: Invoice, now: datetime) -> None:
    """Packs of an order that is paid can be used."""
    if invoice.order_id is None:
        return
    lines = OrderLine.objects.filter(order=invoice.order_id, product__priority_offer__incidents__isnull=False)
    for line in lines.select_related("product__priority_offer", "order__customer", "order__placed_by").order_by("pk"):
        _entitle_pack(line, now)


def invoice_given_back(invoice: Invoice, now: datetime) -> None:
    """All that was paid went back, or a bank took it back: what nobody used of a pack goes too."""
    if invoice.order_id is None:
        return
    rows = Entitlement.objects.filter(order_line__order=invoice.order_id, incidents__isnull=False)
    rows.filter(ends_at__isnull=True).update(incidents=F("incidents_used"), ends_at=now)
    rows.filter(ends_at__gt=now).update(incidents=F("incidents_used"), ends_at=now)


def entitle_running(offer: PriorityOffer, now: datetime) -> int:
    """A product was made to bring priority: plans of it that run bring it from now on. How many were added."""
    if offer.incidents is not None:
        return 0
    rows = Subscription.objects.filter(product=offer.product_id, ended_at__isnull=True, entitlement__isnull=True)
    plans = list(rows.select_related("customer", "product", "order_line__order__placed_by").order_by("pk"))
    return sum(_entitle_plan(offer, plan, now) for plan in plans)


def _entitle_plan(offer: PriorityOffer, plan: Subscription, now: datetime) -> bool:
    order = plan.order_line.order if plan.order_line else None
    made, is_new = Entitlement.objects.get_or_create(
        subscription=plan, defaults=_of(offer, plan.customer, now) | {"starts_at": min(plan.started_at, now)}
    )
    if is_new:
        _name_first(made, plan.customer, order.placed_by if order else None, now)
    return is_new


def _entitle_pack(line: OrderLine, now: datetime) -> None:
    offer, customer = line.product.priority_offer, line.order.customer
    ends_at = now + timedelta(days=offer.lasts_days) if offer.lasts_days else None
    bought = {"incidents": (offer.incidents or 1) * line.quantity, "starts_at": now, "ends_at": ends_at}
    made, is_new = Entitlement.objects.get_or_create(
        order_line=line, defaults=_of(offer, customer, now) | bought
    )  # fmt: skip
    if is_new:
        _name_first(made, customer, line.order.placed_by, now)
    elif made.incidents == made.incidents_used and made.ends_at and made.ends_at <= now:
        _entitle_again(made, bought)


def _entitle_again(row: Entitlement, bought: dict) -> None:
    """The money had gone back and is here again: what was not used of the pack can be used. Told twice, once."""
    if row.incidents is not None and row.incidents < bought["incidents"]:
        row.incidents, row.ends_at = bought["incidents"], bought["ends_at"]
        row.save(update_fields=["incidents", "ends_at"])


def _of(offer: PriorityOffer, customer: Customer, now: datetime) -> dict:
    return {
        "organisation_id": customer.organisation_id,
        "person_id": customer.person_id,
        "name": offer.product.name,
        "offer": offer,
        "channels": list(offer.channels),
        "level_id": offer.level_id,
        "most_contacts": offer.most_contacts,
        "created_at": now,
    }


def _name_first(made: Entitlement, customer: Customer, ordered: Person | None, now: datetime) -> None:
    """Whoever bought it is its first contact. Others of the organisation have to be named."""
    first = customer.person or ordered
    if first is not None:
        EntitlementContact.objects.get_or_create(entitlement=made, person=first, defaults={"added_at": now})
