"""Taking a trainer's time and giving it back. One trainer's row is locked by whoever does.

Everybody locks in this order: invoice, customer, trainers (by key), bookings, numbers, and the journal last. An
exclusion constraint keeps sessions apart whatever the code does; the lock is there so that of forty who want one hour,
39 are told so instead of dying of a deadlock between two rows that see each other.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q

from training import slots
from training.away import away_between
from training.models import Leave, Session, SessionType, Trainer
from training.refusals import JustTaken

TAKEN = "That time was just taken. These are the nearest that are free."


def lock_trainers(keys: Iterable[int]) -> None:
    """Let nobody else take or give back time of these trainers until the transaction ends."""
    list(Trainer.objects.select_for_update(no_key=True).filter(pk__in=set(keys)).order_by("pk").values_list("pk"))


def take(*, type: SessionType, starts_at: datetime, first: Iterable[int] = (), now: datetime) -> Session:
    """An hour of whoever is free then: of the trainers `first`, else of those with the fewest sessions ahead.

    Belongs in a transaction. Raises JustTaken, with what is free instead.
    """
    free = slots.free_trainers(type, starts_at, now)
    for trainer in _fairly(free, list(first), starts_at):
        session = _try(type, trainer, starts_at, now)
        if session:
            return session
    raise just_taken(type, starts_at, now)


def just_taken(type: SessionType, starts_at: datetime, now: datetime) -> JustTaken:
    """The refusal, with the nearest that are free as of now."""
    near = slots.nearest(type, starts_at, now)
    return JustTaken(TAKEN if near else "That time was just taken, and no other is free. Ask a person.", near)


def block(*, type: SessionType, trainer_id: int, starts_at: datetime, seats: int, now: datetime) -> Session:
    """A session of this trainer then, whatever their rules say. Raises IntegrityError where another one is on."""
    ends_at = starts_at + timedelta(minutes=type.minutes)
    blocked = DateTimeTZRange(starts_at, ends_at + timedelta(minutes=type.after_buffer))
    with transaction.atomic():
        return Session.objects.create(
            type=type, trainer_id=trainer_id, starts_at=starts_at, ends_at=ends_at, blocked=blocked, seats=seats,
            created_at=now,
        )  # fmt: skip


def give_back(session: Session) -> None:
    """The trainer's time is free again. The caller holds the trainer; given back twice, it is free once."""
    if session.is_on:
        session.is_on = False
        session.save(update_fields=["is_on"])


def _try(type: SessionType, trainer: int, starts_at: datetime, now: datetime) -> Session | None:
    """A savepoint around each: what is refused gives its lock back."""
    try:
        with transaction.atomic():
            lock_trainers([trainer])
            if trainer not in slots.free_trainers(type, starts_at, now):
                raise _Busy
            return block(type=type, trainer_id=trainer, starts_at=starts_at, seats=1, now=now)
    except (_Busy, IntegrityError, OperationalError):  # the last: somebody is at it for longer than we wait
        return None


class _Busy(Exception):
    """Somebody was quicker."""


def _fairly(free: list[int], first: list[int], starts_at: datetime) -> list[int]:
    if len(free) < 2:
        return free
    ahead = Trainer.objects.filter(pk__in=free).annotate(
        ahead=Count("sessions", filter=Q(sessions__is_on=True, sessions__ends_at__gt=starts_at - timedelta(days=7)))
    )
    load = dict(ahead.values_list("pk", "ahead"))
    return sorted(free, key=lambda key: (key not in first, load.get(key, 0), key))


def take_again(old: Session, now: datetime) -> Session | None:
    """The very time of a session that was given back, of the same trainer, where nobody has it since.

    Whoever had it once was inside notice and rules then, so only what is taken counts: by a session, by leave, or
    because the trainer gives none any more. The caller holds the trainer.
    """
    trainer = Trainer.objects.filter(pk=old.trainer_id, is_active=True, person__is_active=True).first()
    leave = Leave.objects.filter(trainer=old.trainer_id, starts_at__lt=old.ends_at, ends_at__gt=old.starts_at)
    if trainer is None or leave.exists() or away_between([trainer.person_id], old.starts_at, old.ends_at, now):
        return None
    try:
        return block(type=old.type, trainer_id=old.trainer_id, starts_at=old.starts_at, seats=old.seats, now=now)
    except IntegrityError:
        return None
