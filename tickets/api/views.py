"""Tickets for programs: read, open, change, and the verbs of the desk."""

from collections.abc import Callable

from django.utils import timezone
from rest_framework.response import Response

from accounts.actions.people import find_or_create_person
from accounts.rest.call import Call
from accounts.rest.once import once
from supportdesk.lib.rest.fields import Body
from supportdesk.lib.rest.schema import operation
from supportdesk.lib.rest.views import ListView
from tickets.access import ticket_for, tickets_for
from tickets.actions import assign, details, follow_up, snooze, state
from tickets.actions.fields import change_with_fields
from tickets.actions.intake import open_ticket
from tickets.actions.readings import note_reading
from tickets.api import bodies
from tickets.api.filters import TicketFilters
from tickets.api.refusals import SaysWhy
from tickets.api.shown import TicketShown
from tickets.choices import Channel
from tickets.models import Ticket

SEE = ("tickets:read", "tickets.see")
WORK = ("tickets:write", "tickets.work")


def shown(request: Call, pk: int) -> dict:
    """A ticket as it is now."""
    return TicketShown(ticket_for(request.user, pk)).data


class Tickets(SaysWhy, ListView):
    tag = "Tickets"
    needs = {"GET": SEE, "POST": WORK}
    serializer_class = TicketShown
    filterset_class = TicketFilters
    sorts = ("-id", "id", "updated_at", "-updated_at", "next_action_at", "-next_action_at")
    queryset = Ticket.objects.none()

    @operation(
        "tickets_list",
        "List tickets",
        answer=TicketShown(many=True),
        description="The newest first. To follow what changes, sort by `updated_at` and ask with `updated_after` "
        "from a minute before the last one that you saw. Sorting by `next_action_at` leaves out closed tickets. "
        "`q` is what agents type into the search box; it needs `notes:read` as well.",
    )
    def get(self, request: Call) -> Response:
        rows = tickets_for(request.user).select_related(*TicketShown.Meta.related)
        by_date = "next_action_at" in request.query_params.get("sort", "")
        return self.page(rows.unsolved() if by_date else rows)

    @operation(
        "tickets_open",
        "Open a ticket",
        body=bodies.TicketBody,
        answer=TicketShown,
        status=201,
        once=True,
        description="For a customer, in their words. They get no mail by this; the first reply is their first.",
    )
    def post(self, request: Call) -> Response:
        said = self.read(bodies.TicketBody)
        return once(request, lambda: (201, _open(request, said)))


def _open(request: Call, said: dict) -> dict:
    now, wanted = timezone.now(), said.pop("tags", None)
    ticket = open_ticket(
        **{**said, "requester": find_or_create_person(**said["requester"], now=now)},
        channel=Channel.API,
        by=request.user,
        now=now,
    )
    if wanted:
        details.change(ticket=ticket, by=request.user, now=now, tags=wanted)
    return shown(request, ticket.pk)


class OneTicket(SaysWhy):
    tag = "Tickets"
    needs = {"GET": SEE, "PATCH": WORK}
    queryset = Ticket.objects.none()

    @operation("tickets_read", "Read a ticket", answer=TicketShown)
    def get(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        note_reading(ticket=ticket, by=request.user, now=timezone.now())
        return Response(TicketShown(ticket).data)

    @operation("tickets_change", "Change a ticket's details", body=bodies.ChangeBody, answer=TicketShown, refuses=True)
    def patch(self, request: Call, pk: int) -> Response:
        ticket = ticket_for(request.user, pk)
        change_with_fields(ticket=ticket, by=request.user, now=timezone.now(), **self.read(bodies.ChangeBody))
        return Response(shown(request, pk))


class Verb(SaysWhy):
    """One action on a ticket. It answers with the ticket as it is afterwards."""

    tag = "Tickets"
    needs = {"POST": WORK}
    queryset = Ticket.objects.none()

    def act(self, request: Call, pk: int, action: Callable, body: type[Body] = bodies.Nothing) -> Response:
        """Call `action` with what the body says."""
        ticket = ticket_for(request.user, pk)
        action(ticket=ticket, by=request.user, now=timezone.now(), **self.read(body))
        return Response(shown(request, pk))


class Assign(Verb):
    @operation("tickets_assign", "Hand a ticket to a person", body=bodies.AssignBody, answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, _assign, bodies.AssignBody)


def _assign(*, person, **said) -> None:
    assign.assign(to=person, **said)


class Close(Verb):
    @operation("tickets_close", "Close a ticket", body=bodies.CloseBody, answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, state.close_ticket, bodies.CloseBody)


class Reopen(Verb):
    @operation("tickets_reopen", "Open a ticket again", answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, state.reopen_ticket)


class Wait(Verb):
    @operation("tickets_wait", "Wait for the customer", answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, state.set_waiting)


class Hold(Verb):
    @operation("tickets_hold", "Put a ticket on hold", body=bodies.HoldBody, answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, state.put_on_hold, bodies.HoldBody)


class Snooze(Verb):
    @operation(
        "tickets_snooze", "Put a ticket away until a time", body=bodies.SnoozeBody, answer=TicketShown, refuses=True
    )
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, snooze.snooze, bodies.SnoozeBody)


class Wake(Verb):
    @operation("tickets_wake", "End a ticket's snooze", answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, snooze.wake)


class FollowUp(Verb):
    @operation("tickets_follow_up", "Set a follow-up", body=bodies.FollowUpBody, answer=TicketShown, refuses=True)
    def post(self, request: Call, pk: int) -> Response:
        return self.act(request, pk, follow_up.set_follow_up, bodies.FollowUpBody)
