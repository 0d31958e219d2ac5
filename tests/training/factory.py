"""Trainers and sessions to test with. Every call makes something new."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.choices import Role
from accounts.models import Person
from billing.actions import pay
from billing.choices import PaymentMethod, ProductKind
from billing.models import Invoice, Price
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import OHIO, make_goods, make_seller
from timers.actions.sweep import sweep
from training.actions import booking
from training.actions.paying import HowPaid
from training.choices import Payment
from training.models import Booking, Rule, SessionType, Trainer

# A Tuesday. Tests book from here; nothing depends on the day on which they run.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
_numbers = count(1)
WEEK = range(5)


def make_trainer(
    *, zone: str = "UTC", opens: int = 9, closes: int = 17, days=WEEK, person: Person | None = None, **fields
) -> Trainer:
    """Somebody who teaches from Monday to Friday, nine to five."""
    trainer = Trainer.objects.create(
        person=person or make_staff(name=f"Trainer {next(_numbers)}"), time_zone=zone, created_at=NOW, **fields
    )
    Rule.objects.bulk_create(
        Rule(trainer=trainer, weekday=day, opens=opens * 60, closes=closes * 60) for day in days
    )  # fmt: skip
    return trainer


def make_type(*trainers: Trainer, price: Price | None = None, **fields) -> SessionType:
    """A training hour with a quarter after it; sold where a price is named."""
    known = {"slug": f"training-{next(_numbers)}", "name": "Training hour", "created_at": NOW, "updated_at": NOW}
    if price:
        known |= {"payment": Payment.PRODUCT, "product": price.product}
    type = SessionType.objects.create(**known | fields)
    type.trainers.set(trainers or [make_trainer()])
    return type


def make_sold(*trainers: Trainer, amount: int = 9_500, **fields) -> SessionType:
    """The same for $95.00, from a company that sells."""
    make_seller(time_zone="UTC")
    return make_type(*trainers, price=make_goods(amount, ProductKind.TRAINING, name="Training hour"), **fields)


def book(
    type: SessionType, starts_at: datetime, *, by: Person | None = None, key: str = "", now: datetime = NOW, **more
) -> Any:
    """Book as the page does."""
    by = by or make_person(time_zone="Europe/London")
    zone, method = more.pop("zone", by.time_zone), more.pop("method", PaymentMethod.CARD)
    wish = booking.Wish(
        starts_at=starts_at, key=key or new_key(), time_zone=zone, pay=HowPaid(method=method, ship_to=OHIO), **more
    )
    return booking.book(type=type, wish=wish, by=by, organisation=None, now=now)


def new_key() -> str:
    """Of a form that was not sent yet."""
    return f"form-{next(_numbers):020}"


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def work(now: datetime) -> None:
    """Let the timers do all that is due, and what follows from it at once."""
    for _ in range(30):
        if not sweep(now=now).done:
            return
    raise AssertionError("It never ends.")


def pay_for(booking: Booking, *, now: datetime) -> None:
    """All of its invoice came by bank transfer."""
    invoice = Invoice.objects.get(pk=booking.invoice_id)
    by = make_staff(Role.ADMIN)
    pay.record_transfer(invoice=invoice, amount=invoice.due, reference=invoice.number or "", by=by, now=now)


def subjects(person: Person) -> list[str]:
    """What was mailed to somebody about training, oldest first."""
    mails = OutgoingMail.objects.filter(to_address=person.email).exclude(source_key__startswith="invoice:")
    return list(mails.order_by("pk").values_list("subject", flat=True))


def ics_of(mail: OutgoingMail) -> dict[str, str]:
    """The calendar file of a mail, by property, unfolded; empty where there is none."""
    file = mail.attachments.first()
    if file is None:
        return {}
    lines = file.file.read().decode().replace("\r\n ", "").split("\r\n")
    return {line.split(":")[0].split(";")[0]: line.split(":", 1)[1] for line in lines if ":" in line}
