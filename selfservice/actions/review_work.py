"""A reviewer at work: a session a day, one request before them at a time, what they put behind the others (U35)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from billing.actions.numbering import local_day
from selfservice.models import ReviewClaim, ReviewRules, ReviewSession, ReviewSkip
from selfservice.review_queue import Item, Waiting, item_for, waiting_for

# A page that is open says so every 20 seconds. One that says nothing for so long is closed, and its time not counted.
STILL_OPEN = timedelta(seconds=60)
# Without script a page says nothing; so long it keeps what it shows.
LEASE = timedelta(minutes=5)
TRIES = 5


def rules() -> ReviewRules:
    """How the review goes, with what the model suggests where nobody said anything."""
    rows = ReviewRules.objects.select_related(
        "deputy", "credit_policy__space", "tax_policy__space", "refund_policy__space"
    )
    return rows.filter(pk=1).first() or ReviewRules(pk=1)


def session_for(*, person: Person, now: datetime) -> ReviewSession:
    """The session of `person` on this day of the seller's, begun where there is none."""
    session, _ = ReviewSession.objects.get_or_create(
        person=person, day=local_day(now), defaults={"started_at": now, "last_seen_at": now}
    )
    return session


def be_here(*, person: Person, now: datetime) -> ReviewSession:
    """A page of the review is open: its time counts, and what it shows stays taken."""
    session = session_for(person=person, now=now)
    gap = now - session.last_seen_at
    if gap > timedelta(0):
        counted = round(gap.total_seconds()) if gap <= STILL_OPEN else 0
        # Two windows of one person count once: whoever is second finds that it was seen later.
        rows = ReviewSession.objects.filter(pk=session.pk, last_seen_at=session.last_seen_at)
        if rows.update(last_seen_at=now, seconds=F("seconds") + counted):
            session.last_seen_at, session.seconds = now, session.seconds + counted
    ReviewClaim.objects.filter(person=person).update(until=now + LEASE)
    return session


def take_next(*, person: Person, session: ReviewSession, now: datetime) -> tuple[Item | None, Waiting]:
    """What `person` has before them, on whichever device, or else the next that nobody has; and all that waits."""
    waiting = waiting_for(person, now, session)
    if held := _held(person, waiting):
        return held, waiting
    for _ in range(TRIES):
        taken = next((item for item in waiting.items if _take(person, item, now)), None)
        if taken or not waiting.items:
            return taken, waiting
        waiting = waiting_for(person, now, session)  # colleagues took all of them in this moment
    return None, waiting


@transaction.atomic
def skip(*, person: Person, kind: str, subject: int, now: datetime) -> None:
    """Put a request behind the others for today. Nothing happens where it is not theirs to decide."""
    if item_for(person, kind, subject) is None:
        return
    session = session_for(person=person, now=now)
    ReviewSkip.objects.update_or_create(session=session, kind=kind, subject=subject, defaults={"at": now})
    ReviewClaim.objects.filter(person=person, kind=kind, subject=subject).delete()


def take_again(*, person: Person, kind: str, subject: int, now: datetime) -> None:
    """What was undone comes back before the person who undid it, unless a colleague has it now."""
    if item := item_for(person, kind, subject):
        ReviewSkip.objects.filter(session=session_for(person=person, now=now), kind=kind, subject=subject).delete()
        _take(person, item, now)


def finish(*, session: ReviewSession, now: datetime) -> None:
    """Nothing is left."""
    ReviewSession.objects.filter(pk=session.pk, finished_at__isnull=True).update(finished_at=now)


def _held(person: Person, waiting: Waiting) -> Item | None:
    """What they claimed last, if it still waits for them; a claim on anything else ends."""
    claim = ReviewClaim.objects.filter(person=person).order_by("-claimed_at", "-pk").first()
    if claim is None:
        return None
    for item in waiting.items:
        if (item.kind, item.pk) == (claim.kind, claim.subject):
            return item
    return item_for(person, claim.kind, claim.subject)  # further down than what was read


@transaction.atomic
def _take(person: Person, item: Item, now: datetime) -> bool:
    """Whether `person` has it before them now. Of two who ask at once, one does."""
    until = now + LEASE
    ReviewClaim.objects.bulk_create(
        [ReviewClaim(kind=item.kind, subject=item.pk, person=person, claimed_at=now, until=until)],
        ignore_conflicts=True,
    )
    rows = ReviewClaim.objects.filter(kind=item.kind, subject=item.pk)
    rows.filter(until__lte=now).update(person=person, claimed_at=now, until=until)
    if not rows.filter(person=person).update(until=until):
        return False
    ReviewClaim.objects.filter(person=person).exclude(kind=item.kind, subject=item.pk).delete()
    return True
