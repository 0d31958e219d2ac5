"""Find an invoice, an order, a parcel or a card: a page with results as one types, and the same in the palette."""

from collections.abc import Iterator
from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import can
from accounts.door import may
from accounts.requests import PersonRequest
from billing import desk_words, queries_find
from billing.actions import numbering
from billing.models import Card, CreditNote, Customer, Invoice, Order, Payment, Receipt, Shipment
from billing.queries_find import Finds
from supportdesk.lib import money, palette
from supportdesk.lib.palette import Asked, Found, Group

SHORTEST = 2
PAGES = (("Find an invoice", "billing:find", "search"), ("Invoices", "billing:invoices", "receipt"))


def register() -> None:
    """Called once the models are there."""
    palette.register("invoices", "Invoices and orders", in_palette, order=25)


@require_safe
@may("invoices.see")
def find(request: PersonRequest) -> HttpResponse:
    """What `?q=` names; for htmx the results alone."""
    typed = request.GET.get("q", "").replace("\x00", "")[: queries_find.LONGEST]
    now = timezone.now()
    finds = queries_find.find(typed, now=now)
    context = {"q": typed.strip(), "groups": _groups(finds, now) if finds else [], "section": "invoices"}
    is_part = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == "found"
    response = render(request, "billing/_found.html" if is_part else "billing/find.html", context)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "HX-Request, HX-Target"
    return response


def in_palette(person, asked: Asked, now: datetime) -> Iterator[Found]:
    """What somebody typed as a number, and the ways into the books; a name or a word is for the other groups."""
    if len(asked.words) < SHORTEST or not can(person, "invoices.see"):
        return
    if any(sign.isdigit() for sign in asked.words):
        for group in _groups(queries_find.find(asked.words, now=now), now):
            yield from sorted(group.found, key=lambda one: not one.is_exact)
    words = asked.words.casefold()
    yield from (Found(title, reverse(name), icon) for title, name, icon in PAGES if words in title.casefold())


def _groups(finds: Finds, now: datetime) -> list[Group]:
    """Every kind that has something, the one with the very thing that was named first."""
    today = numbering.local_day(now)
    known = [
        ("invoices", "Invoices", [_invoice(one, finds, today) for one in finds.invoices]),
        ("orders", "Orders", [_order(one, finds) for one in finds.orders]),
        ("shipments", "Parcels", [_parcel(one, finds) for one in finds.shipments]),
        ("notes", "Credit notes", [_paper(one, one.invoice, one.total, finds) for one in finds.notes]),
        ("receipts", "Receipts", [
            _paper(one, one.payment.invoice, one.payment.amount, finds) for one in finds.receipts
        ]),
        ("payments", "Card payments", [_payment(one) for one in finds.payments]),
        ("cards", "Cards on file", [_card(one) for one in finds.cards]),
        ("customers", "Customers", [_customer(one) for one in finds.customers]),
    ]  # fmt: skip
    groups = [Group(kind, title, found) for kind, title, found in known if found]
    return sorted(groups, key=lambda group: not group.is_exact)


def _invoice(one: Invoice, finds: Finds, today: date) -> Found:
    detail = [desk_words.of_invoice(one, today).words, money.shown(one.due or one.total, one.currency)]
    if one.po_number:
        detail.append(f"PO {one.po_number}")
    title, address = f"{one.number}, {one.customer.name}", reverse("billing:invoice", args=[one.number])
    return Found(title, address, "receipt", ", ".join(detail), is_exact=finds.is_named(one))


def _order(one: Order, finds: Finds) -> Found:
    detail = f"{desk_words.of_order(one).words}, {money.shown(one.total, one.currency)}"
    title, address = f"{one.number}, {one.customer.name}", reverse("shop:order", args=[one.number])
    return Found(title, address, "truck", detail, is_exact=finds.is_named(one))


def _parcel(one: Shipment, finds: Finds) -> Found:
    detail = f"{desk_words.of_box(one).words}, {one.order.number}"
    title, address = f"{one.tracking_number}, {one.order.customer.name}", reverse("shop:order", args=[one.order.number])
    return Found(title, address, "truck", detail, is_exact=finds.is_named(one))


def _paper(one: CreditNote | Receipt, invoice: Invoice, amount: int, finds: Finds) -> Found:
    title, address = f"{one.number}, {invoice.customer.name}", reverse("billing:invoice", args=[invoice.number])
    detail = f"{money.shown(amount, invoice.currency)} for {invoice.number}"
    return Found(title, address, "file", detail, is_exact=finds.is_named(one))


def _payment(one: Payment) -> Found:
    title = f"{one.card_words or f'Card ending {one.last4}'}, {one.invoice.customer.name}"
    amount = money.shown(one.amount, one.currency)
    detail = f"{desk_words.of_payment(one).words}, {amount} for {one.invoice.number}"
    return Found(title, reverse("billing:invoice", args=[one.invoice.number]), "card", detail)


def _card(one: Card) -> Found:
    title = f"{desk_words.of_card(one)}, {one.customer.name}"
    return Found(title, reverse("billing:customer", args=[one.customer_id]), "card", "On file")


def _customer(one: Customer) -> Found:
    place = ", ".join(part for part in (one.city, one.region) if part)
    return Found(one.name, reverse("billing:customer", args=[one.pk]), "people", place)
