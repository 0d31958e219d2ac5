"""Reminders of what is due: three days before, on the day, and 7 and 14 days after, on days on which people work.

An invoice that a lost dispute opened again has a series of its own, from the day on which it was opened.
"""

from datetime import date, datetime, time, timedelta

from django.db import transaction

import timers
from billing.actions import notices, numbering
from billing.choices import InvoiceState
from billing.models import Invoice, Seller
from supportdesk.lib.public_holidays import closed_days

KIND = "billing.reminder"
# Days from the day on which it is due. The number of a timer is the place in this list, from 1.
DAYS = (-3, 0, 7, 14)
DAYS_AGAIN = (1, 7, 14)  # from the day on which it was opened again, where it is overdue by then
HOUR = time(9)
SATURDAY = 5


def plan(*, invoice: Invoice, now: datetime) -> None:
    """A timer for each reminder whose day is still to come. Asked again, it moves them and makes no more."""
    days, zone = planned_days(invoice), numbering.seller_zone()
    for number, day in enumerate(days, 1):
        due_at = datetime.combine(day, HOUR, zone)
        if due_at > now and day not in days[: number - 1]:
            timers.schedule(kind=KIND, subject=invoice.pk, due_at=due_at, number=number)


def plan_again(*, invoice: Invoice, visit: int, now: datetime) -> None:
    """A new series in place of whatever is left of the old one, since it is open again. `visit` says which time it is.

    Asked again for one `visit`, what was sent of it is not sent again.
    """
    cancel(invoice=invoice)
    zone, closed, today = numbering.seller_zone(), _closed(), numbering.local_day(now)
    if invoice.due_on and invoice.due_on > today:
        days = planned_days(invoice)
    else:
        days = [_open_day(today + timedelta(days=after), 1, closed) for after in DAYS_AGAIN]
    for number, day in enumerate(days, 1):
        due_at = datetime.combine(day, HOUR, zone)
        if due_at > now:
            timers.schedule(kind=KIND, subject=invoice.pk, visit=visit, number=number, due_at=due_at)


def cancel(*, invoice: Invoice) -> None:
    """Drop what is still to come."""
    timers.cancel(kind=KIND, subject=invoice.pk)


def planned_days(invoice: Invoice) -> list[date]:
    """The day of each reminder. One before the due day goes out on a working day before, the others on one after."""
    if invoice.due_on is None:
        return []
    closed = _closed()
    return [_open_day(invoice.due_on + timedelta(days=days), -1 if days < 0 else 1, closed) for days in DAYS]


@transaction.atomic
def remind(*, invoice_id: int, now: datetime) -> int:
    """Mail one reminder, unless nothing is due any more; how many mails that made."""
    invoice = (
        Invoice.objects.select_for_update(of=("self",)).select_related("customer__person").filter(pk=invoice_id).first()
    )
    if invoice is None or invoice.state != InvoiceState.OPEN or not invoice.due:
        return 0
    return len(notices.mail_reminder(invoice=invoice, on=numbering.local_day(now), now=now))


def _open_day(day: date, step: int, closed: frozenset[date]) -> date:
    while day.weekday() >= SATURDAY or day in closed:
        day += timedelta(days=step)
    return day


def _closed() -> frozenset[date]:
    seller = Seller.objects.filter(pk=1).first()
    return closed_days(seller.country, seller.region) if seller else frozenset()
