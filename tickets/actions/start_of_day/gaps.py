"""What is missing stops being missing: it arrived, was brought in from the export, or somebody explained it."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts import access
from accounts.journal import record
from accounts.models import Person
from tickets.models import DailyCount, SourceGap, SourceItem
from tickets.refusals import Refused
from tickets.source_choices import GapState

LONGEST = 500
SHORTEST = 5


class CannotSettle(Refused):
    """Nothing is missing there any more, or nobody said why it is not missing."""


def note_arrival(*, item: SourceItem, now: datetime) -> None:
    """A conversation has its ticket now: wherever it was missing, it is not. In the caller's transaction.

    Where a person counted more and nobody knew which, it is one of them.
    """
    missing = SourceGap.objects.select_for_update().filter(count__source=item.source_id, state=GapState.MISSING)
    for gap in missing.filter(external_id=item.external_id).order_by("pk"):
        _arrived(gap, now)
    within = missing.filter(external_id="", count__since_on__lte=item.opened_on, count__on__gte=item.opened_on)
    for gap in within.order_by("pk"):
        _arrived(gap, now)


def _arrived(gap: SourceGap, now: datetime) -> None:
    left = gap.how_many - 1
    settled = {"state": GapState.IMPORTED, "settled_at": now, "facts": _left_of(gap)}
    SourceGap.objects.filter(pk=gap.pk).update(**({"how_many": left} if left > 0 else settled))
    DailyCount.objects.filter(pk=gap.count_id).update(ours=F("ours") + 1)


def _left_of(gap: SourceGap) -> dict[str, str]:
    """What is still shown of it: nobody's words and no address."""
    return {"subject": gap.facts["subject"]} if gap.facts.get("subject") else {}


def explain(*, gap: SourceGap, words: str, by: Person, now: datetime) -> SourceGap:
    """Say why something that a source counts is not missing here. Raises CannotSettle and NotAllowed."""
    access.require(by, "tickets.work", now=now)
    said = " ".join(words.replace("\x00", "").split())
    if len(said) < SHORTEST:
        raise CannotSettle("Write why it is not missing, like “It was a test of ours”.")
    if len(said) > LONGEST:
        raise CannotSettle(f"Write it in at most {LONGEST} characters.")
    with transaction.atomic():
        row = SourceGap.objects.select_for_update().get(pk=gap.pk)
        if row.state != GapState.MISSING:
            raise CannotSettle("It is not missing any more.")
        row.state, row.words, row.by, row.settled_at = GapState.EXPLAINED, said, by, now
        row.facts = _left_of(row)
        row.save(update_fields=["state", "words", "by", "settled_at", "facts"])
        data = {"source": row.count.source_id, "id": row.external_id, "how_many": row.how_many}
        record(by=by, action="tickets.explain_gap", subject=row, data=data, now=now)
    return row
