"""Everything about a customer's buying that staff see beside a ticket and on the customer's own page. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Prefetch, Q, QuerySet, Sum

from accounts.models import Person
from billing import credit, exemptions
from billing.choices import CreditRequestState, CreditState, InvoiceState, OrderState, PaymentMethod, RefundRequestState
from billing.models import (
    Card,
    Certificate,
    CreditRequest,
    Customer,
    Decline,
    HoursEntry,
    Invoice,
    MoneyTask,
    Order,
    Recipient,
    Refund,
    RefundRequest,
    Shipment,
    ShipmentHold,
    Subscription,
)

FRESH = timedelta(days=30)
MOST_CUSTOMERS = 10


@dataclass(frozen=True)
class Amounts:
    """How much of everything is shown: little beside a ticket, more on the page."""

    invoices: int = 5
    orders: int = 3
    declines: int = 1
    refund_requests: int = 2


PANE, PAGE = Amounts(), Amounts(invoices=25, orders=15, declines=5, refund_requests=0)


@dataclass
class Facts:
    """What is known about some customers, together; each row knows its own `customer_id`."""

    customers: list[Customer]
    invoices: list[Invoice] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    declines: list[Decline] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    tasks: list[MoneyTask] = field(default_factory=list)
    recipients: list[Recipient] = field(default_factory=list)
    minutes: dict[int, int] = field(default_factory=dict)
    used: dict[int, int] = field(default_factory=dict)
    owed: dict[tuple[int, str], int] = field(default_factory=dict)
    asked: dict[int, CreditRequest] = field(default_factory=dict)
    refund_requests: list[RefundRequest] = field(default_factory=list)
    certificates: dict[int, list[Certificate]] = field(default_factory=dict)


def customers_of_requester(person: Person) -> list[Customer]:
    """Whom somebody who writes buys for: themselves, and the organisations that they belong to. For staff only.

    Whoever asks need not have proven an address for this; the page says so where they have not.
    """
    mine = Q(person=person) | Q(organisation__memberships__person=person)
    rows = Customer.objects.filter(mine).select_related("organisation", "person").distinct()
    return list(rows.order_by(F("organisation_id").asc(nulls_last=True), "pk")[:MOST_CUSTOMERS])


def facts_of(customers: Sequence[Customer], amounts: Amounts = PANE) -> Facts:
    """Open invoices first, orders with boxes and open holds, the last refusals, cards, plans, hours, credit.

    Twenty queries at most, however many customers and rows; none where there is no customer.
    """
    facts, keys = Facts(list(customers)), [one.pk for one in customers]
    if not keys:
        return facts
    facts.invoices = _invoices(keys, amounts.invoices)
    facts.orders = _orders(keys, amounts.orders)
    facts.declines = list(
        Decline.objects.filter(payment__invoice__customer__in=keys)
        .select_related("payment__invoice", "payment__card")
        .order_by("-at", "-pk")[: amounts.declines]
    )
    facts.cards = list(Card.objects.filter(customer__in=keys, removed_at__isnull=True).order_by("-is_default", "-pk"))
    plans = Subscription.objects.filter(customer__in=keys).select_related(
        "product", "price", "next_price", "free_account"
    )
    facts.subscriptions = list(plans.order_by(F("ended_at").desc(nulls_first=True), "pk")[:10])
    tasks = MoneyTask.objects.filter(closed_at__isnull=True, payment__invoice__customer__in=keys)
    facts.tasks = list(tasks.order_by("-opened_at", "-pk")[:5])
    facts.recipients = list(Recipient.objects.filter(customer__in=keys, removed_at__isnull=True).order_by("pk")[:25])
    facts.minutes = dict(
        HoursEntry.objects.filter(customer__in=keys).values_list("customer").annotate(sum=Sum("minutes")).order_by()
    )
    facts.refund_requests = refund_requests_of(keys, amounts.refund_requests)
    facts.used, facts.asked = _exposures(customers), _newest_requests(customers)
    facts.certificates = exemptions.counting_by_customer(customers)
    facts.owed = {
        (customer, currency): due
        for customer, currency, due in Invoice.objects.filter(customer__in=keys, state=InvoiceState.OPEN)
        .values_list("customer", "currency")
        .annotate(owed=Sum(F("total") - F("credited") - F("paid") + F("refunded")))
        .order_by("customer", "currency")
    }
    return facts


def _invoices(keys: list[int], wanted: int) -> list[Invoice]:
    """What is owed first, the longest overdue before the rest; then the newest of the others."""
    rows = Invoice.objects.filter(customer__in=keys, number__isnull=False)
    found = list(rows.filter(state=InvoiceState.OPEN).order_by("due_on", "pk")[:wanted])
    if len(found) < wanted:
        settled = rows.exclude(state=InvoiceState.OPEN).order_by("-issued_at", "-pk")
        found += settled[: wanted - len(found)]
    return found


def _orders(keys: list[int], wanted: int) -> list[Order]:
    """The newest, each with its boxes, and each box with what it waits for."""
    holds = Prefetch(
        "holds", ShipmentHold.objects.filter(released_at__isnull=True).order_by("pk"), to_attr="open_holds"
    )
    boxes = Prefetch("shipments", Shipment.objects.order_by("number").prefetch_related(holds), to_attr="boxes")
    rows = Order.objects.filter(customer__in=keys).select_related("invoice").prefetch_related(boxes)
    return list(rows.order_by("-placed_at", "-pk")[:wanted])


def _exposures(customers: Sequence[Customer]) -> dict[int, int]:
    """What each customer with a limit has used of it; see `credit.exposure`. Two queries, none without a limit."""
    keys = [one.pk for one in customers if credit.may_buy_on_account(one) or one.credit_state == CreditState.CLOSED]
    if not keys:
        return {}
    used = dict.fromkeys(keys, 0)
    owed = Invoice.objects.filter(credit.ON_ACCOUNT, customer__in=keys, state=InvoiceState.OPEN)
    due = Sum(F("total") - F("credited") - F("paid") + F("refunded"))
    unbilled = Order.objects.filter(customer__in=keys, method=PaymentMethod.ON_ACCOUNT, invoice__isnull=True)
    unbilled = unbilled.exclude(state=OrderState.CANCELLED)
    for key, amount in owed.values_list("customer").annotate(owed=due).order_by():
        used[key] += amount
    for key, amount in unbilled.values_list("customer").annotate(unbilled=Sum("total")).order_by():
        used[key] += amount
    return used


def _newest_requests(customers: Sequence[Customer]) -> dict[int, CreditRequest]:
    """What each customer asked for last, and what was answered. One query, none where nobody ever did."""
    keys = [one.pk for one in customers if one.credit_state != CreditState.NONE]
    if not keys:
        return {}
    rows = CreditRequest.objects.filter(customer__in=keys).exclude(state=CreditRequestState.WITHDRAWN)
    newest = rows.order_by("customer_id", "-opened_at", "-pk").distinct("customer_id")
    return {one.customer_id: one for one in newest}


def refund_requests_of(customers: Sequence[int], count: int) -> list[RefundRequest]:
    """The newest that were not withdrawn, with where their money is. Two queries, none for a count of nothing."""
    rows = RefundRequest.objects.filter(invoice__customer__in=customers).exclude(state=RefundRequestState.WITHDRAWN)
    return list(_with_refunds(rows)[:count]) if count else []


def refund_requests_of_invoice(invoice: Invoice) -> list[RefundRequest]:
    """All of one invoice, newest first, with where their money is. Two queries at most."""
    return list(_with_refunds(RefundRequest.objects.filter(invoice=invoice))[:25])


def _with_refunds(rows: QuerySet[RefundRequest]) -> QuerySet[RefundRequest]:
    refunds = Prefetch("refunds", Refund.objects.order_by("pk"))
    return rows.select_related("invoice", "by").prefetch_related(refunds).order_by("-pk")


def is_fresh(decline: Decline, now: datetime) -> bool:
    """Whether a refusal is young enough to be what a customer writes about."""
    return now - decline.at <= FRESH
