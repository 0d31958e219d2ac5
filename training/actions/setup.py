"""Who teaches what, and when. What was booked before stays where it is, whatever hours say from now on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts import access, journal
from accounts.models import Person
from accounts.permitted import permitted
from accounts.zones import zone_names
from billing.choices import ProductKind
from billing.models import Product
from training.actions import times
from training.choices import LIVE, Payment
from training.models import Booking, DateException, Leave, Rule, Session, SessionType, Trainer
from training.refusals import CannotSetUp
from training.slots import open_hours_of

Spans = Sequence[tuple[int, int]]
MOST_SLUGS = 100


@dataclass(frozen=True)
class Terms:
    """What a session type is; numbers as the model names them."""

    name: str
    summary: str
    minutes: int
    after_buffer: int
    every_minutes: int
    notice_hours: int
    horizon_days: int
    change_hours: int
    seats: int
    payment: Payment
    product: Product | None
    is_offered: bool
    trainers: Sequence[Trainer]
    place: str = ""


@permitted("training.set_up")
def save_type(*, type: SessionType | None, terms: Terms, by: Person, now: datetime) -> SessionType:
    """A new type, or other terms of one. Raises CannotSetUp. Sessions that are booked keep their time."""
    if not terms.trainers:
        raise CannotSetUp("Choose at least one trainer.")
    if terms.payment == Payment.PRODUCT and (terms.product is None or terms.product.kind != ProductKind.TRAINING):
        raise CannotSetUp("Choose the training of the store that pays for it.")
    if type is not None and (terms.seats > 1) != type.is_class and type.sessions.filter(is_on=True).exists():
        raise CannotSetUp("It has sessions ahead, so it stays what it is. Make another type for the other way.")
    row = type or SessionType(slug=_slug(terms.name), created_at=now)
    for name in (
        "name", "summary", "minutes", "after_buffer", "every_minutes", "notice_hours", "horizon_days", "change_hours",
        "seats", "payment", "is_offered", "place",
    ):  # fmt: skip
        setattr(row, name, getattr(terms, name))
    row.product = terms.product if terms.payment == Payment.PRODUCT else None
    row.updated_at = now
    row.save()
    row.trainers.set(terms.trainers)
    journal.record(by=by, action="training.save_type", subject=row, data={"name": row.name}, now=now)
    return row


@permitted("training.set_up")
def add_trainer(*, person: Person, time_zone: str, place: str, by: Person, now: datetime) -> Trainer:
    """Somebody of the staff who teaches from now on. Raises CannotSetUp."""
    if not access.can(person, "training.give"):
        raise CannotSetUp(f"{person.shown_name} is not at the desk. Give them a role first.")
    _known(time_zone)
    try:
        with transaction.atomic():
            row = Trainer.objects.create(person=person, time_zone=time_zone, place=place.strip(), created_at=now)
    except IntegrityError as error:
        raise CannotSetUp(f"{person.shown_name} is a trainer already.") from error
    journal.record(by=by, action="training.add_trainer", subject=row, now=now)
    return row


def change_trainer(
    *, trainer: Trainer, time_zone: str, place: str, is_active: bool, week: Sequence[Spans], by: Person, now: datetime
) -> Trainer:
    """Their zone, place and week: their own, or anybody's for a lead. Raises CannotSetUp."""
    _own_or_all(trainer, by, now)
    _known(time_zone)
    with transaction.atomic():
        times.lock_trainers([trainer.pk])
        if access.can(by, "training.set_up"):
            trainer.is_active = is_active
        trainer.time_zone, trainer.place = time_zone, place.strip()
        trainer.save(update_fields=["time_zone", "place", "is_active"])
        trainer.rules.filter(first_on__isnull=True, last_on__isnull=True).delete()
        Rule.objects.bulk_create(
            Rule(trainer=trainer, weekday=weekday, opens=opens, closes=closes)
            for weekday, spans in enumerate(week)
            for opens, closes in spans
        )
        journal.record(by=by, action="training.change_trainer", subject=trainer, now=now)
    return trainer


def set_day(
    *, trainer: Trainer, on: date, opens: int | None, closes: int | None, words: str, by: Person, now: datetime
) -> DateException:
    """Other hours on one day; none at all without any. What stood there is replaced."""
    _own_or_all(trainer, by, now)
    with transaction.atomic():
        times.lock_trainers([trainer.pk])
        row, _ = DateException.objects.update_or_create(
            trainer=trainer, day_on=on, defaults={"opens": opens, "closes": closes, "words": words.strip()[:120]}
        )
        journal.record(by=by, action="training.set_day", subject=trainer, data={"on": on.isoformat()}, now=now)
    return row


def forget_day(*, exception: DateException, by: Person, now: datetime) -> None:
    """The week's own hours hold again on that day."""
    _own_or_all(exception.trainer, by, now)
    with transaction.atomic():
        data = {"on": exception.day_on.isoformat()}
        DateException.objects.filter(pk=exception.pk).delete()
        journal.record(by=by, action="training.forget_day", subject=exception.trainer, data=data, now=now)


def booked_between(trainer: Trainer, starts_at: datetime, ends_at: datetime) -> list[Booking]:
    """What is booked with a trainer in a stretch of time, in order: whoever takes leave has to move it (C9)."""
    rows = Booking.objects.filter(
        state__in=LIVE, session__trainer=trainer, session__is_on=True, session__starts_at__lt=ends_at,
        session__ends_at__gt=starts_at,
    )  # fmt: skip
    return list(
        rows.select_related("session__type", "session__trainer__person", "person").order_by("session__starts_at")
    )


def take_leave(
    *, trainer: Trainer, starts_at: datetime, ends_at: datetime, words: str, is_sure: bool, by: Person, now: datetime
) -> Leave:
    """Nobody books that time any more. Raises Overlaps with what is booked in it, unless `is_sure`.

    Nothing is cancelled or moved by it: what is booked stands, and the calendar asks for it to be moved (C9).
    """
    _own_or_all(trainer, by, now)
    if not starts_at < ends_at or ends_at <= now:
        raise CannotSetUp("Leave ends after it begins, and not in the past.")
    with transaction.atomic():
        times.lock_trainers([trainer.pk])
        booked = booked_between(trainer, starts_at, ends_at)
        if booked and not is_sure:
            raise Overlaps(booked)
        row = Leave.objects.create(
            trainer=trainer, starts_at=starts_at, ends_at=ends_at, words=words.strip()[:120], by=by, at=now
        )
        data = {"from": starts_at.isoformat(), "to": ends_at.isoformat(), "booked": len(booked)}
        journal.record(by=by, action="training.take_leave", subject=trainer, data=data, now=now)
    return row


class Overlaps(CannotSetUp):
    """Something is booked in the time; `booked` is what."""

    def __init__(self, booked: Sequence[Booking]) -> None:
        one = "1 booking lies" if len(booked) == 1 else f"{len(booked)} bookings lie"
        super().__init__(f"{one} in this time. Nothing of them changes by itself: move each of them.")
        self.booked = list(booked)


def end_leave(*, leave: Leave, by: Person, now: datetime) -> None:
    """They are there after all."""
    _own_or_all(leave.trainer, by, now)
    with transaction.atomic():
        Leave.objects.filter(pk=leave.pk).delete()
        journal.record(by=by, action="training.end_leave", subject=leave.trainer, now=now)


def rotate_feed(*, trainer: Trainer, by: Person, now: datetime) -> Trainer:
    """Another address of the feed; the one before opens nothing from now on (C11)."""
    _own_or_all(trainer, by, now)
    with transaction.atomic():
        trainer = Trainer.objects.select_for_update(no_key=True, of=("self",)).get(pk=trainer.pk)
        trainer.feed_version += 1
        trainer.save(update_fields=["feed_version"])
        journal.record(by=by, action="training.rotate_feed", subject=trainer, now=now)
    return trainer


def plan_class(*, type: SessionType, trainer: Trainer, starts_at: datetime, by: Person, now: datetime) -> Session:
    """A date of a class. Raises CannotSetUp where its trainer is taken, does not give it, or the time is past."""
    _own_or_all(trainer, by, now)
    if not type.is_class:
        raise CannotSetUp("Only classes have dates that we set.")
    if starts_at <= now:
        raise CannotSetUp("Choose a time ahead.")
    if not type.trainers.filter(pk=trainer.pk).exists():
        raise CannotSetUp(f"{trainer} does not give {type.name}.")
    try:
        with transaction.atomic():
            times.lock_trainers([trainer.pk])
            row = times.block(type=type, trainer_id=trainer.pk, starts_at=starts_at, seats=type.seats, now=now)
            journal.record(by=by, action="training.plan_class", subject=row, now=now)
    except IntegrityError as error:
        raise CannotSetUp(f"{trainer} has another session then.") from error
    return row


def is_within_hours(session: Session) -> bool:
    """Whether the trainer's own hours cover it: a page warns where they do not."""
    hours = open_hours_of(session.trainer, session.starts_at, session.ends_at)
    return any(start <= session.starts_at and end >= session.ends_at for start, end in hours)


def _own_or_all(trainer: Trainer, by: Person, now: datetime) -> None:
    """A trainer sees to their own hours, a lead to everybody's."""
    access.require(by, "training.give" if trainer.person_id == by.pk else "training.set_up", trainer, now=now)


def _known(zone: str) -> None:
    if zone not in zone_names():
        raise CannotSetUp("Choose a time zone from the list.")


def _slug(name: str) -> str:
    stem = slugify(name)[:50] or "training"
    taken = set(SessionType.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    free = (slug for slug in [stem, *(f"{stem}-{number}" for number in range(2, MOST_SLUGS))] if slug not in taken)
    return next(free)


def weekly(trainer: Trainer) -> list[list[tuple[int, int]]]:
    """The week as it stands: for each day its spans."""
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for rule in trainer.rules.filter(first_on__isnull=True, last_on__isnull=True).order_by("opens"):
        week[rule.weekday].append((rule.opens, rule.closes))
    return week
