"""What may be said of each source this morning: whether it works, what it counts, what we hold. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q

from mail.choices import RawState
from mail.models import RawMail
from tickets.models import DailyCount, DeskDay, InboundEvent, InboxSource, SourceGap, SourceItem
from tickets.source_choices import CheckState, EventState, GapState, SourceKind

# What came is worked on within seconds. Later it is missing.
WORKED_ON = timedelta(minutes=10)
MOST_NAMED = 20
MOST_GAPS = 200
MOST_COUNTS = 14


@dataclass(frozen=True)
class SourceStanding:
    """A source and what stands in the way of saying that nothing is missing. `problems` are sentences."""

    source: InboxSource
    state: str
    theirs: int | None
    ours: int
    since_on: date
    on: date
    gaps: list[SourceGap]
    waiting: int
    needs_count: bool
    is_silent: bool
    attested_name: str

    @property
    def is_clear(self) -> bool:
        """Nothing stands in the way."""
        return self.state == CheckState.CLEAR

    @property
    def missing(self) -> int:
        """How many things a source counts that we do not hold."""
        return sum(gap.how_many for gap in self.gaps) + self.waiting

    @property
    def problems(self) -> list[str]:
        """What has to be done, a sentence each."""
        found = []
        if self.gaps:
            ids = ", ".join(gap.external_id for gap in self.gaps[:MOST_NAMED] if gap.external_id)
            more = len(self.gaps) - MOST_NAMED
            named = f": {ids}{f' and {more} more' if more > 0 else ''}" if ids else ""
            found.append(
                f"{self.missing - self.waiting} missing here{named}. Bring it in, or say why it is not missing."
            )
        if self.waiting:
            words = "mail waits" if self.source.mailbox_id else "event waits"
            found.append(
                f"{self.waiting} {words if self.waiting == 1 else words.replace(' waits', 's wait')} for somebody."
            )
        if self.is_silent:
            heard_at = self.source.mailbox.last_fetched_at if self.source.mailbox else self.source.last_ok_at
            silent = "It never said anything" if heard_at is None else "It is silent"
            found.append(f"{silent}: nobody knows what came. Count there and say who counted.")
        elif self.needs_count and self.source.mailbox_id:
            found.append("Not counted yet. The desk counts its mail each night by itself: is a worker running?")
        elif self.needs_count:
            found.append(
                "Nobody has said how many came. Count there."
                if self.source.kind == SourceKind.OTHER
                else "It has not said how many came. Give its export, or count there."
            )
        return found


@dataclass(frozen=True)
class _Counted:
    """What is known of one source."""

    count: DailyCount | None
    gaps: list[SourceGap]
    waiting: int
    held: int


def standings(day: DeskDay, now: datetime) -> list[SourceStanding]:
    """Every active source, in the order of their names. Seven queries, however many there are."""
    sources = list(InboxSource.objects.filter(is_active=True).select_related("mailbox", "team").order_by("name"))
    until = day.on - timedelta(days=1)
    last = _last_counts(sources)
    gaps = _gaps(sources)
    waiting = _waiting(sources, now)
    held = _held(sources, last, until)
    return [
        _standing(source, _Counted(last.get(source.pk), gaps.get(source.pk, []), waiting.get(source.pk, 0),
                                   held.get(source.pk, 0)), day, until, now)
        for source in sources
    ]  # fmt: skip


def standing_of_source(source: InboxSource, day: DeskDay, now: datetime) -> SourceStanding | None:
    """The same of one; None for one that is switched off."""
    return next((one for one in standings(day, now) if one.source.pk == source.pk), None)


def first_uncounted(source: InboxSource) -> date:
    """The first day of which nobody has counted this source."""
    last = DailyCount.objects.filter(source=source).aggregate(last=Max("on"))["last"]
    return last + timedelta(days=1) if last else source.began_on


def _standing(source: InboxSource, known: _Counted, day: DeskDay, until: date, now: datetime) -> SourceStanding:
    count = known.count
    needs = (count.on if count else source.began_on - timedelta(days=1)) < until
    attested_today = bool(count and count.attested_at and count.attested_at >= day.begins_at)
    silent = is_silent(source, now) and not attested_today
    state = CheckState.CLEAR
    if needs or silent:
        state = CheckState.UNKNOWN
    if known.gaps or known.waiting:
        state = CheckState.MISSING
    since = count.on + timedelta(days=1) if count and needs else count.since_on if count else source.began_on
    theirs = None if needs or count is None else count.theirs if count.theirs is not None else count.attested
    return SourceStanding(
        source=source, state=state, theirs=theirs, ours=_ours(source, known, theirs, needs), since_on=since,
        on=until if needs or count is None else count.on, gaps=known.gaps, waiting=known.waiting, needs_count=needs,
        is_silent=silent, attested_name=count.attested_name if count and attested_today else "",
    )  # fmt: skip


def _ours(source: InboxSource, known: _Counted, theirs: int | None, needs: bool) -> int:
    """Of what they counted, what we hold now; before they counted, what came by itself."""
    if source.mailbox_id and theirs is not None:
        return max(0, theirs - known.waiting)
    return known.held if needs or known.count is None else known.count.ours


def is_silent(source: InboxSource, now: datetime) -> bool:
    """Whether a source that should prove itself has not, for longer than it may."""
    if source.freshness_minutes is None:
        return False
    at = source.last_ok_at
    if source.mailbox is not None:
        at = None if source.mailbox.last_error else source.mailbox.last_fetched_at
    return at is None or now - at > timedelta(minutes=source.freshness_minutes)


def _last_counts(sources: list[InboxSource]) -> dict[int, DailyCount]:
    rows = DailyCount.objects.filter(source__in=sources).order_by("source", "-on").distinct("source")
    return {row.source_id: row for row in rows}


def _gaps(sources: list[InboxSource]) -> dict[int, list[SourceGap]]:
    """What is missing, of whatever day."""
    found: dict[int, list[SourceGap]] = {}
    rows = SourceGap.objects.filter(count__source__in=sources, state=GapState.MISSING).select_related("count")
    for gap in rows.order_by("pk"):
        found.setdefault(gap.count.source_id, []).append(gap)
    return found


def _waiting(sources: list[InboxSource], now: datetime) -> dict[int, int]:
    """Mail that needs a person or was not worked on, and events likewise: of whatever day."""
    late = now - WORKED_ON
    events = InboundEvent.objects.filter(source__in=sources, state=EventState.WAITING, received_at__lt=late)
    found = dict(events.order_by().values("source").annotate(n=Count("pk")).values_list("source", "n"))
    mail = RawMail.objects.filter(Q(state=RawState.QUARANTINED) | Q(state=RawState.PENDING, received_at__lt=late))
    by_mailbox: dict[int | None, int] = dict(
        mail.order_by().values("mailbox").annotate(n=Count("pk")).values_list("mailbox", "n")
    )
    for source in sources:
        if source.mailbox is not None:
            found[source.pk] = by_mailbox.get(source.mailbox.pk, 0)
            found[source.pk] += by_mailbox.get(None, 0) if source.mailbox.is_default else 0
    return found


def _held(sources: list[InboxSource], last: dict[int, DailyCount], until: date) -> dict[int, int]:
    """How many conversations began in the days that nobody counted yet."""
    told = [source for source in sources if source.kind != SourceKind.MAILBOX]
    days = Q(pk__in=[])
    for source in told:
        count = last.get(source.pk)
        since = count.on + timedelta(days=1) if count else source.began_on
        days |= Q(source=source, opened_on__gte=since, opened_on__lte=until)
    rows = SourceItem.objects.filter(days, ticket__isnull=False).order_by().values("source").annotate(n=Count("pk"))
    return dict(rows.values_list("source", "n")) if told else {}


def gaps_of(source: InboxSource) -> list[SourceGap]:
    """What is missing, of whatever day, then what was settled lately. Two queries."""
    rows = SourceGap.objects.filter(count__source=source).select_related("count", "by")
    open_ones = list(rows.filter(state=GapState.MISSING).order_by("count__on", "pk")[:MOST_GAPS])
    return [*open_ones, *rows.exclude(state=GapState.MISSING).order_by("-settled_at", "-pk")[:MOST_NAMED]]


def counts_of(source: InboxSource) -> list[DailyCount]:
    """The last counts, the newest first. One query."""
    return list(DailyCount.objects.filter(source=source).select_related("attested_by").order_by("-on")[:MOST_COUNTS])
