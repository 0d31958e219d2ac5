"""Tickets that have to do with one another: related, duplicates, causes, blockers, parents and children."""

from datetime import datetime

from django.db import connection, transaction

from accounts.journal import record
from supportdesk.lib.locks import take_transaction_lock
from tickets import clocks
from tickets.actions.intake import clean, make_ticket
from tickets.actions.keeping import keep, locked, write_event
from tickets.actions.state import close_ticket
from tickets.choices import Category, Channel, RelationKind
from tickets.family import open_children
from tickets.models import ContactReason, Note, Team, Ticket, TicketRelation
from tickets.refusals import Refused

MOST_RELATIONS = 200
SENTENCES = {
    RelationKind.RELATED: ("Related to ticket {}", "Related to ticket {}"),
    RelationKind.PARENT: ("Parent of ticket {}", "Child of ticket {}"),
    RelationKind.DUPLICATE: ("Duplicate of ticket {}", "Ticket {} is a duplicate of this one"),
    RelationKind.CAUSE: ("Cause of ticket {}", "Caused by ticket {}"),
    RelationKind.BLOCKS: ("Blocks ticket {}", "Blocked by ticket {}"),
}
# Whether a ticket is reached again by following a relation from it.
LEADS_BACK = """
with recursive below(id) as (
  select other_id from tickets_ticketrelation where kind = %(kind)s and one_id = %(other)s
  union
  select row.other_id from tickets_ticketrelation as row join below on row.one_id = below.id where row.kind = %(kind)s
)
select exists(select from below where id = %(one)s)
"""


class CannotRelate(Refused):
    """The two cannot be tied together like this."""


@transaction.atomic
def relate(*, one: Ticket, other: Ticket, kind: str, by, now: datetime) -> TicketRelation:
    """Say what `one` is to `other`. Said already: the same row is answered. Raises CannotRelate.

    No ticket has two parents, and none is its own ancestor, blocker or cause: such ties are made one at a time.
    """
    if kind not in RelationKind.values:
        raise CannotRelate("Choose one of the ways in which tickets belong together.")
    if one.pk == other.pk:
        raise CannotRelate("A ticket has nothing to do with itself.")
    take_transaction_lock("tickets.relations")
    rows = {pk: locked(pk) for pk in sorted((one.pk, other.pk))}
    one, other = rows[one.pk], rows[other.pk]
    if kind == RelationKind.RELATED and one.pk > other.pk:
        one, other = other, one
    known = TicketRelation.objects.filter(one=one, other=other, kind=kind).first()
    if known:
        return known
    _check(one, other, kind)
    relation = TicketRelation.objects.create(kind=kind, one=one, other=other, by=by, made_at=now)
    for row, far, sentence in zip((one, other), (other, one), SENTENCES[RelationKind(kind)], strict=True):
        write_event(row, kind="related", text=f"{sentence.format(far.pk)}, says {by.shown_name}.", by=by, now=now)
        keep(row, promise=clocks.promise_for(row), now=now)
    record(by=by, action="tickets.relate", subject=one, data={"kind": kind, "other": other.pk}, now=now)
    return relation


@transaction.atomic
def unrelate(*, relation: TicketRelation, by, now: datetime) -> None:
    """End it. Ended already: nothing happens."""
    take_transaction_lock("tickets.relations")
    rows = [locked(pk) for pk in sorted((relation.one_id, relation.other_id))]
    if not TicketRelation.objects.filter(pk=relation.pk).delete()[0]:
        return
    for row in rows:
        far = relation.other_id if row.pk == relation.one_id else relation.one_id
        words = f"{by.shown_name} untied it from ticket {far}."
        write_event(row, kind="related", text=words, by=by, now=now)
        keep(row, promise=clocks.promise_for(row), now=now)
    data = {"kind": relation.kind, "other": relation.other_id}
    record(by=by, action="tickets.unrelate", subject=rows[0], data=data, now=now)


@transaction.atomic
def open_child(
    *,
    parent: Ticket,
    subject: str,
    text: str,
    by,
    now: datetime,
    team: Team | None = None,
    assignee=None,
    for_customer: bool = False,
) -> Ticket:
    """A part of `parent` as a ticket of its own. `text` becomes a private note: nothing here is mailed to anybody.

    Its requester is `by`, and only staff see it, unless it is `for_customer`: then the parent's requester sees that it
    exists and what it is called. Raises CannotRelate.
    """
    if not subject.strip():
        raise CannotRelate("The child needs a subject.")
    if assignee is not None and not assignee.is_staff_member:
        raise CannotRelate(f"{assignee.shown_name} is not on the staff.")
    child = make_ticket(
        requester=parent.requester if for_customer else by,
        organisation=parent.organisation if for_customer else None,
        subject=subject,
        channel=Channel.AGENT,
        now=now,
        team=team or parent.team,
        mailbox=parent.mailbox,
        priority=parent.priority,
        type=parent.type,
        proof=None,
    )
    child.assignee, child.is_unread = assignee, False
    keep(child, promise=clocks.promise_for(child), now=now)
    if clean(text).strip():
        Note.objects.create(ticket=child, person=by, text=clean(text), created_at=now)
    write_event(child, kind="opened", text=f"Opened by {by.shown_name}.", by=by, now=now)
    relate(one=parent, other=child, kind=RelationKind.PARENT, by=by, now=now)
    return child


@transaction.atomic
def close_family(
    *, ticket: Ticket, by, now: datetime, reason: ContactReason | None = None, unanswered: bool = False
) -> int:
    """Close the open children and then `ticket`; answers how many children that were. Raises as `close_ticket` does."""
    children = open_children(ticket)
    for pk in sorted([ticket.pk, *children]):
        locked(pk)
    for pk in children:
        child = Ticket.objects.get(pk=pk)
        close_ticket(ticket=child, by=by, now=now, reason=reason, is_alone=True, unanswered=unanswered)
    close_ticket(ticket=ticket, by=by, now=now, reason=reason, unanswered=unanswered)
    return len(children)


def _check(one: Ticket, other: Ticket, kind: str) -> None:
    for row in (one, other):
        if row.merged_into_id:
            raise CannotRelate(
                f"Ticket {row.pk} was merged into ticket {row.merged_into_id}. Choose ticket {row.merged_into_id}."
            )
        if row.relations_out.count() + row.relations_in.count() >= MOST_RELATIONS:
            raise CannotRelate(f"Ticket {row.pk} is tied to {MOST_RELATIONS} others already, which is as many as go.")
    if kind == RelationKind.RELATED:
        return
    if kind == RelationKind.PARENT:
        _check_parent(one, other)
    with connection.cursor() as cursor:
        cursor.execute(LEADS_BACK, {"kind": kind, "one": one.pk, "other": other.pk})
        if cursor.fetchone()[0]:
            raise CannotRelate(f"Ticket {other.pk} leads back to ticket {one.pk} already: this would go in a circle.")


def _check_parent(parent: Ticket, child: Ticket) -> None:
    known = TicketRelation.objects.filter(kind=RelationKind.PARENT, other=child).first()
    if known:
        raise CannotRelate(f"Ticket {child.pk} is a child of ticket {known.one_id} already. Untie it there first.")
    if parent.category == Category.CLOSED and child.category != Category.CLOSED:
        raise CannotRelate(f"Ticket {parent.pk} is closed. Open it again before it gets an open child.")
