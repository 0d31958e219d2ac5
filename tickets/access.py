"""The only doors by which a page, the API or a task reaches a ticket. A stranger finds nothing (S22)."""

from django.db.models import Q
from django.db.models.functions import Now
from django.http import Http404

from accounts.access import can
from tickets.merged import survivor_of
from tickets.models import (
    Attachment,
    BulkJob,
    InboxSource,
    Message,
    PassedMessage,
    ProcessRun,
    RunStep,
    SavedView,
    SourceGap,
    Ticket,
)
from tickets.models.channels import PASSED
from tickets.queries_desk.opened import opened
from tickets.queries_desk.processes import runs_for
from tickets.queries_desk.saved_views import seen_by
from tickets.querysets import PassedMessageQuerySet, TicketQuerySet


class NotFound(Http404):
    """There is nothing by that number that this person may see. Both cases look the same."""


def tickets_for(person) -> TicketQuerySet:
    """Every ticket that a member of staff may read; none for anybody else."""
    return Ticket.objects.all() if can(person, "tickets.see") else Ticket.objects.none()


def ticket_for(person, pk: int) -> Ticket:
    """A ticket for staff, with what `opened` reads beside it. Raises NotFound."""
    ticket = opened(pk, person) if can(person, "tickets.see") and 0 < pk < 2**63 else None
    if ticket is None:
        raise NotFound
    return ticket


def customer_ticket_for(person, pk: int) -> Ticket:
    """A ticket that a customer takes part in, or may see through their organisation. Raises NotFound.

    An address that was not proven sees nothing, whatever was mailed in its name (S10, S11).
    """
    if not person.is_authenticated or not person.is_active or person.email_verified_at is None:
        raise NotFound
    rows = Ticket.objects.visible(person).select_related("status", "requester", "team").distinct()
    try:
        return _one(rows, pk)
    except NotFound:
        return _one(rows, _survivor_for(person, pk))


def _survivor_for(person, pk: int) -> int:
    """Where a merged ticket of this customer goes on; 0 when it is no ticket of theirs, or goes nowhere."""
    if not 0 < pk < 2**63:
        return 0
    mine = Q(requester=person) | Q(pk__in=person.participations.values("ticket"))
    gone = Ticket.objects.filter(mine, pk=pk, merged_into__isnull=False).first()
    return survivor_of(gone) if gone else 0


def message_for(person, pk: int) -> Message:
    """A message for staff. Raises NotFound."""
    if not can(person, "tickets.see"):
        raise NotFound
    return _one(Message.objects.select_related("ticket", "person", "raw"), pk)


def attachment_for(person, pk: int) -> Attachment:
    """A file that a person may download: staff any, customers what was shown to them (S23). Raises NotFound.

    A reply inside its writer's undo window was shown to nobody yet, and what came by a merge from another customer's
    ticket is not theirs.
    """
    rows = Attachment.objects.select_related("file", "message", "note")
    if can(person, "tickets.see"):
        return _one(rows, pk)
    if not person.is_authenticated or not person.is_active or person.email_verified_at is None:
        raise NotFound
    mine = Ticket.objects.visible(person).values("pk")
    shown = Q(message__isnull=False, message__ticket__in=mine, message__is_held=False, message__is_apart=False)
    return _one(rows.filter(shown).exclude(message__delivery="cancelled").exclude(message__sends_at__gt=Now()), pk)


def outgoing_for(person, channel: str) -> PassedMessageQuerySet:
    """Our answers on SMS or chat, for programs of the staff. Raises NotFound for any other channel."""
    if channel not in PASSED or not can(person, "tickets.see"):
        raise NotFound
    rows = PassedMessage.objects.filter(channel=channel, is_incoming=False)
    return rows.select_related("conversation__handle", "message").prefetch_related("message__attachments")


def one_outgoing_for(person, channel: str, pk: int) -> PassedMessage:
    """One of them. Raises NotFound."""
    return _one(outgoing_for(person, channel), pk)


def run_for(person, pk: int) -> ProcessRun:
    """A run of a process that its reader reads, on a ticket that they see. Raises NotFound."""
    return _one(runs_for(person).select_related("ticket", "article__published", "revision"), pk)


def run_step_for(person, pk: int) -> RunStep:
    """One step of such a run. Raises NotFound."""
    rows = RunStep.objects.filter(run__in=runs_for(person))
    return _one(rows.select_related("run__ticket", "run__article", "step", "role"), pk)


def saved_view_for(person, pk: int) -> SavedView:
    """A saved view that a member of staff sees: their own, their teams' or everybody's. Raises NotFound."""
    if not can(person, "tickets.see"):
        raise NotFound
    return _one(seen_by(person).select_related("team", "owner"), pk)


def bulk_job_for(person, pk: int) -> BulkJob:
    """A bulk job of the person's own. Raises NotFound."""
    return _one(BulkJob.objects.filter(by=person), pk)


def source_for(person, pk: int) -> InboxSource:
    """A place in which customers write, for staff. Raises NotFound."""
    if not can(person, "tickets.see"):
        raise NotFound
    return _one(InboxSource.objects.select_related("mailbox", "team"), pk)


def gap_for(person, pk: int) -> SourceGap:
    """Something that a source counts and we do not hold, for staff. Raises NotFound."""
    if not can(person, "tickets.see"):
        raise NotFound
    return _one(SourceGap.objects.select_related("count__source"), pk)


def _one(rows, pk: int):
    row = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if row is None:
        raise NotFound
    return row
