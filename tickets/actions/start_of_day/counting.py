"""Their count against ours: a day's export is compared id by id, and where there is none a person counts (B3, B4)."""

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import access
from accounts.journal import record
from accounts.models import Person
from supportdesk.lib.failpoints import failpoint
from tickets.actions.start_of_day.events import keep_events, lock_source, take_in_event
from tickets.actions.start_of_day.gaps import CannotSettle
from tickets.actions.start_of_day.mailboxes import arrived
from tickets.actions.start_of_day.writers import know_writers_of_items
from tickets.models import DailyCount, InboundEvent, InboxSource, SourceGap, SourceItem
from tickets.open_days import DeskClock, desk_clock
from tickets.queries_desk.sources import first_uncounted
from tickets.refusals import Refused
from tickets.source_choices import GapState, SourceKind
from tickets.sources.exports import BadExport, Export, read_export
from tickets.sources.facts import Facts

MOST = 1_000_000
LONGEST_NAME = 120


class CannotCount(Refused):
    """The file, the number or the day is none that could be compared. `field` is where it belongs."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


def take_export(
    *, source: InboxSource, content: bytes, by: Person | None, now: datetime, on: date | None = None
) -> tuple[DailyCount, Export]:
    """Compare a source's own list with what we hold, from the first day that nobody counted to `on`, else yesterday.

    What it holds of other days is compared too and not counted. The same file again changes nothing. `by` is None for
    the command of the server. Raises CannotCount and NotAllowed.
    """
    if by is not None:
        access.require(by, "tickets.work", now=now)
    if source.kind == SourceKind.MAILBOX:
        raise CannotCount("The desk counts its own mailboxes itself.", "file")
    try:
        export = read_export(source.kind, content)
    except BadExport as problem:
        raise CannotCount(str(problem), "file") from problem
    if not export.rows and export.bad_total:
        raise CannotCount(f"No row of the file could be read. {export.bad[0]}.", "file")
    return _compare(source, export, desk_clock(), on, by, now), export


@transaction.atomic
def _compare(
    source: InboxSource, export: Export, clock: DeskClock, on: date | None, by: Person | None, now: datetime
) -> DailyCount:
    row = lock_source(source.pk)
    since, until = _days(row, clock, on, now)
    opened = {key: clock.day_of(datetime.fromisoformat(facts.opened_at)) for key, facts in export.rows.items()}
    theirs = [key for key, day in opened.items() if since <= day <= until]
    wanted = [key for key, day in opened.items() if row.began_on <= day <= until]
    held = set(
        SourceItem.objects.filter(source=row, external_id__in=wanted, ticket__isnull=False).values_list(
            "external_id", flat=True
        )
    )
    ours = sum(key in held for key in theirs)
    facts = {"since_on": since, "theirs": len(theirs), "ours": ours, "counted_at": now}
    count, _ = DailyCount.objects.update_or_create(source=row, on=until, defaults=facts)
    known = set(
        SourceGap.objects.filter(count__source=row, external_id__in=wanted).values_list("external_id", flat=True)
    )
    SourceGap.objects.bulk_create(
        [
            SourceGap(count=count, external_id=key, facts=export.rows[key].as_json(), found_at=now)
            for key in wanted
            if key not in held and key not in known
        ]
    )
    _settle_unnamed(count, now)
    know_writers_of_items(source=row, rows=export.rows.values(), now=now)
    failpoint("tickets.source.counted")
    data = {"on": until.isoformat(), "theirs": len(theirs), "ours": ours, "unread": export.bad_total}
    record(by=by, action="tickets.take_export", subject=row, data=data, now=now)
    return count


def _days(source: InboxSource, clock: DeskClock, on: date | None, now: datetime) -> tuple[date, date]:
    """From the first day that nobody counted to `on`; of a day that was counted, the days of that count again."""
    until = on or clock.day_of(now) - timedelta(days=1)
    if until >= clock.day_of(now):
        raise CannotCount("A day is counted when it is over. Choose yesterday or earlier.", "on")
    if until < source.began_on:
        raise CannotCount("That was before this source began.", "on")
    first = first_uncounted(source)
    if first <= until:
        return first, until
    known = DailyCount.objects.filter(source=source, on__gte=until).order_by("on").first()
    if known is None:
        raise CannotCount("Nobody counted that day.", "on")
    return known.since_on, known.on


def attest(
    *, source: InboxSource, number: int, name: str, by: Person, now: datetime, held: int | None = None
) -> DailyCount:
    """A person looked into the source and counted what came, from the first day that nobody counted to yesterday.

    The name is whoever counted; it stays beside the number. `held` says how many of them are on tickets, for a place
    that tells the desk nothing. A mailbox is counted so while its server does not answer. More than we hold is missing
    until it is explained. Raises CannotCount and NotAllowed.
    """
    access.require(by, "tickets.work", now=now)
    who = " ".join(name.replace("\x00", "").split())[:LONGEST_NAME]
    if not who:
        raise CannotCount("Write the name of whoever counted.", "name")
    if not 0 <= number <= MOST:
        raise CannotCount("Enter a whole number from 0 to 1,000,000.", "number")
    with transaction.atomic():
        row = lock_source(source.pk)
        return _attested(row, number, who, held, by, now)


def _attested(source: InboxSource, number: int, who: str, held: int | None, by: Person, now: datetime) -> DailyCount:
    clock = desk_clock()
    until = clock.day_of(now) - timedelta(days=1)
    since = until
    if until >= source.began_on:  # on its first day nothing is counted yet, and its silence may be answered for
        since, until = _days(source, clock, None, now)
    known = DailyCount.objects.filter(source=source, on=until).first()
    ours = known.ours if known and known.theirs is not None else _held(source, clock, since, until, held, number)
    by_hand = {"attested": number, "attested_by": by, "attested_name": who, "attested_at": now, "ours": ours}
    count, _ = DailyCount.objects.update_or_create(
        source=source, on=until, defaults=by_hand, create_defaults={**by_hand, "since_on": since, "counted_at": now}
    )
    named = SourceGap.objects.filter(count=count).exclude(external_id="").exclude(state=GapState.IMPORTED).count()
    _note_lacking(count, number - ours - named, now)
    data = {"on": until.isoformat(), "number": number, "ours": count.ours}
    record(by=by, action="tickets.attest_source", subject=source, data=data, now=now)
    return count


def _held(source: InboxSource, clock: DeskClock, since: date, until: date, held: int | None, number: int) -> int:
    if source.kind == SourceKind.OTHER:
        return min(held or 0, number)
    if source.kind == SourceKind.MAILBOX:
        return arrived(source, clock, since, until)
    items = SourceItem.objects.filter(source=source, opened_on__gte=since, opened_on__lte=until)
    return items.filter(ticket__isnull=False).count()


def _note_lacking(count: DailyCount, lacking: int, now: datetime) -> None:
    """So many are missing and nobody knows which. What was explained before stays explained."""
    if lacking <= 0:
        _settle_unnamed(count, now)
        return
    gap, is_new = SourceGap.objects.get_or_create(
        count=count, external_id="", defaults={"how_many": lacking, "found_at": now}
    )
    if not is_new and not (gap.state == GapState.EXPLAINED and lacking <= gap.how_many):
        SourceGap.objects.filter(pk=gap.pk).update(
            how_many=lacking, state=GapState.MISSING, settled_at=None, words="", by=None, found_at=now
        )


def _settle_unnamed(count: DailyCount, now: datetime) -> None:
    """Somebody counted more, and now it has names or is here: the nameless rest is not missing beside them."""
    gaps = SourceGap.objects.filter(count=count, external_id="", state=GapState.MISSING)
    gaps.update(state=GapState.IMPORTED, settled_at=now)


def bring_in(*, gap: SourceGap, by: Person, now: datetime) -> None:
    """Open the ticket of something missing with what the export says of it. Raises CannotSettle and NotAllowed.

    It is the same event that a late post would bring, so whichever comes second does nothing.
    """
    access.require(by, "tickets.work", now=now)
    with transaction.atomic():
        lock_source(gap.count.source_id)  # before the gap, as whatever arrives does
        row = SourceGap.objects.select_for_update(of=("self",)).select_related("count__source").get(pk=gap.pk)
        if row.state != GapState.MISSING:
            raise CannotSettle("It is not missing any more.")
        if not row.facts:
            raise CannotSettle("Nobody knows which it is. Look for it in the source, or say why it is not missing.")
        source, facts = row.count.source, Facts.of(row.facts)
        keep_events(source=source, facts=[facts], now=now)  # a person's click proves no connector
        event = InboundEvent.objects.get(source=source, external_id=facts.event)
        take_in_event(event_id=event.pk, now=now)
        record(by=by, action="tickets.bring_in", subject=row, data={"id": row.external_id}, now=now)
