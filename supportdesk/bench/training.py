"""Finding a free time: twenty trainers over sixty days, their days half full, and the page on which one is chosen."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.choices import Role
from accounts.models import Grant, Person
from supportdesk.bench.client import spread
from supportdesk.bench.scene import session_of
from supportdesk.bench.shop import measure_page
from training import slots
from training.models import Rule, Session, SessionType, Trainer

TRAINERS = 20
DAYS = 60
ZONES = ("America/Toronto", "Europe/London", "Asia/Kolkata", "Pacific/Auckland")
BOOKED = (0, 2, 3, 5)  # of each day, the places of an hour and a quarter after nine that are taken


@dataclass(frozen=True)
class TrainingScene:
    """What is booked, and who books."""

    type: SessionType
    session: str


def set_training_scene(*, customer: Person, now: datetime) -> TrainingScene:
    """Twenty trainers in four zones with four sessions a day each, for sixty days."""
    type = SessionType.objects.create(slug="bench", name="Bench hour", created_at=now, updated_at=now)
    people = Person.objects.bulk_create(
        Person(email=f"trainer{number}@desk.load.example", name=f"Trainer {number}", created_at=now)
        for number in range(TRAINERS)
    )
    Grant.objects.bulk_create(Grant(person=one, role=Role.AGENT, granted_at=now) for one in people)
    trainers = Trainer.objects.bulk_create(
        Trainer(person=one, time_zone=ZONES[place % len(ZONES)], created_at=now) for place, one in enumerate(people)
    )
    type.trainers.set(trainers)
    Rule.objects.bulk_create(
        Rule(trainer=one, weekday=day, opens=opens * 60, closes=closes * 60)
        for one in trainers for day in range(5) for opens, closes in ((9, 12), (13, 18))
    )  # fmt: skip
    Session.objects.bulk_create(_sessions(type, trainers, now), batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE training_session, training_rule, training_trainer")
    return TrainingScene(type, session_of(customer))


def measure(scene: TrainingScene, host: str, port: int, *, staff: str, rounds: int) -> dict[str, dict]:
    """The page with every day and the times of the first, beside a bare view of 20 rows."""
    path = f"/training/book/{scene.type.slug}/"
    return {"training, choose a time": measure_page(path, scene.session, staff, host, port, rounds)}


def measure_search(scene: TrainingScene, *, rounds: int, now: datetime) -> dict[str, float]:
    """The search alone, in this process: milliseconds, and how many starts it found."""
    times, found = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        found = len(slots.free_starts(scene.type, now))
        times.append(time.perf_counter() - began)
    return {**spread(times), "starts": found, "sessions": Session.objects.filter(is_on=True).count()}


def _sessions(type: SessionType, trainers: list[Trainer], now: datetime) -> list[Session]:
    first = now.astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    hour, buffer = timedelta(minutes=type.minutes), timedelta(minutes=type.after_buffer)
    starts = [first + timedelta(days=day) + place * (hour + buffer) for day in range(DAYS) for place in BOOKED]
    return [
        Session(
            type=type, trainer=one, starts_at=start, ends_at=start + hour,
            blocked=DateTimeTZRange(start, start + hour + buffer), created_at=now,
        )
        for one in trainers for start in starts
    ]  # fmt: skip
