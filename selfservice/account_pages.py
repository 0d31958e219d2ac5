"""What stands on the account page of one customer. Reads only, a fixed number of queries, and nothing of a provider."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import F, Prefetch, QuerySet, Sum
from django.utils import timezone

from accounts.models import Person
from billing import access, credit, refundable
from billing.actions import cards, w8
from billing.choices import (
    CreditRequestState,
    CreditState,
    InvoiceState,
    PaymentMethod,
    PaymentState,
)
from billing.models import (
    Card,
    CreditRequest,
    Customer,
    Decline,
    HoursEntry,
    Invoice,
    Order,
    Payment,
    Receipt,
    Recipient,
    Shipment,
    ShipmentHold,
)
from selfservice import account_matters, certificate_pages, invoice_pages, refund_pages
from selfservice.account_plans import Plan, Refusal, is_paid_by_card, plans_of
from selfservice.review_time import Times
from tickets.choices import Category
from tickets.models import Ticket
from training.queries import ahead_of

NEWEST = 4
MOST_COUNTED = 1000
MOST_DUE = 20


def customers_for(person: Person) -> list[Customer]:
    """For whom the page can be shown, organisations first. One query."""
    rows = access.customers_of(person).select_related("organisation", "person")
    return list(rows.order_by(F("organisation").asc(nulls_last=True), "pk"))


def context_of(customer: Customer, *, person: Person, now: datetime) -> dict:
    """The whole page, without what is about the person alone."""
    times = Times(now)
    today = times.today
    due = _due(customer)
    refusals = _refusals(due)
    kept = cards.cards_of(customer)
    plans = plans_of(customer, kept, refusals)
    orders = _orders(customer)
    asked, ways = _credit(customer, times), refund_pages.ways_of_customer(customer, times)
    newest, asked_of = _newest(customer), {way.request.invoice_id for way in ways if way.is_open}
    recipients = list(Recipient.objects.filter(customer=customer, removed_at__isnull=True).order_by("added_at", "pk"))
    trainings = ahead_of(customer, now)
    return {
        "customer": customer,
        "matters": account_matters.matters_of(
            customer, due, refusals, orders, plans, kept, today, review=asked.get("review", ""), trainings=trainings
        ),
        "invoices": _invoices(newest[:NEWEST], today),
        "invoice_count": str(len(newest)) if len(newest) <= NEWEST else _capped(_numbered(customer)),
        "orders": orders[:NEWEST],
        "card": _card(kept, refusals, plans, times),
        "more_cards": len(kept) - 1,
        "plans": plans,
        "recipients": recipients,
        "refunds": ways,
        "asked_of": asked_of,
        "can_ask": any(refundable.is_settled(one) and one.pk not in asked_of for one in newest)
        or (len(newest) > NEWEST and refund_pages.open_for_asking(person, customer=customer).exists()),
        "credit": asked,
        "certificates": certificate_pages.panel_of(customer, times),
        "hours": hours_of(customer),
        "trainings": trainings,
        "tax_form": w8.current_form(on=today),
        "is_on_list": any(one.email == person.email for one in recipients),
        "gets_mail": person.email in {one.email for one in recipients}
        or (not recipients and customer.person_id == person.pk),
    }


def talk_of(person: Person) -> dict:
    """The newest open conversation, who has it, and whether there are more. One query."""
    rows = Ticket.objects.visible(person).filter(requester=person).exclude(category=Category.CLOSED).distinct()
    found = list(rows.select_related("assignee").order_by("-last_message_at", "-pk")[:10])
    return {"ticket": found[0], "count": len(found)} if found else {}


def _capped(rows) -> str:
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    return str(count) if count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"


def _due(customer: Customer) -> list[Invoice]:
    rows = Invoice.objects.filter(customer=customer, state=InvoiceState.OPEN).select_related("order")
    return list(rows.order_by("due_on", "pk")[:MOST_DUE])


def _refusals(due: Sequence[Invoice]) -> dict[int, Refusal]:
    """By invoice: what the bank said last, where nothing happened to the invoice since. At most three queries."""
    if not due:
        return {}
    newest = {}
    for payment in Payment.objects.filter(invoice__in=due, method=PaymentMethod.CARD).order_by("created_at", "pk"):
        newest[payment.invoice_id] = payment
    known: dict[int, list[Decline]] = {}
    rows = Decline.objects.filter(payment__invoice__in=due).select_related("payment").order_by("-at", "-pk")
    for decline in rows[:200]:
        known.setdefault(decline.payment.invoice_id, []).append(decline)
    found = {}
    for invoice in due:
        latest, refused = newest.get(invoice.pk), known.get(invoice.pk)
        if latest and latest.state == PaymentState.FAILED and refused:
            last = refused[0]
            last.payment.invoice = invoice
            found[invoice.pk] = Refusal(invoice, last, len(refused))
    return found


def _numbered(customer: Customer) -> QuerySet[Invoice]:
    return Invoice.objects.filter(customer=customer, number__isnull=False)


def _newest(customer: Customer) -> list[Invoice]:
    """What is shown, and one more where there is one."""
    return list(_numbered(customer).order_by("-issued_at", "-pk")[: NEWEST + 1])


def _invoices(newest: Sequence[Invoice], today: date) -> list[dict]:
    """The newest few with their standing and, where they are paid, the newest receipt. One query."""
    receipts = {
        receipt.payment.invoice_id: receipt.number
        for receipt in Receipt.objects.filter(payment__invoice__in=newest).select_related("payment").order_by("pk")
    }
    return [
        {
            "invoice": one,
            "standing": invoice_pages.standing_of(one, today),
            "short": _short(one, today),
            "receipt": receipts.get(one.pk, ""),
            "is_new": refund_pages.is_new(one, today),
        }
        for one in newest
    ]


def _short(invoice: Invoice, today: date) -> str:
    """Its standing in a word or two, for a narrow column."""
    if invoice.due and invoice.due_on:
        days = (invoice.due_on - today).days
        if days < 0:
            return "Overdue"
        return "Due today" if days == 0 else f"Due {invoice.due_on:%A}" if days < 7 else f"Due {invoice.due_on:%-d %b}"
    if invoice.state != InvoiceState.VOID and invoice.refunded:
        return "Refunded" if invoice.refunded == invoice.paid else "Part refunded"
    return invoice_pages.standing_of(invoice, today).words


def _orders(customer: Customer) -> list[Order]:
    """The newest orders, and before them any whose box waits. Three queries."""
    open_holds = Prefetch("holds", ShipmentHold.objects.filter(released_at__isnull=True), to_attr="open_holds")
    boxes = Prefetch(
        "shipments", Shipment.objects.prefetch_related(open_holds).order_by("number"), to_attr="shown_boxes"
    )
    rows = Order.objects.filter(customer=customer).select_related("invoice").prefetch_related(boxes)
    return list(rows.order_by("-placed_at", "-pk")[: 5 * NEWEST])


def _card(kept: Sequence[Card], refusals: Mapping[int, Refusal], plans: Sequence[Plan], times: Times) -> dict | None:
    """The card for renewals: its face, whether its bank said no lately, and what it pays."""
    if not kept:
        return None
    card = kept[0]
    refused = [one.decline for one in refusals.values() if one.decline.payment.card_id == card.pk]
    when = max((timezone.localtime(one.at, times.zone).date() for one in refused), default=None)
    declined = "" if when is None else "Declined today" if when == times.today else f"Declined {when.day} {when:%B}"
    pays = [plan.subscription for plan in plans if card.is_default and is_paid_by_card(plan)]
    return {
        "card": card,
        "declined": declined,
        "pays": pays,
        "expires": f"{card.exp_month:02}/{card.exp_year % 100:02}",
    }


def _credit(customer: Customer, times: Times) -> dict:
    """Limit, used and free, in minor units, and the newest request. No query for a customer without credit, else three.

    Two more where a request is open, for when it is looked at.
    """
    state = CreditState(customer.credit_state)
    if state == CreditState.NONE:
        return {"state": state}
    used = credit.exposure(customer)
    asked = CreditRequest.objects.filter(customer=customer).order_by("-opened_at", "-pk").first()
    is_open = asked is not None and asked.state == CreditRequestState.OPEN
    return {"state": state, "used": used, "limit": customer.credit_limit, "free": max(0, customer.credit_limit - used),
            "shown_used": min(used, customer.credit_limit), "asked": asked,
            "review": times.review if is_open else ""}  # fmt: skip


def hours_of(customer: Customer) -> dict | None:
    """The balance in minutes and the newest entries; None where there never were any. Two queries."""
    rows = HoursEntry.objects.filter(customer=customer)
    entries = list(rows.order_by("-at", "-pk")[: NEWEST - 1])
    if not entries:
        return None
    return {"balance": rows.aggregate(minutes=Sum("minutes"))["minutes"] or 0, "entries": entries}
