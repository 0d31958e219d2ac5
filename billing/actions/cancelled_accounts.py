"""What the cancellation of an account means for its plans: they stop renewing, come back by the undo, end on the day.

Registered with `accounts.closing`. An organisation's plans are touched only where nobody else belongs to it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, Sum
from django.urls import reverse

from accounts import closing
from accounts.actions.proposals import CannotPropose
from accounts.closing import Matter
from accounts.models import Membership, Person
from billing import credit, queries_customer
from billing.actions import subscriptions
from billing.choices import InvoiceState, ShipmentState, SubscriptionState
from billing.models import Customer, HoursEntry, Invoice, Shipment, Subscription
from billing.refusals import Refused
from supportdesk.lib import money

MOST = 10


def register() -> None:
    """Called once the models are there."""
    closing.register("billing", closing.Part(matters=matters, begin=begin, undo=undo, finish=finish))


def own_customers(person: Person) -> list[Customer]:
    """Whose plans end with this person's account: their own, and those of a company that is nobody else's."""
    alone = (
        Membership.objects.filter(organisation__memberships__person=person, person__is_active=True)
        .values("organisation")
        .annotate(people=Count("person", distinct=True))
        .filter(people=1)
    )
    rows = Customer.objects.filter(Q(person=person) | Q(organisation__in=alone.values("organisation")))
    return list(rows.distinct().order_by("pk"))


def matters(person: Person) -> list[Matter]:
    """Open invoices, credit, plans, hours and boxes on their way. A handful of bounded queries."""
    own = own_customers(person)
    found = [
        Matter(f"{one.name} goes on with its invoices and plans: others belong to it, too.")
        for one in queries_customer.customers_of_requester(person)
        if one not in own
    ]
    for customer in own:
        found += [*_owed(customer), *_plans(customer)]
        minutes = HoursEntry.objects.filter(customer=customer).aggregate(sum=Sum("minutes"))["sum"] or 0
        if minutes > 0:
            found.append(Matter(f"{minutes // 60} h {minutes % 60:02} min of help that were bought are not used."))
        if credit.may_buy_on_account(customer):
            limit = money.shown(customer.credit_limit, customer.currency)
            found.append(Matter(f"May buy on account up to {limit}."))
        boxes = Shipment.objects.filter(order__customer=customer).exclude(
            state__in=(ShipmentState.DELIVERED, ShipmentState.CANCELLED)
        )
        if boxes.exists():
            found.append(Matter("A parcel has not arrived yet. It is still delivered."))
    return found


def begin(person: Person, by: Person, now: datetime) -> dict:
    """No plan renews any more; which ones, for the undo. Raises CannotPropose."""
    stopped = []
    for plan in _held(_running(own_customers(person))):
        if plan.ends_at_renewal:
            continue
        try:
            subscriptions.cancel(subscription=plan, by=by, now=now)
        except Refused as refusal:
            raise CannotPropose(f"{plan.product.name}: {refusal}") from None
        stopped.append(plan.pk)
    return {"plans": stopped}


def undo(person: Person, by: Person, data: dict, now: datetime) -> None:
    """Those that were stopped renew again, where they have not ended since."""
    for plan in _held(Subscription.objects.filter(pk__in=data.get("plans", []))):
        if plan.state != SubscriptionState.ENDED:
            subscriptions.go_on(subscription=plan, by=by, now=now)


def finish(person: Person, now: datetime) -> None:
    """The account closes: what still runs ends now."""
    for plan in _held(_running(own_customers(person))):
        found = subscriptions.locked(plan.pk)
        if found and found.state != SubscriptionState.ENDED:
            subscriptions.end(subscription=found, why="cancelled", now=now)


def _held(plans: Iterable[Subscription]) -> list[Subscription]:
    """All of them locked before the first is changed, their invoices first, as payments and renewals lock. One after
    the other, the second would be wanted while the journal is held for the first.
    """
    keys = [plan.pk for plan in plans]
    both = Subscription.objects.filter(pk__in=keys).values_list("period_invoice", "switch_invoice")
    bills = Invoice.objects.select_for_update(of=("self",), no_key=True)
    list(bills.filter(pk__in={bill for row in both for bill in row if bill}).order_by("pk").values_list("pk"))
    rows = Subscription.objects.select_for_update(of=("self",)).filter(pk__in=keys)
    return list(rows.select_related("product").order_by("pk"))


def _running(customers: Iterable[Customer]) -> list[Subscription]:
    rows = Subscription.objects.filter(customer__in=list(customers)).exclude(state=SubscriptionState.ENDED)
    return list(rows.select_related("product").order_by("pk"))


def _owed(customer: Customer) -> list[Matter]:
    rows = Invoice.objects.filter(customer=customer, state=InvoiceState.OPEN, number__isnull=False)
    return [
        Matter(
            f"{one.number}: {money.shown(one.due, one.currency)} is still owed. It stays due.",
            reverse("billing:invoice", args=[one.number]),
            is_bad=True,
        )
        for one in rows.order_by("due_on", "pk")[:MOST]
        if one.due > 0
    ]


def _plans(customer: Customer) -> list[Matter]:
    return [
        Matter(f"{plan.product.name} runs until {plan.period_ends_on:%-d %B %Y}. It ends with the account.")
        for plan in _running([customer])[:MOST]
    ]
