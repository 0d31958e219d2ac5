"""What somebody parted with works no more: a mailbox's old link, money that went back, a trainer who left."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Person
from billing.actions import hours as ledger
from billing.actions import refund_requests
from billing.choices import PaymentMethod, RefundReason
from billing.models import Invoice, OrderLine, RefundRequest
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import make_customer, make_seller
from tests.factories.invoices import make_invoice
from tests.factories.shop import make_order
from tests.training.factory import NOW, book, hours, make_sold, make_trainer, make_type, pay_for, work
from tickets.actions.automation import away
from training import slots, tokens
from training.actions import feeds, offers, seats, setup, standing
from training.actions.booking import Wish
from training.actions.letters import manage_address, waiter_path
from training.choices import Payment
from training.models import Booking, WaitlistEntry
from training.pieces import pieces_of
from training.queries import can_choose_again, may_ask_back
from training.refusals import CannotBook, JustTaken

pytestmark = pytest.mark.django_db
START = datetime(2026, 12, 1, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Pages read NOW."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def move_to(person: Person, email: str) -> None:
    """As the change of an address writes it."""
    Person.objects.filter(pk=person.pk).update(email=email, email_changed_at=NOW)
    person.refresh_from_db()


def order_of(person: Person, type, quantity: int, *, goods: int) -> None:
    """So many pieces at $95, and other things, on one unpaid invoice."""
    customer, price = make_customer(person=person), type.product.prices.get()
    amount = 9_500 * quantity
    order = make_order(customer, "SO-7", method=PaymentMethod.TRANSFER, subtotal=amount + goods, total=amount + goods)
    OrderLine.objects.create(
        order=order, position=1, product=type.product, price=price, name=type.name, quantity=quantity,
        unit_amount=9_500, amount=amount,
    )  # fmt: skip
    make_invoice(customer=customer, order=order, amount=amount + goods, now=NOW)


def test_c12_e6_a_link_in_a_mailbox_that_its_customer_gave_up_opens_nothing(client):
    """Another address: links of the old mailbox are 404 on every page, POST too; one to the new mailbox works."""
    trainer = make_trainer()
    full = make_type(trainer, seats=2)
    session = setup.plan_class(type=full, trainer=trainer, starts_at=START, by=trainer.person, now=NOW)
    booking, waiter = book(make_type(), START), [book(full, START, session_id=session.pk) for _ in range(3)][-1]
    old, waits = manage_address(booking).partition("//")[2].partition("/")[2], waiter_path(waiter)
    assert client.get(f"/{old}").status_code == client.get(waits).status_code == 200
    move_to(booking.person, "new@school.example")
    move_to(waiter.person, "other@school.example")
    for more in ("", "move/", "training.ics"):
        assert client.get(f"/{old}{more}").status_code == 404
    assert client.post(f"/{old}cancel/", {"sure": "yes"}).status_code == 404
    assert client.post(waits, {"do": "leave"}).status_code == client.get(waits).status_code == 404
    fresh = Booking.objects.get(pk=booking.pk)
    assert client.get(f"/{manage_address(fresh).partition('//')[2].partition('/')[2]}").status_code == 200
    assert client.get(waiter_path(WaitlistEntry.objects.get(pk=waiter.pk))).status_code == 200


@pytest.mark.parametrize(
    ("back", "left"), [(0, 2), (4_000, 2), (9_500, 1), (18_000, 0), (19_000, 0)],
)  # fmt: skip
def test_r21_c4_as_many_pieces_are_gone_as_the_money_that_went_back_was_for(back, left):
    """Three for $285, one of them used: $40 for goodwill takes none, $95 one, $180 two, never the booked one."""
    person, type = make_person(), make_sold()
    order_of(person, type, 3, goods=0)
    first = book(type, START, by=person)
    pay_for(first, now=NOW)
    work(NOW)
    Invoice.objects.filter(pk=first.invoice_id).update(refunded=back)
    assert [(piece.unit, piece.is_cleared) for piece in pieces_of(first.customer, type)] == (
        [(2, True), (3, True)][:left]
    )
    again = book(type, START + hours(3), by=person)
    assert (again.made_order, again.state) == ((False, "confirmed") if left else (True, "payment_hold"))
    assert standing.current(first.uid).state == "confirmed"


def test_c4_money_that_was_asked_back_for_one_session_takes_its_piece_and_no_other():
    """C4: while it waits for its review, and after it was given; what was cancelled cannot be asked back twice."""
    person, type = make_person(), make_sold()
    order_of(person, type, 2, goods=10_000)
    first = book(type, START, by=person)
    pay_for(first, now=NOW)
    work(NOW)
    standing.cancel(booking=first, why="", by=person, by_customer=True, now=NOW)
    over = standing.current(first.uid)
    assert (can_choose_again(over), may_ask_back(over), len(pieces_of(over.customer, type))) == (True, True, 2)
    asked = refund_requests.ask(
        invoice=over.invoice, why=RefundReason.NOT_NEEDED, words="", amount=9_500, files=(), by=person,
        key=f"booking:{over.uid}:{over.sequence}", now=NOW,
    )  # fmt: skip
    assert len(pieces_of(over.customer, type)) == 1
    RefundRequest.objects.filter(pk=asked.pk).update(
        state="approved", amount_given=9_500, decided_at=NOW, decided_by=make_staff()
    )
    Invoice.objects.filter(pk=over.invoice_id).update(refunded=9_500)
    assert len(pieces_of(over.customer, type)) == 1, "the goods were not asked back"
    Invoice.objects.filter(pk=over.invoice_id).update(refunded=19_500)
    assert len(pieces_of(over.customer, type)) == 1, "the goods went back, and the session"
    assert book(type, START + hours(3), by=person).state == "confirmed"
    over = standing.current(first.uid)
    assert (can_choose_again(over), may_ask_back(over), pieces_of(over.customer, type)) == (False, False, [])


def test_d4_minutes_of_a_gift_that_ended_meanwhile_do_not_come_back_for_ever():
    """D4: booked before the last day of a gift, cancelled after it: what was bought comes back, what was given ends."""
    person = make_person()
    make_seller(time_zone="UTC")
    customer = make_customer(person=person)
    gift = ledger.give(customer=customer, minutes=90, key="gift", words="For you", now=NOW - timedelta(days=363))
    ledger.book(customer=customer, minutes=60, reason="purchase", key="bought", words="An hour", now=NOW)
    booked = [book(make_type(payment=Payment.HOURS), START + hours(2 * place), by=person) for place in range(2)]
    after = NOW + timedelta(days=4)
    ledger.expire(entry_id=gift.pk, now=after)
    assert ledger.balance(customer) == 30, "both took from the gift first, then from what was bought"
    for one in booked:
        for _ in range(2):
            standing.cancel(booking=one, why="", by=person, by_customer=True, now=after)
    assert ledger.balance(customer) == 60
    for _ in range(2):
        ledger.expire(entry_id=gift.pk, now=after)
    assert ledger.balance(customer) == 60


@pytest.mark.parametrize("who", ["trainer", "person"])
def test_r19_nobody_books_or_is_offered_a_class_of_a_trainer_who_left(client, who):
    """R19: the date is hidden, refused to whoever sends it, and offered to nobody who waits; what is booked waits for a
    person to move it, and its trainer's page says so."""
    trainer = make_trainer()
    type = make_type(trainer, seats=2)
    session = setup.plan_class(type=type, trainer=trainer, starts_at=START, by=trainer.person, now=NOW)
    first, second, waits, last = [book(type, START, session_id=session.pk) for _ in range(4)]
    standing.cancel(booking=first, why="", by=first.person, by_customer=True, now=NOW)
    if who == "trainer":
        trainer.is_active = False
        trainer.save()
    else:
        Person.objects.filter(pk=trainer.person_id).update(is_active=False, deactivated_at=NOW)
    visitor = make_person()
    client.force_login(visitor)
    assert f'value="{session.pk}"' not in client.get(f"/training/book/{type.slug}/").content.decode()
    with pytest.raises(CannotBook, match="does not take place"):
        book(type, START, by=visitor, session_id=session.pk)
    with pytest.raises(CannotBook, match="does not take place"):
        offers.accept(entry=waits, wish=Wish(starts_at=START, key="a-form-that-takes-a-seat"), now=NOW)
    seats.leave(entry=waits, now=NOW)
    assert WaitlistEntry.objects.get(pk=last.pk).state == "waiting"
    client.force_login(make_staff("lead"))
    page = client.get(f"/training/?trainer={trainer.pk}&week=2026-12-01").content.decode()
    assert "1 to move" in page and second.person.shown_name in page


def test_r19_whoever_is_away_from_the_desk_is_not_booked(client, django_assert_num_queries):
    """Until the day they said; with no day for as long again as they have been away, so that a break hides nothing."""
    trainer = make_trainer()
    type = make_type(trainer)
    kept = book(type, START)
    away.leave(person=trainer.person, until=START + timedelta(days=1), by=trainer.person, now=NOW)
    free = slots.free_starts(type, NOW)
    assert min(free) == datetime(2026, 12, 2, 10, tzinfo=UTC)
    with pytest.raises(JustTaken):
        book(type, START + hours(2))
    client.force_login(trainer.person)
    page = client.get("/training/?week=2026-12-01").content.decode()
    assert "Away from the desk" in page and "1 to move" in page
    assert standing.current(kept.uid).state == "confirmed", "nothing is moved by itself (C9)"
    away.leave(person=trainer.person, until=None, by=trainer.person, now=NOW)
    assert min(slots.free_starts(type, NOW)) == NOW + hours(24)
    ill = NOW + timedelta(days=5)
    assert min(slots.free_starts(type, ill)) >= ill + timedelta(days=5)
    away.come_back(person=trainer.person, by=trainer.person, now=ill)
    assert min(slots.free_starts(type, ill)).date() == date(2026, 11, 30)


def test_c11_customers_subscribe_to_what_they_booked_and_a_new_address_ends_the_old(client):
    """C11: their own bookings with the trainer's name, and nothing of money or mail; wrong, rotated, closed: 404."""
    trainer = make_trainer(place="https://meet.desk.example/dana")
    person = make_person()
    booking = book(make_sold(trainer, place="At your school"), START, by=person, words="Private words")
    stranger = book(make_type(trainer), START + hours(3))
    client.force_login(person)
    page = client.get("/account/training/").content.decode()
    path = re.search(r"<code>https?://[^/]+(/training/feed/mine/[^<]+)</code>", page)[1]
    client.logout()
    body = client.get(path).content.decode().replace("\r\n ", "")
    assert f"SUMMARY:Hold: Training hour with {trainer.person.shown_name}" in body
    assert body.count("BEGIN:VEVENT") == 1 and "LOCATION:At your school" in body, "a type's own place comes first"
    for secret in (person.email, booking.invoice.number, "Private", stranger.uid, "/mine/"):
        assert secret not in body
    wrong = [path.replace(".ics", "x.ics"), path.replace(f"/{person.pk}/", f"/{trainer.person_id}/")]
    for one in [*wrong, f"/training/feed/mine/{2**70}/x.ics", "/training/feed/mine/0/é.ics"]:
        assert client.get(one).status_code == 404
    client.force_login(person)
    assert client.get("/account/training/feed/new/").status_code == 405
    assert client.post("/account/training/feed/new/").url.startswith("/account/training/")
    client.logout()
    assert client.get(path).status_code == 404
    fresh = f"/training/feed/mine/{person.pk}/{tokens.for_own_feed(person.pk, 2)}.ics"
    assert client.get(fresh).status_code == 200
    assert feeds.rotate_own(person=person, now=NOW).version == 3
    assert client.get(fresh).status_code == 404
    Person.objects.filter(pk=person.pk).update(is_active=False, deactivated_at=NOW)
    latest = f"/training/feed/mine/{person.pk}/{tokens.for_own_feed(person.pk, 3)}.ics"
    assert client.get(latest).status_code == 404


def test_r19_a_trainer_has_their_calendar_in_the_rail_on_every_page_and_on_a_phone(client):
    """Whoever gives trainings finds them without having been there; whoever does not sees no such entry."""
    trainer, agent = make_trainer(), make_staff()
    client.force_login(trainer.person)
    rail = re.search(r'<nav class="rail".*?</nav>', client.get("/me/").content.decode(), re.S)[0]
    assert re.search(r'<li><a href="/training/"', rail), "not among what a phone hides"
    client.force_login(agent)
    assert 'href="/training/"' not in client.get("/me/").content.decode()
    client.force_login(make_staff("lead"))
    assert re.search(r'<li class="desk-only"><a href="/training/"', client.get("/me/").content.decode())
