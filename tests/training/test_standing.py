"""What becomes of bookings: lapsed, paid late, moved, cancelled, reminded, completed (C4, C5, C8, C9, C10)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import JournalEntry
from billing.actions import credit_requests, paid
from billing.choices import PaymentMethod
from billing.models import CreditRequest, Customer, HoursEntry, Invoice, Order, RefundRequest
from billing.review_facts_credit import facts
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import make_customer, make_seller
from tests.training.factory import (
    NOW,
    book,
    hours,
    ics_of,
    make_sold,
    make_trainer,
    make_type,
    new_key,
    pay_for,
    subjects,
    work,
)
from training import announce, slots
from training.actions import setup, standing
from training.actions.letters import waiter_path
from training.choices import BookingState, Payment
from training.models import Booking, Session, SessionType, WaitlistEntry
from training.queries import page_of
from training.refusals import CannotBook, CannotChange, JustTaken

pytestmark = pytest.mark.django_db
START = datetime(2026, 12, 1, 10, tzinfo=UTC)  # a Tuesday, a week later


def again(booking: Booking) -> Booking:
    """As it stands now."""
    found = standing.current(booking.uid)
    assert found
    return found


def move(
    booking: Booking, starts_at: datetime, *, now: datetime = NOW, key: str = "", by_customer: bool = True
) -> Booking:
    return standing.reschedule(
        booking=booking, starts_at=starts_at, key=key or new_key(), by=booking.person, by_customer=by_customer, now=now
    )


def cancel(booking: Booking, *, now: datetime = NOW, by_customer: bool = True) -> Booking:
    return standing.cancel(booking=booking, why="", by=booking.person, by_customer=by_customer, now=now)


def test_c3_c4_the_hold_ends_after_48_open_hours_or_a_day_before_and_frees_the_time_telling_both():
    """C3, C4, R21: min(48 open hours, start - 24 h); lapsed, the slot is free and both know; run twice, once."""
    type = make_sold()
    far = book(type, START + timedelta(days=20))
    assert far.hold_until == datetime(2026, 12, 2, 15, tzinfo=UTC), "six open days of eight hours from Tuesday at three"
    near = book(type, datetime(2026, 11, 26, 10, tzinfo=UTC))
    assert near.hold_until == datetime(2026, 11, 25, 10, tzinfo=UTC)
    trainer = near.session.trainer.person
    work(NOW + hours(18.9))
    assert again(near).state == BookingState.PAYMENT_HOLD
    heard: list[str] = []
    announce.listeners.append(lambda kind, booking, now: heard.append(kind))
    try:
        for _ in range(2):
            work(NOW + hours(19))
            standing.hold_ends(booking_id=near.pk, now=NOW + hours(19))
    finally:
        announce.listeners.pop()
    assert (again(near).state, again(far).state, heard) == (
        BookingState.EXPIRED,
        BookingState.PAYMENT_HOLD,
        ["expired"],
    )
    assert near.session.starts_at in slots.free_starts(type, NOW)
    assert [one.split(":")[0] for one in subjects(near.person)][1:] == ["No longer held"]
    assert sum(one.startswith("Not paid, free again") for one in subjects(trainer)) == 1
    with pytest.raises(CannotBook, match="first, then choose a time"):
        book(type, START, by=near.person, now=NOW + hours(20))
    work(NOW + timedelta(days=9))
    order = Order.objects.get(pk=near.order_line.order_id)
    assert (order.state, order.invoice.state) == ("cancelled", "void"), "nobody is reminded of what lapsed"


def test_c4_paid_after_it_lapsed_the_time_comes_back_or_another_is_chosen_or_the_money_goes_to_the_review(client):
    """C4: the slot still free, confirmed again; taken, not confirmed: choose another, or into the refund queue."""
    type = make_sold()
    now = NOW + hours(22)
    back, lost = book(type, START - timedelta(days=5)), book(type, START - timedelta(days=5) + hours(2))
    work(now)
    taker = book(type, lost.session.starts_at, now=NOW, by=make_person())
    pay_for(taker, now=now)
    for booking in (back, lost):
        pay_for(booking, now=now)
        for _ in range(2):
            work(now)
            standing.invoice_paid(invoice_id=booking.invoice_id, now=now)
    assert (again(back).state, again(back).sequence) == (BookingState.CONFIRMED, 1)
    assert (again(lost).state, again(lost).sequence) == (BookingState.EXPIRED, 0)
    assert again(taker).state == BookingState.CONFIRMED
    assert sum(one.startswith("Choose another time") for one in subjects(lost.person)) == 1

    client.force_login(lost.person)
    page = client.get(f"/account/training/{lost.uid}/").content.decode()
    assert "Paid: choose another time" in page
    assert "Ask for the money back" in page
    for _ in range(2):
        client.post(f"/account/training/{lost.uid}/money-back/")
    asked = RefundRequest.objects.get()
    assert (asked.invoice_id, asked.state, asked.amount_asked) == (lost.invoice_id, "open", 9_500)
    other = book(type, START, by=lost.person, now=now)
    assert other.invoice_id != lost.invoice_id, "what is asked back pays for nothing"


def test_a_piece_that_was_bought_before_pays_and_is_used_once():
    """R19: an unbooked training of an order is booked without another order; a second one needs another piece."""
    type = make_sold()
    person = make_person()
    first = book(type, START, by=person)
    pay_for(first, now=NOW)
    work(NOW)
    cancel(again(first))
    second = book(type, START + hours(3), by=person)
    assert (second.state, second.invoice_id, second.made_order) == ("confirmed", first.invoice_id, False)
    third = book(type, START + hours(5), by=person)
    assert (third.state, third.made_order, Order.objects.count()) == ("payment_hold", True, 2)


def test_minutes_of_the_ledger_pay_for_a_session_and_come_back_once_when_it_is_cancelled():
    person = make_person()
    make_seller()
    customer = make_customer(person=person)
    type = make_type(payment=Payment.HOURS)
    with pytest.raises(CannotBook, match="There are 0 minutes left"):
        book(type, START, by=person)
    assert not Session.objects.filter(is_on=True).exists(), "a refusal takes no time"
    HoursEntry.objects.create(customer=customer, minutes=90, reason="purchase", key="bought", at=NOW)
    key = new_key()
    made = {book(type, START, by=person, key=key).pk for _ in range(3)}
    assert len(made) == 1
    assert sum(HoursEntry.objects.values_list("minutes", flat=True)) == 30
    for _ in range(2):
        cancel(Booking.objects.get())
    assert sum(HoursEntry.objects.values_list("minutes", flat=True)) == 90


def test_on_account_within_the_limit_nothing_waits_and_past_it_the_time_is_held():
    person = make_person()
    type = make_sold()
    make_customer(person=person, credit_state="approved", credit_limit=10_000)
    first = book(type, START, by=person, method=PaymentMethod.ON_ACCOUNT)
    assert (first.state, first.invoice.state) == ("confirmed", "open")
    second = book(type, START + hours(3), by=person, method=PaymentMethod.ON_ACCOUNT)
    assert second.state == "payment_hold"
    Customer.objects.update(credit_limit=50_000)
    work(second.hold_until)
    assert again(second).state == "confirmed", "the limit was raised meanwhile"


def test_R27_U32_raising_the_limit_makes_a_held_time_certain_at_once_and_the_reviewer_was_told_so():
    """Oldest first, as boxes are let go; what has no room stays held, and the mail and the screen say the same."""
    person, reviewer, type = make_person(), make_staff("reviewer"), make_sold()
    make_customer(person=person, credit_state="approved", credit_limit=100)
    first, second = (book(type, START + hours(n), by=person, method=PaymentMethod.ON_ACCOUNT) for n in (0, 3))
    asked = CreditRequest.objects.get()
    orders = [Order.objects.get(pk=one.order_line.order_id) for one in (first, second)]
    said = facts(asked.pk, NOW).effects("approve", orders[0].total)
    assert [(one.strong, "becomes certain" in one.words, "stays held" in one.words) for one in said[1:3]] == [
        (orders[0].number, True, False), (orders[1].number, False, True),
    ]  # fmt: skip

    credit_requests.raise_limit(request=asked, limit=orders[0].total, by=reviewer, now=NOW + hours(1))
    for _ in range(2):
        work(NOW + hours(1))

    assert [again(one).state for one in (first, second)] == ["confirmed", "payment_hold"]
    assert sum(one.startswith("Booked:") for one in subjects(person)) == 1
    pay_for(first, now=NOW + hours(2))  # a debt less: the other has room now, and nobody had to ask
    work(NOW + hours(2))
    work(NOW + hours(2))
    assert again(second).state == "confirmed"
    assert JournalEntry.objects.filter(action="training.confirm").count() == 2


def test_c5_moved_it_keeps_its_uid_with_the_next_sequence_and_cancelled_it_leaves_the_calendar():
    """C5, R20: same UID, SEQUENCE+1; METHOD:CANCEL with the next; every row is kept; limits hold for customers."""
    type = make_type(most_moves=2)
    booking = book(type, START)
    assert move(booking, START + hours(0.5)).session.starts_at == START + hours(0.5), "over its own time"
    key = new_key()
    moved = {move(again(booking), START + timedelta(days=1), key=key).pk for _ in range(2)}
    assert len(moved) == 1
    with pytest.raises(CannotChange, match="moved 2 times"):
        move(again(booking), START)
    for wrong in (START + timedelta(days=400), START + timedelta(minutes=1)):
        with pytest.raises(JustTaken):
            move(again(booking), wrong, by_customer=False)
    assert START in slots.free_starts(type, NOW)
    end = again(booking)
    late = end.session.starts_at - hours(23.9)
    with pytest.raises(CannotChange, match="less than 24 hours"):
        cancel(end, now=late)
    for _ in range(2):
        cancel(again(booking), now=late, by_customer=False)
    with pytest.raises(CannotChange):
        move(again(booking), START)
    states = list(Booking.objects.order_by("sequence").values_list("state", "uid"))
    assert states == [("rescheduled", booking.uid)] * 2 + [("cancelled", booking.uid)]
    files = [ics_of(mail) for mail in OutgoingMail.objects.filter(to_address=booking.person.email).order_by("pk")]
    assert [(one["METHOD"], one["SEQUENCE"]) for one in files] == [
        ("REQUEST", "0"), ("REQUEST", "1"), ("REQUEST", "2"), ("CANCEL", "3"),
    ]  # fmt: skip
    assert {one["UID"].split("@")[0] for one in files} == {booking.uid}
    assert files[-1]["STATUS"] == "CANCELLED"


def test_a_hold_that_is_cancelled_withdraws_its_order_and_one_that_moves_ends_no_later():
    """Unpaid can be moved and cancelled, too."""
    type = make_sold()
    booking = book(type, START)
    until = booking.hold_until
    moved = move(booking, START + hours(3))
    assert (moved.state, moved.hold_until, moved.invoice_id) == ("payment_hold", until, booking.invoice_id)
    work(NOW + hours(1))
    cancel(moved)
    assert Invoice.objects.get().state == "void"
    assert not any(ics_of(mail) for mail in OutgoingMail.objects.all()), "no calendar ever had it"
    assert START + hours(3) in slots.free_starts(type, NOW)


def test_c8_a_day_and_an_hour_before_once_each_none_after_cancelling_and_moved_with_it():
    """R20: C8: 24 h and 1 h, once each; completed at its end, and the trainer may say that nobody came."""
    type = make_type()
    stays, goes, moves = (book(type, START + hours(number)) for number in (0, 2, 4))
    cancel(goes)
    there = move(moves, START + timedelta(days=2))
    for at in (START - hours(24), START - hours(24), START - hours(1), START + hours(30), START + hours(30)):
        work(at)
    told = [[one for one in subjects(booking.person) if "begins" in one] for booking in (stays, goes, moves)]
    assert [one.split(",")[0] for one in told[0]] == [
        "Training hour begins tomorrow",
        "Training hour begins in an hour",
    ]
    assert (told[1], [one.split(",")[0] for one in told[2]]) == ([], ["Training hour begins tomorrow"])
    assert [again(one).state for one in (stays, goes, moves)] == ["completed", "cancelled", "confirmed"]
    trainer = stays.session.trainer.person
    assert standing.no_show(booking=stays, came=False, by=trainer, now=START + hours(31)).state == "no_show"
    with pytest.raises(CannotChange):
        standing.no_show(booking=there, came=False, by=trainer, now=START)


def test_c9_leave_over_bookings_warns_lists_them_and_changes_nothing(client):
    """C9: the trainer is warned, the bookings stand until somebody moves them; nothing is silently cancelled."""
    trainer = make_trainer()
    type = make_type(trainer)
    booked = [book(type, START + hours(number)) for number in (0, 2)]
    mails = OutgoingMail.objects.count()
    with pytest.raises(setup.Overlaps, match="2 bookings lie in this time") as refused:
        setup.take_leave(
            trainer=trainer, starts_at=START - hours(4), ends_at=START + hours(6), words="", is_sure=False,
            by=trainer.person, now=NOW,
        )  # fmt: skip
    assert [one.pk for one in refused.value.booked] == [one.pk for one in booked]
    assert trainer.leaves.count() == 0
    setup.take_leave(
        trainer=trainer, starts_at=START - hours(4), ends_at=START + hours(6), words="", is_sure=True,
        by=trainer.person, now=NOW,
    )  # fmt: skip
    assert {again(one).state for one in booked} == {"confirmed"}
    assert OutgoingMail.objects.count() == mails
    assert START + hours(4) not in slots.free_starts(type, NOW)
    moved = move(booked[0], START + timedelta(days=1), by_customer=False)
    assert again(booked[0]).session_id == moved.session_id


def test_r21_money_that_goes_back_takes_what_lies_ahead_with_it_once():
    """Refunded in full, the booking is cancelled with a calendar file, and its piece pays for nothing any more."""
    booking = book(make_sold(), START)
    pay_for(booking, now=NOW)
    work(NOW)
    invoice = Invoice.objects.get(pk=booking.invoice_id)
    Invoice.objects.filter(pk=invoice.pk).update(refunded=invoice.paid)
    invoice.refresh_from_db()
    for _ in range(2):
        paid.when_given_back(invoice, NOW + hours(1))
        work(NOW + hours(1))
    end = again(booking)
    assert (end.state, end.why) == ("cancelled", "The payment went back.")
    assert sum(one.startswith("Cancelled:") for one in subjects(booking.person)) == 1
    assert book(end.session.type, START, by=booking.person, now=NOW + hours(2)).made_order


def make_class(seats: int = 12, **fields) -> tuple[SessionType, Session]:
    """A class with a date."""
    trainer = make_trainer()
    type = make_type(trainer, seats=seats, name="Robot class", **fields)
    return type, setup.plan_class(type=type, trainer=trainer, starts_at=START, by=trainer.person, now=NOW)


def test_c10_a_seat_that_comes_free_is_offered_for_four_hours_to_each_who_waits_in_turn(client):
    """C10: full, people wait in order; a cancellation offers the seat to the first for 4 h, then to the next."""
    type, session = make_class(seats=2)
    first, second, *waiters = [book(type, START, session_id=session.pk) for _ in range(5)]
    assert [type_.__class__.__name__ for type_ in waiters] == ["WaitlistEntry"] * 3
    assert book(type, START, by=waiters[0].person, session_id=session.pk).pk == waiters[0].pk, "one place a person"
    cancel(first)
    entry = WaitlistEntry.objects.get(pk=waiters[0].pk)
    assert (entry.state, entry.offer_until) == ("offered", NOW + hours(4))
    stranger = book(type, START, session_id=session.pk)
    assert isinstance(stranger, WaitlistEntry), "an offered seat is nobody else's"
    for _ in range(2):
        work(NOW + hours(4))
    states = list(WaitlistEntry.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["lapsed", "offered", "waiting", "waiting"]
    page = client.get(waiter_path(entry))
    assert "The offer is over" in page.content.decode()
    assert client.post(waiter_path(entry), {"do": "take"}).status_code == 409
    assert session.bookings.filter(state="confirmed").count() == 1
    cancel(second)
    made = book(type, START, by=waiters[2].person, session_id=session.pk)
    assert isinstance(made, Booking), "whoever is offered a seat takes it by any way"
    last = waiters[1].person
    assert [len(page_of(last, "UTC", now)["waits"]) for now in (NOW, START)] == [1, 0], "nobody waits for what began"
    assert list(WaitlistEntry.objects.order_by("pk").values_list("state", flat=True))[2] == "taken"


def test_c10_the_link_of_a_waiter_takes_the_seat_once(client, monkeypatch):
    """C10: taken by a plain form, sent twice, one seat."""
    type, session = make_class(seats=2)
    first, _, waiter = [book(type, START, session_id=session.pk) for _ in range(3)]
    cancel(first)
    monkeypatch.setattr(timezone, "now", lambda: NOW + hours(1))
    page = client.get(waiter_path(waiter)).content.decode()
    assert "A seat is yours to take" in page
    answers = {client.post(waiter_path(waiter), {"do": "take"}).url for _ in range(2)}
    assert len(answers) == 1
    assert Booking.objects.filter(person=waiter.person, state="confirmed").count() == 1
    assert session.bookings.filter(state="confirmed").count() == 2
