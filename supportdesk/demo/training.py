"""What schools booked with Dana and Marc: booked, held, moved, missed, and a class that is full."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing.actions import catalogue
from billing.choices import PaymentMethod, Period, ProductKind
from billing.models import Product
from supportdesk.demo.company import Company
from supportdesk.demo.customers import Customer as School
from supportdesk.demo.store import address_of_school
from supportdesk.demo.trade import DOMAIN
from training import slots
from training.actions import booking, notes, setup, standing
from training.actions.paying import HowPaid
from training.choices import Payment
from training.models import Booking, SessionType, Trainer
from training.refusals import Refused

HOURS = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
WEEK = ((), HOURS, HOURS, HOURS, HOURS[:1], (), ())
EVERY_DAY = (HOURS, HOURS, HOURS, HOURS, HOURS, (), ())
AHEAD = timedelta(days=21)
OFFICE = ZoneInfo("America/Toronto")
SEATS = 6


def lay_training(*, company: Company, schools: Sequence[School], wares: dict[str, Product], now: datetime) -> None:
    """Three weeks ago two trainers began; since then schools have booked. Timers do the rest when they are due."""
    began = now - AHEAD
    dana, marc = (_trainer(company, name, week, began) for name, week in (("dana", WEEK), ("marc", EVERY_DAY)))
    types = _types(company, wares, dana, marc, began)
    _past(types, schools, dana, began)
    _ahead(types, schools, now)
    _class(types["class"], dana, schools, company, now)
    _leave(types["look"], dana, schools, company, now)


def _trainer(company: Company, name: str, week, now: datetime) -> Trainer:
    place = f"https://meet.{DOMAIN}/{name}"
    made = setup.add_trainer(
        person=company.staff[f"{name}@{DOMAIN}"], time_zone="America/Toronto", place=place, by=company.admin, now=now
    )
    return setup.change_trainer(
        trainer=made, time_zone="America/Toronto", place=place, is_active=True, week=week, by=company.admin, now=now
    )


def _types(
    company: Company, wares: dict[str, Product], dana: Trainer, marc: Trainer, now: datetime
) -> dict[str, SessionType]:
    usual: dict[str, Any] = {
        "after_buffer": 15, "every_minutes": 30, "notice_hours": 24, "horizon_days": 60, "change_hours": 24,
        "seats": 1, "product": None, "is_offered": True, "trainers": [dana, marc],
    }  # fmt: skip
    wanted: dict[str, dict[str, Any]] = {
        "hour": {
            "name": "Training hour", "summary": "An hour with a teacher trainer, for up to twenty teachers",
            "minutes": 60, "payment": Payment.PRODUCT, "product": wares["Training hour"],
        },
        "workshop": {
            "name": "Workshop at your school", "summary": "Half a day with your teachers and your robots",
            "minutes": 180, "after_buffer": 60, "payment": Payment.PRODUCT, "product": _workshop(company, now),
            "place": "At your school",
        },
        "help": {
            "name": "Set-up together", "summary": "We set your robots up with you, from your hours of help",
            "minutes": 60, "payment": Payment.HOURS, "trainers": [marc],
        },
        "look": {
            "name": "A first look", "summary": "Twenty minutes of questions before you buy anything", "minutes": 20,
            "after_buffer": 10, "payment": Payment.FREE,
        },
        "class": {
            "name": "Robots for beginners", "summary": "A class for teachers who have never seen one", "minutes": 90,
            "payment": Payment.FREE, "seats": SEATS, "trainers": [dana],
        },
    }  # fmt: skip
    return {
        key: setup.save_type(type=None, terms=setup.Terms(**usual | terms), by=company.admin, now=now)
        for key, terms in wanted.items()
    }  # fmt: skip


def _workshop(company: Company, now: datetime) -> Product:
    """A training that nobody bought before: its time is held until the invoice is paid."""
    words = catalogue.Words(
        name="Workshop at your school", summary="Half a day with your teachers, at your school",
        description="A trainer comes with ten robots. You need one room and a projector.",
        info_label="What happens?", info_text="Three hours: driving, building, and a lesson of your own.", position=70,
    )  # fmt: skip
    made = catalogue.create_product(kind=ProductKind.TRAINING, words=words, by=company.admin, now=now)
    catalogue.set_prices(product=made, prices={(Period.ONCE, None): 48_000}, by=company.admin, now=now)
    return catalogue.publish(product=made, by=company.admin, now=now)


def _past(types: dict[str, SessionType], schools: Sequence[School], dana: Trainer, began: datetime) -> None:
    """What took place; Dana noted what they did, and that nobody came to one."""
    for place, (kind, days) in enumerate((("look", 3), ("look", 6), ("look", 8), ("look", 10))):
        made = _book(types[kind], schools[place + 1], began, after=began + timedelta(days=days))
        if made is not None and made.session.trainer_id == dana.pk and place == 1:
            words = "Two kits, no projector. They want the hour in January, with the drums."
            notes.write_note(
                booking=made, words=words, ticket=None, by=dana.person, now=made.session.ends_at + timedelta(minutes=9)
            )


def _ahead(types: dict[str, SessionType], schools: Sequence[School], now: datetime) -> None:
    """Bought before and booked; held until it is paid; on the way to another time."""
    hour = types["hour"]
    _book(hour, schools[3], now - timedelta(days=2), after=now + timedelta(days=3))
    held = types["workshop"]
    _book(held, schools[0], now - timedelta(hours=2), after=now + timedelta(days=6), words="Drums, and class lists.")
    moved = _book(types["look"], schools[5], now - timedelta(days=1), after=now + timedelta(days=4))
    if moved is not None:
        after = moved.session.starts_at + timedelta(days=1)
        later = next(at for at in slots.free_starts(moved.session.type, now) if at > after)
        standing.reschedule(
            booking=moved, starts_at=later, key=f"demo-move-{moved.uid}", by=moved.person, by_customer=True, now=now
        )
    _book(types["look"], schools[6], now - timedelta(hours=5), after=now + timedelta(days=2))


def _class(type: SessionType, dana: Trainer, schools: Sequence[School], company: Company, now: datetime) -> None:
    """A class that is full, two who wait, and another date with room."""
    day = now.astimezone(OFFICE).date()
    for weeks in (1, 3):
        wednesday = day + timedelta(days=7 * weeks + (2 - day.weekday()) % 7)
        starts_at = datetime(wednesday.year, wednesday.month, wednesday.day, 17, 30, tzinfo=OFFICE).astimezone(UTC)
        session = setup.plan_class(type=type, trainer=dana, starts_at=starts_at, by=company.admin, now=now)
        for number, school in enumerate(schools[1 : 1 + (SEATS + 2 if weeks == 1 else 2)]):
            _book(type, school, now - timedelta(hours=20 - number), after=starts_at, session_id=session.pk)


def _leave(type: SessionType, dana: Trainer, schools: Sequence[School], company: Company, now: datetime) -> None:
    """Dana takes a day off on which somebody is booked: the calendar asks for it to be moved."""
    free = slots.free_starts(type, now, since=now + timedelta(days=8))
    start = next(at for at, trainers in free.items() if dana.pk in trainers)
    for school in (schools[2], schools[7]):  # whoever has fewer sessions ahead is asked first
        made = _book(type, school, now, after=start)
        if made is not None and made.session.trainer_id == dana.pk:
            break
    day = start.astimezone(OFFICE).replace(hour=0, minute=0)
    setup.take_leave(
        trainer=dana, starts_at=day.astimezone(UTC), ends_at=(day + timedelta(days=1)).astimezone(UTC),
        words="School visit in Thunder Bay", is_sure=True, by=company.admin, now=now,
    )  # fmt: skip


def _book(
    type: SessionType, school: School, at: datetime, *, after: datetime, words: str = "", session_id: int | None = None
) -> Booking | None:
    """As the customer does on the page: the first free time after `after`."""
    starts_at = after
    if not type.is_class:
        starts_at = next((start for start in slots.free_starts(type, at) if start >= after), after)
    pay = HowPaid(method=PaymentMethod.CARD, ship_to=address_of_school(school))
    wish = booking.Wish(
        starts_at=starts_at, key=f"demo-{type.slug}-{school.person.pk}-{starts_at:%Y%m%d%H%M}".ljust(24, "-")[:64],
        time_zone=school.place.zone, words=words, pay=pay, session_id=session_id,
    )  # fmt: skip
    try:
        made = booking.book(type=type, wish=wish, by=school.person, organisation=school.organisation, now=at)
    except Refused:
        return None
    return made if isinstance(made, Booking) else None
