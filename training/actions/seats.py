"""Seats of a class and its waiting list. The trainer's row is held by whoever gives a seat or takes one back (C10)."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing.models import Customer
from training.actions import clocks, letters, times
from training.choices import LIVE, QUEUED, SEATED, WaitState
from training.models import Session, SessionType, Trainer, WaitlistEntry
from training.refusals import CannotBook, CannotChange


def seat_for(*, type: SessionType, session_id: int | None, person: Person, now: datetime) -> tuple[Session, int | None]:
    """A seat of the class, held by the lock on its trainer until the transaction ends; None where it is full.

    Raises CannotBook when nobody can book it any more.
    """
    session = Session.objects.filter(pk=session_id or 0, type=type).first()
    if session is None:
        raise CannotBook("Choose one of the dates.")
    times.lock_trainers([session.trainer_id])
    session.refresh_from_db()
    if not takes_place(session, now):
        raise CannotBook("This class does not take place any more. Choose another date.")
    offer = session.waiters.filter(person=person, state=WaitState.OFFERED, offer_until__gt=now).first()
    if offer:  # the seat that waits for them, whichever way they come
        _end(offer, WaitState.TAKEN, now)
        return session, free_seat(session)
    if session.starts_at < now + timedelta(hours=type.notice_hours):
        raise CannotBook(f"It begins in less than {type.notice_hours} hours. Choose another date.")
    if session.bookings.filter(person=person, state__in=LIVE).exists():
        raise CannotBook("You have a seat in it already: it stands under Training on your account.")
    return session, free_seat(session)


def takes_place(session: Session, now: datetime) -> bool:
    """Whether a class lies ahead and somebody gives it. One whose trainer left is moved or cancelled by a person."""
    gives = Trainer.objects.filter(pk=session.trainer_id, is_active=True, person__is_active=True)
    return session.is_on and session.starts_at > now and gives.exists()


def free_seat(session: Session) -> int | None:
    """The lowest number nobody has; None when all are taken or offered to somebody who waits."""
    taken = set(session.bookings.filter(state__in=SEATED).values_list("seat", flat=True))
    offers = session.waiters.filter(state=WaitState.OFFERED).count()
    if len(taken) + offers >= session.seats:
        return None
    return _lowest(session, taken)


def _lowest(session: Session, taken: set[int]) -> int | None:
    return next((seat for seat in range(1, session.seats + 1) if seat not in taken), None)


def join(*, session: Session, customer: Customer, key: str, zone: str, by: Person, now: datetime) -> WaitlistEntry:
    """A place at the end of the list; asked again, the place that they have. The caller holds the trainer."""
    known = session.waiters.filter(person=by, state__in=QUEUED).first()
    if known:
        return known
    entry = WaitlistEntry.objects.create(
        session=session, person=by, customer=customer, time_zone=zone, key=key, uid=secrets.token_hex(16), joined_at=now
    )
    letters.waits(entry=entry, now=now)
    journal.record(by=by, action="training.wait", subject=entry, now=now)
    return entry


def offer_free(*, session: Session, now: datetime) -> None:
    """Offer every free seat to whoever waits, the first in line first. The caller holds the trainer; twice is once."""
    if not takes_place(session, now):
        return
    hours = timedelta(hours=session.type.offer_hours)
    while free_seat(session) is not None:
        entry = session.waiters.filter(state=WaitState.WAITING).order_by("joined_at", "pk").first()
        if entry is None:
            return
        entry.state, entry.offered_at = WaitState.OFFERED, now
        entry.offer_until = min(now + hours, session.starts_at)
        entry.save(update_fields=["state", "offered_at", "offer_until"])
        clocks.offer(entry)
        letters.offered(entry=entry, now=now)


def offer_ends(*, entry_id: int, now: datetime) -> None:
    """The hours are over: the next one is asked. Run twice, once."""
    with transaction.atomic():
        entry = _locked(entry_id)
        if entry.state != WaitState.OFFERED or (entry.offer_until and entry.offer_until > now):
            return
        _end(entry, WaitState.LAPSED, now)
        letters.offer_over(entry=entry, now=now)
        offer_free(session=entry.session, now=now)


def leave(*, entry: WaitlistEntry, now: datetime) -> None:
    """They do not want it any more; the seat that was offered goes to the next. Twice is once."""
    with transaction.atomic():
        entry = _locked(entry.pk)
        if entry.state == WaitState.TAKEN:
            raise CannotChange("You took the seat already. Cancel the booking instead.")
        if entry.state in QUEUED:
            _end(entry, WaitState.LEFT, now)
            offer_free(session=entry.session, now=now)
            journal.record(by=entry.person, action="training.leave_list", subject=entry, now=now)


def claim(entry_id: int, now: datetime) -> tuple[WaitlistEntry, int]:
    """The offered seat, as taken: the trainer is held until the transaction ends. Raises CannotBook."""
    entry = _locked(entry_id)
    if entry.state == WaitState.WAITING:
        raise CannotBook("No seat came free yet. You get a mail when one does.")
    if entry.state != WaitState.OFFERED or entry.offer_until is None or entry.offer_until <= now:
        raise CannotBook("The offer is over: the seat went to the next on the list.")
    if not takes_place(entry.session, now):
        raise CannotBook("This class does not take place any more. Choose another date.")
    taken = set(entry.session.bookings.filter(state__in=SEATED).values_list("seat", flat=True))
    seat = _lowest(entry.session, taken)
    if seat is None:
        raise CannotBook("All seats are taken. You stay on the list.")
    _end(entry, WaitState.TAKEN, now)
    return entry, seat


def _locked(pk: int) -> WaitlistEntry:
    session = Session.objects.get(waiters=pk)
    times.lock_trainers([session.trainer_id])
    rows = WaitlistEntry.objects.select_for_update(of=("self",)).select_related(
        "session__type", "session__trainer__person", "person", "customer"
    )
    return rows.get(pk=pk)


def _end(entry: WaitlistEntry, state: WaitState, now: datetime) -> None:
    entry.state, entry.ended_at = state, now
    entry.save(update_fields=["state", "ended_at"])
