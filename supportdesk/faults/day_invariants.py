"""What must hold of days and sources (I1), in SQL that answers the rows in which it does not. Shape: `CHECKS` there."""

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I1", "a date that was told as left for a day has its breach, and no date has two", """
        select 'ticket:' || notice.ticket_id, notice.due_at::text from tickets_clocknotice notice
        where notice.kind = 'left' and notice.noticed_at > (select min(noticed_at) from tickets_breach)
            and (select count(*) from tickets_breach breach where breach.ticket_id = notice.ticket_id
                and breach.due_at = notice.due_at) <> 1"""),
    ("I1", "nothing lies past its date for weeks without its breach", """
        select 'ticket:' || ticket.id, ticket.next_action_at::text from tickets_ticket ticket
        where ticket.category <> 'closed' and ticket.next_action_at < %(late)s::timestamptz - interval '21 days'
            and not exists (select from tickets_breach breach where breach.ticket_id = ticket.id
                and breach.due_at = ticket.next_action_at)"""),
    ("I1", "what a source told is on a ticket in time", """
        select 'event:' || event.id, event.external_id from tickets_inboundevent event
        where event.state = 'waiting' and event.received_at < %(late)s"""),
    ("I1", "an event that is done stands on its conversation's ticket", """
        select 'event:' || event.id, event.item_id from tickets_inboundevent event
        where event.state = 'done' and not exists (select from tickets_sourceitem item
            where item.source_id = event.source_id and item.external_id = event.item_id)"""),
    ("I1", "nothing is missing that is on a ticket", """
        select 'gap:' || gap.id, gap.external_id from tickets_sourcegap gap
        join tickets_dailycount count on count.id = gap.count_id
        join tickets_sourceitem item on item.source_id = count.source_id and item.external_id = gap.external_id
        where gap.state = 'missing' and item.ticket_id is not null"""),
    ("I1", "a start of the day that is done saw nothing missing", """
        select 'run:' || run.id, gap.external_id from tickets_dayrun run
        join tickets_deskday day on day.id = run.day_id
        join tickets_daycheck seen on seen.run_id = run.id
        join tickets_dailycount count on count.source_id = seen.source_id
        join tickets_sourcegap gap on gap.count_id = count.id
        where run.done_at is not null and gap.found_at < run.done_at and count.counted_at <= run.done_at
            and (gap.state = 'missing' or gap.settled_at > run.done_at)"""),
    ("I1", "whoever was not done when it was late was called late, once", """
        select 'day:' || day.id, 'open: ' || run.id from tickets_deskday day
        join tickets_dayrun run on run.day_id = day.id
        where day.alerted_at is not null and run.state = 'open'"""),
)  # fmt: skip
