"""`{% load review %}`: time and amounts on the screens of the daily review, and how much waits, for the rail."""

from datetime import date, datetime

from django import template

from accounts.access import can
from billing.actions.numbering import seller_zone
from selfservice import review_pages
from selfservice.review_queue import Item, count_open
from supportdesk.lib import money

register = template.Library()

MINUTE, HOUR = 60, 3600
MOST_SHOWN = 1_000


@register.filter
def clock(seconds: int) -> str:
    """`2:06`, `1:02:06`"""
    hours, rest = divmod(seconds, HOUR)
    return f"{hours}:{rest // MINUTE:02}:{rest % MINUTE:02}" if hours else f"{rest // MINUTE}:{rest % MINUTE:02}"


@register.filter
def spent(seconds: int) -> str:
    """`2 minutes 6 seconds`, for those who hear it."""
    minutes, rest = divmod(seconds, MINUTE)
    return f"{minutes} minute{'' if minutes == 1 else 's'} {rest} second{'' if rest == 1 else 's'}"


@register.filter
def asked(item: Item) -> str:
    """`$1,500.00`, or where a certificate counts."""
    return money.shown(item.amount, item.currency) if item.amount is not None else item.place


@register.filter
def typable(amount: int | None, currency: str) -> str:
    """`5,000.00`, as it stands in a field."""
    return review_pages.typable(amount, currency)


@register.filter
def weekday(day: date) -> str:
    """`Tuesday 24 November`"""
    return f"{day:%A} {day.day} {day:%B}"


@register.filter
def seller_time(moment: datetime) -> str:
    """`Wednesday 25 November, 10:00`, on the seller's clock."""
    here = moment.astimezone(seller_zone())
    return f"{weekday(here.date())}, {here:%H:%M}"


@register.simple_tag(takes_context=True)
def reviews_open(context) -> str:
    """How many requests wait, for those who decide: "8", "1,000+", "" for none or for anybody else."""
    person = context["request"].user
    if not can(person, "reviews.decide"):
        return ""
    count = count_open()
    return "" if not count else f"{MOST_SHOWN:,}+" if count >= MOST_SHOWN else str(count)
