"""The only doors to a booking: its customer's, by its uid; a mail link's, by uid and token; a trainer's or lead's."""

import re

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import can
from accounts.models import Person
from billing.access import customers_of
from training import tokens
from training.models import Booking, OwnFeed, Session, Trainer, WaitlistEntry

_UID = re.compile(r"[0-9a-f]{32}", re.ASCII)
ROW = ("session__type", "session__trainer__person", "person", "customer", "invoice", "order_line__order")


def bookings_of(person: Person) -> QuerySet[Booking]:
    """Their own, and those of the organisations for which they may buy."""
    return Booking.objects.filter(Q(person=person) | Q(customer__in=customers_of(person))).select_related(*ROW)


def booking_for(person: Person, uid: str) -> Booking | None:
    """One of these as it stands now, or None."""
    return _last(bookings_of(person), uid)


def booking_by_link(uid: str, token: str) -> Booking | None:
    """The one booking that a mail link opens; None for any other uid beside the same token (C12), and for a link that
    was mailed to an address which its customer has given up."""
    booking = _last(Booking.objects.select_related(*ROW), uid)
    return booking if booking and tokens.opens_booking(uid, booking.person.email, token) else None


def booking_for_staff(person: Person, uid: str) -> Booking | None:
    """One that they give themselves; any for somebody who sees all of the training."""
    rows = Booking.objects.select_related(*ROW)
    if not can(person, "training.see"):
        rows = rows.filter(session__trainer__person=person)
    return _last(rows, uid)


def waiter_by_link(uid: str, token: str) -> WaitlistEntry | None:
    """The one place on a waiting list that a mail link opens, or None."""
    rows = WaitlistEntry.objects.select_related("session__type", "session__trainer__person", "person", "customer")
    entry = rows.filter(uid=uid).first() if _UID.fullmatch(uid) else None
    return entry if entry and tokens.opens_booking(uid, entry.person.email, token) else None


def trainers_for(person: Person) -> QuerySet[Trainer]:
    """Whose calendars somebody of the staff may open: their own, or everybody's."""
    rows = Trainer.objects.select_related("person")
    return rows if can(person, "training.see") else rows.filter(person=person)


def gives_training() -> Exists:
    """Whether the person of a query is a trainer: the rail leads them to their calendar."""
    return Exists(Trainer.objects.filter(person=OuterRef("pk")))


def trainer_for(person: Person, pk: int) -> Trainer | None:
    """One of these, or None."""
    return trainers_for(person).filter(pk=pk).first() if 0 < pk < 2**63 else None


def class_for(person: Person, pk: int) -> Session | None:
    """A class that they give or may see, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = Session.objects.filter(pk=pk, seats__gt=1, trainer__in=trainers_for(person))
    return rows.select_related("type", "trainer__person").first()


def trainer_by_feed(pk: int, token: str) -> Trainer | None:
    """Whose feed a token opens now; None for an old one, and for a trainer who left (C11)."""
    if not 0 < pk < 2**63:
        return None
    trainer = Trainer.objects.select_related("person").filter(pk=pk, is_active=True, person__is_active=True).first()
    return trainer if trainer and tokens.opens_feed(trainer.pk, trainer.feed_version, token) else None


def person_by_feed(pk: int, token: str) -> Person | None:
    """Whose own bookings a token shows now; None for an old one, and for an account that is closed."""
    if not 0 < pk < 2**63:
        return None
    person = Person.objects.filter(pk=pk, is_active=True).first()
    return person if person and tokens.opens_own_feed(person.pk, feed_version(person), token) else None


def feed_version(person: Person) -> int:
    """Which address of their feed holds now."""
    row = OwnFeed.objects.filter(person=person).first()
    return row.version if row else 1


def _last(rows: QuerySet[Booking], uid: str) -> Booking | None:
    return rows.filter(uid=uid).order_by("-sequence").first() if _UID.fullmatch(uid) else None
