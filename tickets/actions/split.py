"""Take messages out of a ticket that is about two things, and put them back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.journal import record
from supportdesk.lib.failpoints import failpoint
from tickets import clocks
from tickets.actions.happenings import told_before
from tickets.actions.intake import SUBJECT_LENGTH, clean_line, make_ticket
from tickets.actions.keeping import keep, locked, move, write_event
from tickets.actions.merge import CannotMerge, count, merge
from tickets.actions.turning import recount, remember, restore
from tickets.choices import Author, Category, Delivery, MoveKind, RuleMoment, RunState
from tickets.models import Message, RuleRun, Ticket, TicketEvent, TicketMove
from tickets.refusals import Refused

# What may go: words that stand, and replies that have left.
SETTLED = (Delivery.NONE, Delivery.SENT, Delivery.FAILED)


class CannotSplit(Refused):
    """These messages cannot become a ticket of their own."""


class CannotUnsplit(Refused):
    """Somebody put them back already, or the ticket was merged away since."""


@transaction.atomic
def split(*, ticket: Ticket, messages: Sequence[int], subject: str, by, now: datetime) -> Ticket:
    """Make a ticket of its own of `messages` (keys), asked by whoever wrote the first of them.

    Its clocks count from when that was written. Where each message stood, a line says where it went. A later answer to
    one of them reaches the new ticket (`matching`). Rules that greet what comes in did so already. Raises CannotSplit.
    """
    row = locked(ticket)
    if not clean_line(subject):
        raise CannotSplit("The new ticket needs a subject.")
    chosen = _chosen(row, messages)
    asked = next((message for message in chosen if message.author == Author.CUSTOMER and message.person), None)
    made = TicketMove(kind=MoveKind.SPLIT, source=row, by=by, made_at=now, messages=[each.pk for each in chosen])
    made.before = {"source": remember(row)}
    new = make_ticket(
        requester=asked.person if asked else row.requester,
        subject=clean_line(subject)[:SUBJECT_LENGTH],
        channel=chosen[0].channel if asked else row.channel,
        now=chosen[0].created_at,
        team=row.team,
        mailbox=row.mailbox,
        organisation=row.organisation if asked is None or asked.person_id == row.requester_id else None,
        priority=row.priority,
        type=row.type,
    )
    new.assignee_id, new.tags = row.assignee_id, list(row.tags)
    told_before(new)
    Message.objects.filter(pk__in=made.messages).update(ticket=new.pk, is_apart=False, undo=None)
    _settle(new, now)
    _note_runs(row, new)
    failpoint("tickets.split.moved")
    made.target = new
    made.events = [_say_where(row, message, new, by).pk for message in chosen]
    promise = clocks.promise_for(row)
    recount(row, promise)
    keep(row, promise=promise, now=now)
    made.before["visits"] = {"source": row.visit, "target": new.visit}
    made.save()
    words = f"Split off from ticket {row.pk} by {by.shown_name}, with {count(len(chosen), 'message')}."
    write_event(new, kind="split", text=words, by=by, now=now)
    data = {"into": new.pk, "messages": len(chosen)}
    record(by=by, action="tickets.split", subject=row, data=data, now=now)
    return new


@transaction.atomic
def unsplit(*, ticket: Ticket, by, now: datetime) -> Ticket:
    """Put what was split off into `ticket` back where it was, with all that was said since; answers that ticket.

    What is left of `ticket` points there, as after a merge, so that later mails arrive. Raises CannotUnsplit.
    """
    made = TicketMove.objects.filter(kind=MoveKind.SPLIT, target=ticket.pk, undone_at=None).order_by("pk").first()
    if made is None:
        raise CannotUnsplit("This ticket was not split off, or somebody put it back already.")
    rows = {pk: locked(pk) for pk in sorted((made.source_id, made.target_id))}
    source = rows[made.source_id]
    undone = TicketMove.objects.filter(pk=made.pk, undone_at=None).update(undone_at=now, undone_by=by)
    if not undone:
        raise CannotUnsplit("Somebody put this ticket's messages back already.")
    try:
        merge(ticket=rows[made.target_id], into=source, by=by, now=now)
    except CannotMerge as refusal:
        raise CannotUnsplit(str(refusal)) from None
    TicketEvent.objects.filter(pk__in=made.events).delete()
    row = locked(source)
    said_since = row.messages.standing().filter(created_at__gt=made.made_at).exists()
    if source.visit == made.before["visits"]["source"] and not said_since:
        restore(row, made.before["source"])
        keep(row, promise=clocks.promise_for(row), now=now)
    record(by=by, action="tickets.unsplit", subject=row, data={"from": made.target_id}, now=now)
    return row


def _chosen(row: Ticket, keys: Sequence[int]) -> list[Message]:
    if row.merged_into_id:
        raise CannotSplit(f"This ticket was merged into ticket {row.merged_into_id}. Split that one.")
    rows = Message.objects.select_for_update(of=("self",)).filter(ticket=row, pk__in=set(keys))
    found = list(rows.select_related("person").order_by("created_at", "pk"))
    if not found:
        raise CannotSplit("Choose at least one message.")
    if len(found) != len(set(keys)):
        raise CannotSplit("One of these messages is no longer on this ticket. Look at it again.")
    if any(message.is_held for message in found):
        raise CannotSplit("A message that is held back has its own buttons. Decide about it first.")
    if any(message.delivery not in SETTLED for message in found):
        raise CannotSplit("A reply that is still on its way, or was taken back, cannot go to another ticket.")
    if not row.messages.standing().exclude(pk__in=[message.pk for message in found]).exists():
        raise CannotSplit("Leave at least one message here. To change what a ticket is about, change its subject.")
    if len({message.is_apart for message in found}) > 1:
        raise CannotSplit("These messages belong to two customers who do not read each other. Take one's at a time.")
    return found


def _settle(new: Ticket, now: datetime) -> None:
    """The state that the words leave: ours to answer, or the customer's turn."""
    promise = clocks.promise_for(new)
    recount(new, promise)
    new.is_unread = False
    if new.waiting_since is None:
        move(new, Category.WAITING, promise=promise, now=now)
    elif new.first_responded_at is not None:
        move(new, Category.OPEN, promise=promise, now=now)
    keep(new, promise=promise, now=now)


def _note_runs(row: Ticket, new: Ticket) -> None:
    """What rules on time did about these words is done: the customer hears of it once, not from each ticket."""
    runs = RuleRun.objects.filter(ticket=row, cause_at__isnull=False).exclude(state=RunState.WAITING).order_by("pk")
    RuleRun.objects.bulk_create(
        [
            RuleRun(
                rule_id=run.rule_id, version=run.version, ticket=new, cause=run.cause, at=run.at,
                cause_at=new.created_at if run.cause == RuleMoment.CREATED else run.cause_at,
                state=RunState.DONE, text=f"Done on ticket {row.pk}, from which this one was split off.",
            )
            for run in runs
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _say_where(row: Ticket, message: Message, new: Ticket, by) -> TicketEvent:
    """A line in the message's old place."""
    writer = message.from_name or (message.person.shown_name if message.person else message.from_address)
    words = f"A message from {writer[:120] or 'somebody'} went to ticket {new.pk}: {new.subject[:120]}"
    return write_event(row, kind="split", text=words, by=by, now=message.created_at)
