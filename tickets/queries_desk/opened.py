"""A ticket with everything that its screens name beside it."""

from functools import cache
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, Model, OuterRef, Q, Subquery, Sum

from mail.models import Mailbox
from supportdesk.lib.compiled import CompiledRows, Gap
from tickets.choices import HeldState, MoveKind
from tickets.models import (
    Case,
    Draft,
    HeldReply,
    Note,
    ProcessRun,
    ServiceLevel,
    Status,
    Team,
    Ticket,
    TicketMove,
    TicketRelation,
)

# What is shown of the desk's own set-up. Joined, PostgreSQL would weigh the order of eight tables each time, which
# takes it ten times as long as to look a name up by its key.
SET_UP: dict[str, tuple[type[Model], str]] = {
    "team": (Team, "name"),
    "status": (Status, "name"),
    "mailbox": (Mailbox, "address"),
    "service_level": (ServiceLevel, "warn_at_percent"),
}


@cache
def _reading() -> CompiledRows[Ticket]:
    shown = {
        f"shown_{name}": Subquery(model._default_manager.filter(pk=OuterRef(name)).values(column))
        for name, (model, column) in SET_UP.items()
    }
    has = {
        "has_notes": Exists(Note.objects.filter(ticket=OuterRef("pk"))),
        "has_draft": Exists(Draft.objects.filter(ticket=OuterRef("pk"), person=Gap("person", BigIntegerField()))),
        "has_ties": _is_tied(),
        "run_mark": _mark(ProcessRun),
        "case_mark": _mark(Case),
        "held_mark": Subquery(
            HeldReply.objects.filter(ticket=OuterRef("pk"), state=HeldState.WAITING).order_by("-pk").values("pk")[:1]
        ),
    }
    rows = Ticket.objects.filter(pk=Gap("ticket", BigIntegerField())).annotate(**shown, **has)
    return CompiledRows(rows.select_related("requester", "assignee", "organisation"))


def _mark(model: type[Model]) -> Subquery:
    """A number that differs when a run or a case of the ticket was begun or changed; None without any."""
    rows = model._default_manager.filter(ticket=OuterRef("pk")).order_by().values("ticket")
    return Subquery(rows.annotate(mark=Sum("visit") + Count("pk")).values("mark"))


def look_again(ticket: Ticket) -> None:
    """This request may have changed what the ticket has."""
    vars(ticket).update(has_notes=True, has_ties=True, has_draft=True)


def _is_tied() -> Q:
    here = OuterRef("pk")
    standing = TicketMove.objects.filter(kind=MoveKind.SPLIT, undone_at=None)
    return (
        Q(Exists(TicketRelation.objects.filter(one=here)))
        | Q(Exists(TicketRelation.objects.filter(other=here)))
        | Q(Exists(standing.filter(source=here)))
        | Q(Exists(standing.filter(target=here)))
        | Q(Exists(Ticket.objects.filter(merged_into=here)))
    )


def opened(pk: int, reader) -> Ticket | None:
    """The ticket with its people, its organisation, and of the desk's set-up what SET_UP names. One query.

    `has_notes`, `has_ties` and `has_draft` (one of the reader's) say what its page need not ask for, `run_mark` and
    `case_mark` whether processes run on it and whether they changed, `held_mark` which reply is to be read first.
    """
    found = _reading().fetch({"ticket": pk, "person": reader.pk})
    if not found:
        return None
    ticket = found[0]
    for name, (model, column) in SET_UP.items():
        key: Any = getattr(ticket, f"{name}_id")
        shown = getattr(ticket, f"shown_{name}")
        row = None if key is None else model.from_db(ticket._state.db, ["id", column], [key, shown])
        ticket._state.fields_cache[name] = row
    return ticket
