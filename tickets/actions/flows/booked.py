"""A customer booked a date: the stage that waits for it ends. The app above that keeps bookings says so."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Person
from billing.models import Customer
from tickets.actions.flows.moving import advance
from tickets.actions.flows.rows import locked_case, note, settle
from tickets.flow_choices import LIVE, ExitOn, How
from tickets.models import Case, CaseEvent


def booking_confirmed(
    *, key: str, customer: Customer, person: Person, order_id: int | None, on: date, words: str, now: datetime
) -> Case | None:
    """End the stage that waits for a date of this customer, with that date: of the same order before any other, the
    oldest first. One booking (`key`) ends one stage, however often it is told; None where nothing waits.
    """
    told = CaseEvent.objects.filter(key=key).select_related("case").first()
    if told:
        return told.case
    waiting = Case.objects.filter(
        Q(customer=customer) | Q(person=person), state__in=LIVE, stage__exit_on=ExitOn.BOOKING_CONFIRMED
    )
    rows = sorted(waiting.values_list("pk", "order_id").distinct(), key=lambda row: (row[1] != order_id, row[0]))
    for pk, _ in rows:
        case = _booked(pk, key, on, words, now)
        if case:
            return case
    return None


@transaction.atomic
def _booked(pk: int, key: str, on: date, words: str, now: datetime) -> Case | None:
    row, case = locked_case(pk)
    if not case.is_live or case.stage.exit_on != ExitOn.BOOKING_CONFIRMED:
        return None
    note(case, "booked", f"The customer booked {words}", key=key, now=now)
    advance(row, case, How.BOOKING_CONFIRMED, date_on=on, date_words=words[:120], now=now)
    settle(row, case, now=now)
    return case
