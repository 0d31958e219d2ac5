"""Words of the store."""

from django import template

from billing import pricing
from billing.gateways.carriers import CARRIERS
from billing.models import Price, Shipment
from supportdesk.lib import marks

register = template.Library()

register.filter("marked", marks.marked)


@register.filter
def size_words(price: Price) -> str:
    """ "up to 10 displays, paid yearly" """
    return pricing.detail_of(price)


@register.filter
def minutes_words(minutes: int) -> str:
    """ "6 hours", "4 hours 45 minutes", "1 hour", "-75 minutes" """
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else ""
    if not hours or (rest and abs(minutes) < 120):
        return f"{minutes} minute{'' if abs(minutes) == 1 else 's'}"
    words = f"{sign}{hours} hour{'' if hours == 1 else 's'}"
    return f"{words} {rest} minute{'' if rest == 1 else 's'}" if rest else words


@register.filter
def carrier_name(key: str) -> str:
    """Canada Post for `canada_post`."""
    return CARRIERS[key].name if key in CARRIERS else key


@register.filter
def carrier_page(shipment: Shipment) -> str:
    """Where the carrier shows this parcel; "" where it has no such page."""
    carrier = CARRIERS.get(shipment.carrier)
    return carrier.page_of(shipment.tracking_number) if carrier else ""
