"""A seat that came free, taken by whoever waited for it."""

from datetime import datetime

from django.db import transaction

from accounts import journal
from billing.actions import customers
from training.actions import booking, paying, seats
from training.actions.booking import Wish
from training.models import Booking, WaitlistEntry
from training.refusals import CannotBook


def accept(*, entry: WaitlistEntry, wish: Wish, now: datetime) -> Booking:
    """The offered seat becomes a booking of the waiter: paid, or held until it is. Sent twice, once.

    Raises CannotBook when the offer is over or was none, and StaleQuote of billing.
    """
    if not booking.KEY.fullmatch(wish.key):
        raise CannotBook("This page is not complete. Open the link of the mail again.")
    with transaction.atomic():
        known = booking.booked_before(wish.key, entry.person)
        if isinstance(known, Booking):
            return known
        organisation = entry.customer.organisation
        paying.hold_invoices(type=entry.session.type, by=entry.person, organisation=organisation)
        customers.lock(entry.customer_id)
        known = booking.booked_before(wish.key, entry.person)  # the same form, sent at the same moment
        if isinstance(known, Booking):
            return known
        entry, seat = seats.claim(entry.pk, now)
        made = booking.settle(
            type=entry.session.type, session=entry.session, seat=seat, customer=entry.customer, wish=wish,
            by=entry.person, now=now,
        )  # fmt: skip
        journal.record(by=entry.person, action="training.take_offer", subject=entry, now=now)
    return made
