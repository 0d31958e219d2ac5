"""What a person did a moment ago and may still take back, on whatever page they are: replies, deeds, bulk jobs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from tickets.choices import BulkState
from tickets.models import Deed

MOST = 5
# As long as a bulk job that is over stays in the strip; its own page offers the undo for longer.
JOB_SHOWN = timedelta(seconds=30)

SHOWN = """
select * from (
  select 'reply', message.id, ticket.id, coalesce(nullif(person.name, ''), person.email), message.created_at,
    message.sends_at, '', 0, 0, 0
  from tickets_message as message
  join tickets_ticket as ticket on ticket.id = message.ticket_id
  join accounts_person as person on person.id = ticket.requester_id
  where message.person_id = %(person)s and message.delivery = 'pending' and message.sends_at > %(now)s
    and message.later is null
  union all
  select 'deed', id, ticket_id, text, done_at, until, '', 0, 0, 0 from tickets_deed
  where by_id = %(person)s and undone_at is null and until > %(now)s
  union all
  select 'bulk', job.id, 0, job.words, coalesce(job.undone_at, job.began_at), job.ended_at + %(shown)s, job.state,
    job.total, items.settled, items.other
  from tickets_bulkjob as job, lateral (
    select count(*) filter (where (job.state in ('undoing', 'undone') and item.state <> 'done')
        or (job.state in ('running', 'done') and item.state <> 'waiting')) as settled,
      count(*) filter (where item.state in ('refused', 'left')) as other
    from tickets_bulkitem as item where item.job_id = job.id) as items
  where job.by_id = %(person)s
    and (job.state in ('running', 'undoing') or (job.state in ('done', 'undone') and job.ended_at > %(since)s))
) as shown (kind, pk, ticket, words, at, until, state, total, settled, other)
order by at desc, pk desc limit %(most)s
"""


@dataclass(frozen=True)
class Strip:
    """A line of the strip. `kind` is reply, deed or bulk; `until` is None while a job runs."""

    kind: str
    pk: int
    ticket: int
    words: str
    at: datetime
    until: datetime | None
    state: str = ""
    total: int = 0
    settled: int = 0
    other: int = 0

    @property
    def is_running(self) -> bool:
        """A job that is not through."""
        return self.state in (BulkState.RUNNING, BulkState.UNDOING)

    @property
    def can_be_undone(self) -> bool:
        """Whether the line has a button."""
        return self.state not in (BulkState.UNDOING, BulkState.UNDONE)

    @property
    def done(self) -> int:
        """Tickets on which it was done, or taken back."""
        return self.settled - self.other


def strips_of(person, now: datetime) -> list[Strip]:
    """The last thing first. One query."""
    values = {"person": person.pk, "now": now, "since": now - JOB_SHOWN, "shown": JOB_SHOWN, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(SHOWN, values)
        return [Strip(*row) for row in cursor.fetchall()]


def deed_of(person, pk: int) -> Deed | None:
    """A deed of the person's own; nobody else's is there for them."""
    return Deed.objects.filter(pk=pk, by=person).first() if 0 < pk < 2**63 else None
