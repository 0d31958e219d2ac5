"""What the demo shows of trainings: a time that waits for its payment, a class that is full, leave over a booking."""

from datetime import UTC, datetime

import pytest

from accounts.choices import Role
from billing.choices import ProductKind
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer
from supportdesk.demo.trade import DOMAIN, PLACES
from supportdesk.demo.training import SEATS, lay_training
from tests.factories.accounts import make_member, make_organisation, make_staff
from tests.factories.billing import make_goods, make_seller
from tests.training.factory import work
from training import queries_week
from training.models import Booking, Session, Trainer, TrainerNote, WaitlistEntry


@pytest.mark.parametrize("now", [datetime(2026, 11, 23, 2, 41, tzinfo=UTC), datetime(2027, 3, 12, 22, 5, tzinfo=UTC)])
def test_the_demo_has_a_held_booking_a_full_class_and_one_to_move(db, now):
    """Done when: `make run` shows a held booking whose invoice can be paid; on whatever day it begins."""
    make_seller(time_zone="America/Toronto")
    price = make_goods(9_500, ProductKind.TRAINING, name="Training hour")
    people = {f"{name}@{DOMAIN}": make_staff(name=name.title()) for name in ("dana", "marc")}
    company = Company(admin=make_staff(Role.ADMIN), staff=people)
    schools = []
    for place in PLACES[:10]:
        school = make_organisation(name=place.name)
        schools.append(Customer(make_member(organisation=school), place, school, "Teacher", "Robots"))
    lay_training(company=company, schools=schools, wares={"Training hour": price.product}, now=now)
    work(now)
    held = Booking.objects.get(state="payment_hold", session__type__name="Workshop at your school")
    assert (held.customer.organisation, held.invoice.state) == (schools[0].organisation, "open")
    full = Session.objects.filter(seats=SEATS).earliest("starts_at")
    assert (full.bookings.count(), WaitlistEntry.objects.filter(session=full).count()) == (SEATS, 2)
    assert len(queries_week.in_leave(Trainer.objects.get(person=people[f"dana@{DOMAIN}"]), now)) >= 1
    assert Booking.objects.filter(state="completed").exists()
    assert Booking.objects.filter(state="rescheduled").exists()
    assert TrainerNote.objects.count() <= 1
