"""What was noticed on a Customer Day, and what becomes of it: at most three, each with an owner and a date (B8)."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.access import NotAllowed, can
from accounts.journal import record
from accounts.models import Person
from insights.actions.customer_day import may_change
from insights.actions.telling import tell
from insights.models import CustomerDay, Observation, ObservationMove
from insights.programme_choices import LOOK_AFTER, NEED_WORDS, NEXT_STATES, DayState, ObservationState
from insights.queries_customer_day import today
from insights.refusals import Refused
from tickets.models import Ticket

MOST = 3
FURTHEST = timedelta(days=366)


class CannotObserve(Refused):
    """Three are enough, or it cannot go from here to there."""


@transaction.atomic
def observe(
    *, day: CustomerDay, words: str, owner: Person, due: date, by: Person, now: datetime, ticket: Ticket | None = None
) -> Observation:
    """Write one down; its owner is told. Raises CannotObserve, NotAllowed."""
    row = CustomerDay.objects.select_for_update(of=("self",)).select_related("person").get(pk=day.pk)
    if not may_change(by, row):
        raise NotAllowed("It is somebody else's Customer Day.")
    if row.state not in (DayState.WORKING, DayState.DEBRIEFED):
        raise CannotObserve("Begin the day first.")
    said = _clean(words)
    count = row.observations.count()
    if count >= MOST:
        raise CannotObserve("Three observations are the most: name those that matter.")
    if not owner.is_staff_member:
        raise CannotObserve("Its owner has to be somebody who works here.")
    if not today(now) <= due <= today(now) + FURTHEST:
        raise CannotObserve("Choose a date from today to a year from now.")
    found = Observation.objects.create(
        day=row, n=count + 1, words=said, owner=owner, due=due, ticket=ticket, made_at=now, moved_at=now
    )
    if owner != by:
        lines = [f"{by.shown_name} noticed: {said}", f"It is yours, up to {due.day} {due:%B %Y}.", "", _address(row)]
        tell([owner], "An observation of a Customer Day is yours", lines, about=f"observation:{found.pk}", now=now)
    record(by=by, action="insights.observe", subject=found, data={"owner": owner.pk}, now=now)
    return found


def may_move(person, observation: Observation) -> bool:
    """Its owner, who noticed it, and who looks after the programme."""
    return person.pk in (observation.owner_id, observation.day.person_id) or can(person, LOOK_AFTER)


@transaction.atomic
def move(*, observation: Observation, to: str, words: str, by: Person, now: datetime) -> Observation:
    """Take it on. What is over says why, or what it did. Raises CannotObserve, NotAllowed."""
    rows = Observation.objects.select_for_update(of=("self",)).select_related("day__person", "owner")
    row = rows.get(pk=observation.pk)
    if not may_move(by, row):
        raise NotAllowed("Its owner says how far it is.")
    state = ObservationState(row.state)
    if to not in NEXT_STATES.get(state, ()):
        raise CannotObserve(f"It is {state.label.lower()}, and cannot go there from here.")
    said = " ".join(words.replace("\0", "").split())[:500]
    if to in NEED_WORDS and len(said) < 3:
        why = "Say why it is declined." if to == ObservationState.DECLINED else "Say what it did, and how you know."
        raise CannotObserve(why)
    row.state, row.moved_at = to, now
    row.answer = said if to in NEED_WORDS else row.answer
    row.save(update_fields=["state", "moved_at", "answer"])
    ObservationMove.objects.create(observation=row, state=to, words=said, by=by, at=now)
    if row.day.person != by:
        line = f"What you noticed is {ObservationState(to).label.lower()} now: {row.words}"
        lines = [line, said, "", _address(row.day)]
        tell([row.day.person], "Your observation moved on", lines, about=f"observation:{row.pk}", now=now)
    record(by=by, action="insights.move_observation", subject=row, data={"to": str(to)}, now=now)
    return row


@transaction.atomic
def hand_over(*, observation: Observation, owner: Person, due: date, by: Person, now: datetime) -> Observation:
    """Another owner, or another date, who is told. Raises CannotObserve, NotAllowed."""
    rows = Observation.objects.select_for_update(of=("self",)).select_related("day")
    row = rows.get(pk=observation.pk)
    if not may_move(by, row):
        raise NotAllowed("Its owner hands it over.")
    if ObservationState(row.state) not in NEXT_STATES:
        raise CannotObserve("It is over.")
    if not owner.is_staff_member:
        raise CannotObserve("Its owner has to be somebody who works here.")
    if due != row.due and not today(now) <= due <= today(now) + FURTHEST:
        raise CannotObserve("Choose a date from today to a year from now.")
    is_new = owner.pk != row.owner_id
    row.owner, row.due = owner, due
    row.save(update_fields=["owner", "due"])
    if is_new and owner != by:
        lines = [f"{by.shown_name} hands you: {row.words}", "", _address(row.day)]
        tell([owner], "An observation of a Customer Day is yours", lines, about=f"observation:{row.pk}", now=now)
    record(by=by, action="insights.hand_over_observation", subject=row, data={"owner": owner.pk}, now=now)
    return row


def _clean(words: str) -> str:
    said = " ".join(words.replace("\0", "").split())
    if len(said) < 3:
        raise CannotObserve("Say what you noticed.")
    if len(said) > 500:
        raise CannotObserve("Say it in at most 500 characters.")
    return said


def _address(day: CustomerDay) -> str:
    return settings.SITE_URL + reverse("insights:customer_day_of", args=[day.pk])
