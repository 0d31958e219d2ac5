"""What must hold whatever was killed (security.md §2): checks in SQL that answer the rows in which it does not.

Work that waits is no violation until it should have been done: SLACK after its time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.storage import storages
from django.db import connection

from accounts.journal import JournalBroken, verify
from accounts.models import JournalEntry
from insights.desk import desk_zone
from mail.models import RawMail
from supportdesk.faults import (
    account_invariants,
    booking_invariants,
    day_invariants,
    desk_invariants,
    document_invariants,
    flow_invariants,
    money_invariants,
    programme_invariants,
    review_invariants,
    support_invariants,
    wiki_invariants,
)

SLACK = timedelta(minutes=10)
FILES_LOOKED_AT = 5_000


@dataclass(frozen=True)
class Violation:
    """One row in which an invariant does not hold."""

    invariant: str
    says: str
    row: str
    detail: str = ""


# Of money and documents: modules beside this one. Each answers rows of (row, detail). %(now)s is the time, %(late)s the
# time less SLACK, %(zone)s the desk's time zone.
CHECKS: tuple[tuple[str, str, str], ...] = (
    ("I1", "a mail that was taken in says what it became", """
        select 'rawmail:' || id, state from mail_rawmail where state = 'done' and outcome = ''"""),
    ("I1", "a mail that became words is exactly one message", """
        select 'rawmail:' || raw.id, count(message.id) || ' messages'
        from mail_rawmail raw left join tickets_message message on message.raw_id = raw.id
        where raw.state = 'done' and raw.outcome in ('ticket', 'reply', 'held', 'auto_reply')
        group by raw.id having count(message.id) <> 1"""),
    ("I1", "a mail that became something else has no message", """
        select 'rawmail:' || raw.id, raw.state || ' ' || raw.outcome
        from mail_rawmail raw join tickets_message message on message.raw_id = raw.id
        where not (raw.state = 'done' and raw.outcome in ('ticket', 'reply', 'held', 'auto_reply'))"""),
    ("I1", "a mail that waits is tried again in time", """
        select 'rawmail:' || id, 'attempts: ' || attempts from mail_rawmail
        where state = 'pending' and coalesce(next_attempt_at, received_at) < %(late)s"""),
    ("I1", "no ticket is without words", """
        select 'ticket:' || ticket.id, '' from tickets_ticket ticket
        where ticket.merged_into_id is null and not exists (
            select from tickets_message message where message.ticket_id = ticket.id) and not exists (
            select from tickets_call call where call.ticket_id = ticket.id
        ) and not (ticket.channel = 'agent' and ticket.last_message_id = 0)  -- a part of another ticket's work"""),
    ("I1", "a merged ticket is closed and its words are with its survivor", """
        select 'ticket:' || ticket.id, category from tickets_ticket ticket where merged_into_id is not null and (
            category <> 'closed' or exists (select from tickets_message where ticket_id = ticket.id))"""),
    ("I2", "a mail that goes out is in a known state", """
        select 'outgoing:' || id, state from mail_outgoingmail
        where state not in ('queued', 'sending', 'sent', 'failed', 'cancelled')"""),
    ("I2", "a mail that goes out ends as sent or failed", """
        select 'outgoing:' || id, state || ', attempts: ' || attempts from mail_outgoingmail
        where (state = 'queued' and next_attempt_at < %(late)s) or (state = 'sending' and leased_until < %(late)s)"""),
    ("I2", "a Message-ID names one mail", """
        select 'outgoing:' || min(id), count(*) || ' mails' from mail_outgoingmail
        group by message_id having count(*) > 1"""),
    ("I2", "a reply goes to a recipient once", """
        select source_key, to_address || ': ' || count(*) from mail_outgoingmail
        where kind in ('reply', 'acknowledgement') and source_key <> ''
        group by source_key, to_address, kind having count(*) > 1"""),
    ("I2", "a mail was accepted once", """
        select 'outgoing:' || mail_id, count(*) || ' times' from mail_deliveryevent
        where kind = 'accepted' group by mail_id having count(*) > (
            select greatest(1, count(*)) from mail_deliveryevent other
            where other.mail_id = mail_deliveryevent.mail_id and other.kind = 'bounced') + 1"""),
    ("I2", "an agent's message has its mails", """
        select 'message:' || message.id, delivery from tickets_message message
        where author = 'agent' and delivery not in ('none', 'cancelled') and not exists (
            select from mail_outgoingmail mail where mail.source_key = 'message:' || message.id) and not exists (
            select from tickets_passedmessage passed where passed.message_id = message.id) and not exists (
            select from timers_timer timer where timer.done_at is null and timer.subject = message.id
            and timer.kind = 'tickets.delivery_sent')"""),
    ("I2", "an answer by SMS or chat is passed on or says why not", """
        select 'passed:' || passed.id, passed.state || ', but ' || message.delivery
        from tickets_passedmessage passed join tickets_message message on message.id = passed.message_id
        where not is_incoming and message.delivery <> case passed.state
            when 'pending' then 'pending' when 'sending' then 'pending' else passed.state end"""),
    ("I2", "a message knows what became of its mails", """
        select 'message:' || message.id, message.delivery || ', but ' || string_agg(distinct mail.state, ' ')
        from tickets_message message join mail_outgoingmail mail on mail.source_key = 'message:' || message.id
        where message.author = 'agent' and not exists (
            select from timers_timer timer where timer.done_at is null and timer.subject = message.id
            and timer.kind in ('tickets.delivery_sent', 'tickets.delivery_failed'))
        group by message.id having message.delivery <> case
            when bool_or(mail.state = 'failed') then 'failed'
            when bool_or(mail.state in ('queued', 'sending')) then 'pending'
            when bool_and(mail.state = 'cancelled') then 'cancelled' else 'sent' end"""),
    ("I3", "a timer is answered in time or says why not", """
        select 'timer:' || id, kind || ' of ' || subject || ', due ' || due_at from timers_timer
        where done_at is null and due_at < %(late)s and last_error = ''"""),
    ("I3", "a clock is noticed once for each due time", """
        select 'ticket:' || ticket_id, clock || ' ' || kind || ': ' || count(*) from tickets_clocknotice
        group by ticket_id, clock, kind, due_at having count(*) > 1"""),
    ("I3", "an overdue clock is told once", """
        select 'ticket:' || event.ticket_id, count(*) || ' events' from tickets_ticketevent event
        where event.kind = 'overdue' group by event.ticket_id having count(*) > (
            select count(*) from tickets_clocknotice notice where notice.ticket_id = event.ticket_id
            and notice.kind = 'broken' and notice.clock <> 'follow_up')"""),
    ("I3", "an unsolved ticket has a next action", """
        select 'ticket:' || id, category from tickets_ticket where category <> 'closed' and next_action_at is null"""),
    ("I3", "an unsolved ticket is looked at again", """
        select 'ticket:' || ticket.id, category || ', visit ' || visit from tickets_ticket ticket
        where category <> 'closed' and not exists (
            select from timers_timer timer where timer.kind = 'tickets.look' and timer.subject = ticket.id
            and timer.visit = ticket.visit and timer.done_at is null)
        and not exists (
            select from tickets_clocknotice notice where notice.ticket_id = ticket.id
            and notice.kind = 'left' and notice.due_at = ticket.next_action_at)"""),
    ("I3", "a ticket has one timer that looks", """
        select 'ticket:' || subject, count(*) || ' timers' from timers_timer
        where kind = 'tickets.look' and done_at is null group by subject having count(*) > 1"""),
    ("I10", "no note stands in a mail that went out", """
        select 'outgoing:' || mail.id, 'note ' || note.id
        from tickets_note note join mail_outgoingmail mail on mail.subject_key = 'ticket:' || note.ticket_id
        where length(note.text) > 20 and position(note.text in mail.subject || mail.text || mail.html) > 0
        union all
        select 'outgoing:' || mail.id, 'note ' || note.id
        from (select * from tickets_note where length(text) > 20 order by id desc limit 500) note
        join (select * from mail_outgoingmail order by id desc limit 2000) mail
        on mail.subject_key <> 'ticket:' || note.ticket_id
        and position(note.text in mail.subject || mail.text || mail.html) > 0"""),
)  # fmt: skip


def violations(*, now: datetime) -> Iterator[Violation]:
    """Every row in which an invariant does not hold at `now`; nothing when all hold. Reads only."""
    values: dict[str, datetime | str] = {"now": now, "late": now - SLACK, "zone": desk_zone().key}
    more = (
        money_invariants, document_invariants, review_invariants, desk_invariants, wiki_invariants, flow_invariants,
        account_invariants, booking_invariants, day_invariants, support_invariants, programme_invariants,
    )  # fmt: skip
    checks = (*CHECKS, *(check for module in more for check in module.CHECKS))
    for invariant, says, sql in checks:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall()
        for row, detail in rows:
            yield Violation(invariant, says, row, detail)
    yield from _lost_files()
    yield from _journal()


def _lost_files() -> Iterator[Violation]:
    """Mail that is still to be read needs its bytes; of the rest the newest are looked at."""
    storage = storages["files"]
    rows = RawMail.objects.select_related("file").order_by("-pk")
    for raw in [*rows.exclude(state="done")[:FILES_LOOKED_AT], *rows.filter(state="done")[:FILES_LOOKED_AT]]:
        if not storage.exists(raw.file.key):
            yield Violation("I1", "a mail that we took is still there", f"rawmail:{raw.pk}", raw.file.key)


def _journal() -> Iterator[Violation]:
    try:
        verify(JournalEntry.objects.order_by("number").iterator(chunk_size=2_000))
    except JournalBroken as broken:
        found = re.search(r"\d+", str(broken))
        yield Violation("I9", "the journal is whole", f"journal:{found[0] if found else '?'}", str(broken))
