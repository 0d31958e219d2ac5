"""`{% load billing_desk %}`: rows of the customer's pane and of what was found, as chips and words."""

from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing import desk_words
from billing.choices import HoldReason
from billing.gateways.carriers import CARRIERS
from billing.models import Card, Invoice, Order, Payment, Shipment, ShipmentHold, Subscription

register = template.Library()
register.filter("plan_price", desk_words.of_plan_price)
register.filter("card_words", desk_words.of_card)
register.filter("certificate_words", desk_words.of_certificate)


@register.simple_tag
def invoice_chip(invoice: Invoice, today: date) -> SafeString:
    """`{% invoice_chip invoice today %}`"""
    return _chip(desk_words.of_invoice(invoice, today))


@register.filter
def chip(row: Order | Shipment | Payment | Subscription) -> SafeString:
    """`{{ order|chip }}`: where an order, a box, a payment or a plan stands."""
    if isinstance(row, Order):
        return _chip(desk_words.of_order(row))
    if isinstance(row, Shipment):
        return _chip(desk_words.of_box(row))
    if isinstance(row, Payment):
        return _chip(desk_words.of_payment(row))
    return _chip(desk_words.of_plan(row))


@register.filter
def hold_words(hold: ShipmentHold) -> str:
    """ "Until its invoice is paid", "Held by us: the label is wrong" """
    reason = HoldReason(hold.reason).label
    return f"{reason}: {hold.words}" if hold.words else reason


@register.filter
def carrier_name(key: str) -> str:
    """ "Purolator"; a carrier that we know no longer by its key."""
    return CARRIERS[key].name if key in CARRIERS else key


@register.filter
def kept(card: Card) -> str:
    """For whom a card stands: pays renewals, or is kept beside the one that does."""
    return "Pays renewals" if card.is_default else "Kept"


@register.filter
def of_customer(values: dict, key: int) -> int:
    """`{{ facts.minutes|of_customer:one.pk }}`: what a dictionary by customer holds, 0 for nobody."""
    return values.get(key, 0)


def _chip(known: desk_words.Chip) -> SafeString:
    return format_html('<span class="{}">{}</span>', f"chip {known.tone}".strip(), known.words)
