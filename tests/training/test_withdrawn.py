"""What was taken back before it was paid pays for no session (R21, R27, C4); forms that are sent at once (C1)."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from accounts.models import Person
from billing.actions import credit_holds, credit_note, issue
from billing.actions import hours as ledger
from billing.choices import PaymentMethod
from billing.models import Customer, HoursEntry, Invoice, Order
from tests.crowds import Crowd
from tests.factories.accounts import make_person
from tests.factories.billing import make_customer, make_seller
from tests.factories.invoices import make_payment
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
from timers.models import Timer
from training.actions import offers, setup, standing
from training.actions.booking import Wish
from training.choices import Payment
from training.models import Booking, Leave
from training.queries import can_choose_again, may_ask_back, page_of

pytestmark = pytest.mark.django_db
START = datetime(2026, 12, 1, 10, tzinfo=UTC)
LATER = NOW + hours(1)


def _take_back(booking: Booking, how: str) -> None:
    invoice = Invoice.objects.get(pk=booking.invoice_id)
    if how == "void":
        issue.void(invoice=invoice, by=None, reason="A mistake", now=LATER)
    elif how == "credit":
        credit_note.issue_credit_note(invoice=invoice, reason="A mistake", key=f"back:{invoice.pk}", by=None, now=LATER)
    else:
        order = Order.objects.get(pk=booking.order_line.order_id)
        credit_holds.take_back(order=order, reason="No limit", key="", by=None, now=LATER)


@pytest.mark.parametrize("how", ["void", "credit", "order"])
def test_r21_r27_what_is_taken_back_unpaid_frees_its_time_and_pays_for_nothing(how):
    """Held or confirmed on account: cancelled once, the hour free, never confirmed by the end of its hold, and a
    credit note over everything, which leaves an invoice with nothing due, is no payment for another hour."""
    person = make_person()
    type = make_sold(change_hours=0)
    make_customer(person=person, credit_state="approved", credit_limit=10_000)
    certain = book(type, START, by=person, method=PaymentMethod.ON_ACCOUNT)
    held = book(type, START + hours(3), by=person, method=PaymentMethod.ON_ACCOUNT)
    assert [certain.state, held.state] == ["confirmed", "payment_hold"]
    for one in (held, certain):
        _take_back(one, how)
        standing.hold_ends(booking_id=one.pk, now=held.hold_until)  # before word of it came
        for _ in range(2):
            work(LATER)
        now = standing.current(one.uid)
        assert (now.state, now.session.is_on) == ("cancelled" if one == certain else "expired", False)
        standing.invoice_paid(invoice_id=one.invoice_id, now=LATER)
        after = standing.current(one.uid)
        assert (after.state, can_choose_again(after), may_ask_back(after)) == (now.state, False, False)
    assert page_of(person, "UTC", LATER)["lapsed"] == []
    assert sum(one.startswith("Cancelled:") for one in subjects(person)) == 1
    Customer.objects.update(credit_limit=0)
    fresh = book(type, START + hours(5), by=person, now=LATER)
    assert (fresh.state, fresh.made_order) == ("payment_hold", True)
    _take_back(fresh, "void")
    work(LATER)
    assert standing.current(fresh.uid).state == "cancelled", "a hold goes with its order"


def test_c4_paid_late_nobody_is_booked_with_a_trainer_who_left_or_is_away_or_into_a_class_they_sit_in():
    """C4: the time comes back only where it can take place; a second seat of one person is a mail, not an error."""
    gone, away = (book(make_sold(make_trainer()), START) for _ in range(2))
    trainer = make_trainer()
    type = make_sold(trainer, seats=3)
    session = setup.plan_class(type=type, trainer=trainer, starts_at=START, by=trainer.person, now=NOW)
    first = book(type, START, session_id=session.pk)
    end = max(one.hold_until for one in (gone, away, first))
    work(end)
    Person.objects.filter(trainer=gone.session.trainer).update(is_active=False, deactivated_at=NOW)
    Leave.objects.create(
        trainer=away.session.trainer, starts_at=START - hours(1), ends_at=START + hours(9), by=trainer.person, at=NOW
    )
    Booking.objects.filter(pk=first.pk).update(unit=2)  # of an order of two: the other piece is paid and seated
    standing_in = Booking.objects.get(pk=first.pk)
    standing_in.pk, standing_in.uid, standing_in.key, standing_in.unit = None, "f" * 32, new_key(), 1
    standing_in.state, standing_in.seat = "confirmed", 2
    standing_in.save(force_insert=True)
    for one in (gone, away, first):
        pay_for(one, now=end)
        work(end)
        assert standing.current(one.uid).state == "expired"
        assert sum(said.startswith("Choose another time") for said in subjects(one.person)) == 1
    assert not Timer.objects.exclude(last_error="").exists()


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_r21_an_order_whose_money_is_on_its_way_stays_whole_and_pays_for_another_time(ends):
    """R21: a hold that is cancelled, or lapsed a week ago, takes no order back while a payment of it is processing."""
    booking = book(type := make_sold(), START)
    invoice = Invoice.objects.get(pk=booking.invoice_id)
    payment = make_payment(invoice=invoice, state="processing", amount=invoice.total)
    if ends == "cancelled":
        standing.cancel(booking=booking, why="", by=booking.person, by_customer=True, now=LATER)
    else:
        standing.hold_ends(booking_id=booking.pk, now=booking.hold_until)
        standing.withdraw(booking_id=booking.pk, now=booking.hold_until + timedelta(days=7))
    order = Order.objects.get()
    assert (standing.current(booking.uid).state, order.state, order.invoice.state) == (ends, "placed", "open")
    payment.delete()
    pay_for(booking, now=LATER)
    again = book(type, START + hours(5), by=booking.person, now=LATER)
    assert (again.state, again.invoice_id, Order.objects.count()) == ("confirmed", booking.invoice_id, 1)


def test_c3_a_hold_that_moves_nearer_has_as_long_as_a_new_one():
    """C3: moved to this afternoon, it does not lapse as it is moved."""
    booking = book(make_sold(notice_hours=1), START)
    moved = standing.reschedule(
        booking=booking, starts_at=NOW + timedelta(days=1, hours=-5), key=new_key(), by=booking.person,
        by_customer=True, now=NOW,
    )  # fmt: skip
    assert (moved.state, moved.hold_until) == ("payment_hold", NOW + timedelta(minutes=15))
    work(NOW)
    assert standing.current(booking.uid).state == "payment_hold"


def test_d4_minutes_given_back_end_with_the_gift_they_came_from():
    """D4: to book and to cancel makes no gift last for ever."""
    person = make_person()
    make_seller(time_zone="UTC")
    customer = make_customer(person=person)
    gift = ledger.give(customer=customer, minutes=120, key="gift", words="For you", now=NOW)
    booking = book(make_type(payment=Payment.HOURS), START, by=person)
    for _ in range(2):
        standing.cancel(booking=booking, why="", by=person, by_customer=True, now=NOW)
    assert ledger.balance(customer) == 120
    for _ in range(2):
        ledger.expire(entry_id=gift.pk, now=NOW + timedelta(days=367))
    assert ledger.balance(customer) == 0
    assert HoursEntry.objects.filter(reason="expired").count() == 1


@pytest.mark.django_db(transaction=True)
def test_c1_c5_c10_one_form_sent_many_times_at_once_moves_once_and_takes_one_seat():
    """C1: whoever clicks twice is told twice that it worked; a key of another form is a sentence, no error."""
    trainer = make_trainer()
    type, group = make_type(trainer), make_type(make_trainer(), seats=2)
    booking, other = book(type, START), book(type, START + hours(4))
    session = setup.plan_class(
        type=group, trainer=group.trainers.get(), starts_at=START, by=group.trainers.get().person, now=NOW
    )
    first, _, waiter = [book(group, START, session_id=session.pk) for _ in range(3)]
    standing.cancel(booking=first, why="", by=first.person, by_customer=True, now=NOW)
    key, taking = new_key(), new_key()

    def move(one: Booking) -> Booking:
        return standing.reschedule(
            booking=Booking.objects.get(pk=one.pk), starts_at=START + hours(2), key=key, by=one.person,
            by_customer=True, now=NOW,
        )  # fmt: skip

    with Crowd(8) as crowd:
        moved = crowd.act([partial(move, booking)] * 8)
        wish = Wish(starts_at=START, key=taking)
        taken = crowd.act([partial(offers.accept, entry=waiter, wish=wish, now=NOW)] * 8)
    assert len({getattr(one, "pk", one) for one in moved}) == 1, moved
    assert len({getattr(one, "pk", one) for one in taken}) == 1, taken
    with pytest.raises(standing.CannotChange, match="sent before"):
        move(other)


@pytest.mark.django_db(transaction=True)
def test_r19_two_pieces_of_one_invoice_paid_beside_bookings_with_their_trainers_end_in_no_deadlock():
    """A payment locks everything that it pays for before it writes the first word."""
    trainers = [make_trainer() for _ in range(2)]
    for round in range(4):
        sold = make_sold(*trainers)
        at = START + timedelta(days=7 * round)
        first = book(sold, at)
        second = Booking.objects.get(pk=book(make_type(*trainers), at).pk)
        Booking.objects.filter(pk=second.pk).update(
            state="payment_hold", hold_until=NOW + hours(9), payment="product", order_line=first.order_line, unit=2,
            invoice=first.invoice_id, customer=first.customer, person=first.person,
        )  # fmt: skip
        pay_for(first, now=NOW)
        free = make_type(*trainers)
        with Crowd(9) as crowd:
            said = crowd.act([
                partial(standing.invoice_paid, invoice_id=first.invoice_id, now=NOW),
                *[partial(book, free, at + hours(1.25 * number)) for number in range(1, 5) for _ in range(2)],
            ])  # fmt: skip
        assert {one.__class__.__name__ for one in said} <= {"NoneType", "Booking"}, said
        assert (
            list(Booking.objects.filter(invoice=first.invoice_id).values_list("state", flat=True)) == ["confirmed"] * 2
        )
