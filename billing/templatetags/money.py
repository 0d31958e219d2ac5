"""`{% load money %}`: sums as people read them. `{{ invoice.total|money:invoice.currency }}` is $1,284.00."""

from django import template

from supportdesk.lib import money as sums

register = template.Library()


@register.filter
def money(amount: int | None, currency: str) -> str:
    """Minor units with their currency; nothing for nothing."""
    return "" if amount is None else sums.shown(amount, currency)


@register.filter
def currency_sign(currency: str) -> str:
    """What stands before a typed sum: "$"; nothing where the code itself has to do."""
    return sums.SYMBOLS.get(currency, "")


@register.filter
def ppm(rate: int) -> str:
    """ "5%", "9.975%" """
    return f"{rate / 10_000:g}%"


@register.simple_tag
def money_typed(refusal, name: str, pk: int) -> str:
    """What was typed into the field `name`-`pk`, where that is the one that was refused."""
    return refusal.typed if refusal and refusal.field == f"{name}-{pk}" else ""
