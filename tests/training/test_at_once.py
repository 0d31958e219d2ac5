"""Many at once, twice, killed in the middle: one hour is one booking (C1, C3, C4, C10, I8)."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from billing.models import Invoice, Order
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.money import killed_at
from tests.crowds import Crowd
from tests.factories.accounts import make_person
from tests.training.factory import (
    NOW,
    book,
    hours,
    make_sold,
    make_trainer,
    make_type,
    new_key,
    pay_for,
    subjects,
    work,
)
from training.actions import setup, standing, times
from training.models import Booking, Session, WaitlistEntry
from training.refusals import JustTaken

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 12, 1, 10, tzinfo=UTC)


def sound() -> None:
    """I6 and I8 hold."""
    assert [one for one in violations(now=NOW) if one.invariant in ("I6", "I8")] == []


def test_c1_forty_at_once_want_one_hour_one_gets_it_and_39_see_three_others():
    """C1: one booking, one order, 39 refusals with the nearest free; one key forty times is one booking."""
    type = make_sold()
    people = [make_person() for _ in range(40)]
    with Crowd(40) as crowd:
        said = crowd.act([partial(book, type, START, by=person) for person in people])
        kinds = Counter(one.__class__.__name__ for one in said)
        assert kinds == {"Booking": 1, "JustTaken": 39}
        assert all(len(one.nearest) == 3 and START not in one.nearest for one in said if isinstance(one, JustTaken))
        key = new_key()
        again = crowd.act([partial(book, type, START + hours(3), by=people[0], key=key) for _ in range(40)])
    assert len({one.pk for one in again}) == 1
    assert (Booking.objects.count(), Order.objects.count(), Session.objects.filter(is_on=True).count()) == (2, 2, 2)
    sound()


def test_c1_r19_moves_and_bookings_that_cross_never_overlap_and_never_die():
    """Two trainers, twenty who book, move and cancel around one another: I8, and no deadlock."""
    type = make_type(make_trainer(), make_trainer())
    booked = [book(type, START + hours(1.25 * number)) for number in (0, 0, 1, 1, 2, 2)]
    with Crowd(20) as crowd:
        for _ in range(2):
            rows = [standing.current(one.uid) for one in booked]
            moves = [
                partial(standing.reschedule, booking=row, starts_at=START + hours(1.25 * place), key=new_key(),
                        by=row.person, by_customer=False, now=NOW)
                for place, row in zip((1, 2, 2, 0, 0, 1), rows, strict=True)
            ]  # fmt: skip
            others = [partial(book, type, START + hours(1.25 * (number % 4))) for number in range(12)]
            said = crowd.act([*moves, *others])
            assert {one.__class__.__name__ for one in said} <= {"Booking", "JustTaken"}, said
    sound()


def test_c10_twenty_at_once_for_twelve_seats_are_twelve_and_eight_who_wait():
    """C10: 12 seats, 8 waitlisted; two who cancel at once make two offers, to the first two."""
    trainer = make_trainer()
    type = make_type(trainer, seats=12)
    session = setup.plan_class(type=type, trainer=trainer, starts_at=START, by=trainer.person, now=NOW)
    with Crowd(20) as crowd:
        crowd.act([partial(book, type, START, session_id=session.pk) for _ in range(20)])
        seats = sorted(Booking.objects.values_list("seat", flat=True))
        assert (seats, WaitlistEntry.objects.filter(state="waiting").count()) == (list(range(1, 13)), 8)
        goers = list(Booking.objects.order_by("pk")[:2])
        crowd.act([
            partial(standing.cancel, booking=one, why="", by=one.person, by_customer=True, now=NOW)
            for one in goers for _ in range(2)
        ])  # fmt: skip
    offered = list(WaitlistEntry.objects.order_by("joined_at", "pk").values_list("state", flat=True))
    assert offered == ["offered"] * 2 + ["waiting"] * 6
    sound()


def test_c3_paid_and_lapsing_at_once_it_is_confirmed_once_or_comes_back_once():
    """C3, C4: three deliveries of a payment beside the end of the hold: one confirmation, one file."""
    booking = book(make_sold(), START)
    end = booking.hold_until
    pay_for(booking, now=end)
    with Crowd(4) as crowd:
        paid = partial(standing.invoice_paid, invoice_id=booking.invoice_id, now=end)
        said = crowd.act([paid, paid, paid, partial(standing.hold_ends, booking_id=booking.pk, now=end)])
    assert said == [None] * 4
    work(end)
    assert standing.current(booking.uid).state == "confirmed"
    assert sum(one.startswith("Booked:") for one in subjects(booking.person)) == 1
    sound()


@pytest.mark.parametrize("point", ["training.book.taken", "training.book.before_commit", "training.book.after_commit"])
def test_c1_killed_while_booking_there_is_all_of_it_or_nothing_and_the_form_sent_again_is_one(point):
    """F9: no hour without a booking, no order without an hour."""
    type, person, key = make_sold(), make_person(), new_key()
    assert killed_at(point, lambda: book(type, START, by=person, key=key))
    done = point == "training.book.after_commit"
    assert (Booking.objects.count(), Session.objects.count(), Invoice.objects.count()) == (done, done, done)
    book(type, START, by=person, key=key)
    assert (Booking.objects.count(), Session.objects.count(), Invoice.objects.count()) == (1, 1, 1)
    sound()


def test_c3_c4_c5_killed_while_a_payment_a_lapse_a_move_or_a_cancellation_is_written_each_has_one_effect():
    """F9: run again after the kill, once."""
    type = make_sold()
    paid, lapsed, moved, cancelled, freed = (book(type, START + hours(1.25 * number)) for number in range(5))
    end = max(one.hold_until for one in (lapsed, moved))
    pay_for(paid, now=NOW)
    for point, act, one, state in (
        ("training.paid.before_commit", lambda: standing.invoice_paid(
            invoice_id=paid.invoice_id, now=NOW), paid, "confirmed"),
        ("training.let_go.before_commit", lambda: standing.let_go(
            invoice_id=freed.invoice_id, now=NOW), freed, "confirmed"),
        ("training.expire.written", lambda: standing.hold_ends(booking_id=lapsed.pk, now=end), lapsed, "expired"),
        ("training.move.written", lambda: standing.reschedule(
            booking=moved, starts_at=START + hours(48), key="the-key-of-one-move-page", by=moved.person,
            by_customer=True, now=NOW), moved, "payment_hold"),
        ("training.cancel.written", lambda: standing.cancel(
            booking=cancelled, why="", by=cancelled.person, by_customer=True, now=NOW), cancelled, "cancelled"),
    ):  # fmt: skip
        before = OutgoingMail.objects.count()
        assert killed_at(point, act), point
        assert OutgoingMail.objects.count() == before
        for _ in range(2):
            act()
        assert standing.current(one.uid).state == state
        assert OutgoingMail.objects.filter(to_address=one.person.email, created_at__gte=NOW).exclude(
            source_key__startswith="invoice"
        ).count() == 2  # fmt: skip
    sound()


def test_i8_the_database_itself_keeps_sessions_apart_and_the_invariants_name_what_is_wrong():
    """I8: whatever the code does, two sessions of a trainer do not overlap; buffers touch."""
    type = make_type(make_trainer())
    trainer = type.trainers.get()
    first = times.block(type=type, trainer_id=trainer.pk, starts_at=START, seats=1, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        times.block(type=type, trainer_id=trainer.pk, starts_at=START + hours(1), seats=1, now=NOW)
    times.block(type=type, trainer_id=trainer.pk, starts_at=START + hours(1.25), seats=1, now=NOW)
    names = [one.row for one in violations(now=NOW) if one.invariant == "I8"]
    assert len(names) == 2, "nobody sits in either"
    times.give_back(first)
    again = times.block(type=type, trainer_id=trainer.pk, starts_at=START, seats=1, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=first.pk).update(is_on=True)
    assert again.is_on
