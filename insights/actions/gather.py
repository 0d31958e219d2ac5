"""Bring the facts up to date with the desk, and count the days that changed.

Nobody has to tell: a ticket's facts are gathered again when its `updated_at` or `visit` is another than theirs. All
facts of a ticket are replaced in one transaction, and a day is counted anew from its facts, so that running twice,
late, or after a kill in the middle ends in the same figures.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from insights import queries
from insights.actions.drivers import count_dirty_months
from insights.actions.survey import plan_surveys
from insights.actions.survey_months import count_survey_months
from insights.desk import Promises, read_promises
from insights.facts import Story
from insights.models import Answer, DirtyDay, DirtyMonth, Figure, Gathered, Handled, Progress, Turn
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

LOCK = "insights.gather"
BATCH = 500
# A transaction that began long ago may still commit changes with its own, older time.
OVERLAP = timedelta(hours=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

COUNT = """
insert into insights_figure (
    "on", team_id, dimension, key, opened, contacts, closed, reopened, closed_soon, closed_unanswered, solved,
    solved_promised, solved_kept, answers, first_answers, first_promised, first_kept, next_promised, next_kept)
select %(on)s, team_id, dimension, key, sum(opened), sum(contacts), sum(closed), sum(reopened), sum(closed_soon),
    sum(closed_unanswered), sum(solved), sum(solved_promised), sum(solved_kept), sum(answers), sum(first_answers),
    sum(first_promised), sum(first_kept), sum(next_promised), sum(next_kept)
from (
    select fact.team_id, by.dimension, by.key,
        (kind = 'opened')::int as opened, is_contact::int as contacts, (kind = 'closed')::int as closed,
        (kind = 'reopened')::int as reopened, (kind = 'closed' and is_soon)::int as closed_soon,
        (kind = 'closed' and is_unanswered)::int as closed_unanswered, (solved_in is not null)::int as solved,
        (in_time is not null)::int as solved_promised, coalesce(in_time, false)::int as solved_kept,
        0 as answers, 0 as first_answers, 0 as first_promised, 0 as first_kept, 0 as next_promised, 0 as next_kept
    from insights_turn as fact, lateral ({by}) as by where "on" = %(on)s
    union all
    select fact.team_id, by.dimension, by.key, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        1, is_first::int, (is_first and in_time is not null)::int, (is_first and coalesce(in_time, false))::int,
        (not is_first and in_time is not null)::int, (not is_first and coalesce(in_time, false))::int
    from insights_answer as fact, lateral ({by}) as by where "on" = %(on)s
) as counted
group by team_id, dimension, key
"""
BY = """
    select 'all' as dimension, '' as key
    union all select 'team', fact.team_id::text
    union all select 'channel', fact.channel
    union all select 'reason', coalesce(fact.reason_id::text, '')
    union all select 'person', fact.person_id::text where fact.person_id is not null
    union all select 'tag', left(tag, 60) from unnest(fact.tags) as tag
"""


def gather(
    *,
    now: datetime,
    limit: int = 20_000,
    is_thorough: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> int:
    """Gather what changed, at most about `limit` tickets, count the days that it touched; how many tickets.

    `is_thorough` looks at every ticket, since some come in with times of long ago: loaded, imported, restored. One at a
    time: whoever finds another at work leaves.
    """
    with try_lock(LOCK) as got:
        return _gather(now, limit, is_thorough, progress) if got else 0


def start_again() -> None:
    """Gather everything afresh at the next opportunity. Reports stay readable meanwhile."""
    Gathered.objects.all().delete()
    Progress.objects.update(seen_until=None)


def _gather(now: datetime, limit: int, is_thorough: bool, progress: Callable[[int], object]) -> int:
    promises, done = read_promises(), 0
    row, _ = Progress.objects.get_or_create(pk=1)
    if row.zone != promises.zone.key:
        if row.zone:
            start_again()
        row.seen_until, row.zone = None, promises.zone.key
        row.save(update_fields=["seen_until", "zone"])
    since = row.seen_until - OVERLAP if row.seen_until and not is_thorough else BEGINNING
    while done < limit:
        keys = queries.changed_since(since, size=BATCH)
        if not keys:
            Progress.objects.filter(pk=1).update(seen_until=now)
            break
        found = queries.stories(keys, promises, now=now)
        replace_facts(found, promises, now=now)
        since = max((story.ticket.updated_at for story in found), default=since)
        Progress.objects.filter(pk=1).update(seen_until=min(since, now))
        done += len(keys)
        progress(len(keys))
    count_dirty_days()
    count_dirty_months()
    count_survey_months(now=now, is_thorough=is_thorough)
    return done


@transaction.atomic
def replace_facts(stories: list[Story], promises: Promises, *, now: datetime) -> None:
    """Put the facts of these tickets in the place of those known, and plan surveys about fresh closings."""
    keys = [story.ticket.pk for story in stories]
    days = _forget(keys)
    turns, answers, handled = [], [], []
    for story in stories:
        more_turns, more_answers = story.facts(promises.zone)
        turns += more_turns
        answers += more_answers
        handled += [row for row in [story.handled(promises.zone, more_answers)] if row]
    Turn.objects.bulk_create(turns, batch_size=2_000)
    Answer.objects.bulk_create(answers, batch_size=2_000)
    Handled.objects.bulk_create(handled, batch_size=2_000)
    tickets = [story.ticket for story in stories]
    Gathered.objects.bulk_create(
        [Gathered(ticket=ticket, updated_at=ticket.updated_at, visit=ticket.visit) for ticket in tickets],
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["updated_at", "visit"],
    )
    days |= {fact.on for fact in (*turns, *answers, *handled)}
    DirtyDay.objects.bulk_create([DirtyDay(on=day) for day in sorted(days)], ignore_conflicts=True)
    plan_surveys(stories, promises, now=now)
    failpoint("insights.gather.written")


def count_dirty_days() -> int:
    """Count each day again whose facts changed; how many. A transaction a day."""
    days = list(DirtyDay.objects.order_by("on").values_list("on", flat=True))
    for day in days:
        with transaction.atomic(), connection.cursor() as cursor:
            DirtyDay.objects.filter(on=day).delete()
            DirtyMonth.objects.bulk_create([DirtyMonth(month=day.replace(day=1))], ignore_conflicts=True)
            Figure.objects.filter(on=day).delete()
            cursor.execute(COUNT.format(by=BY), {"on": day})
            failpoint("insights.count.counted")
    return len(days)


def _forget(keys: list[int]) -> set:
    days: set = set()
    with connection.cursor() as cursor:
        for table in ("insights_turn", "insights_answer", "insights_handled"):
            cursor.execute(f'delete from {table} where ticket_id = any(%s) returning "on"', [keys])  # noqa: S608 - ours
            days |= {day for (day,) in cursor.fetchall()}
    return days
