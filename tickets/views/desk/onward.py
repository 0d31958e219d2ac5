"""What an agent sees when a ticket is dealt with: the next one, which their screen may hold already (U1)."""

import json

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tickets.access import tickets_for
from tickets.models import Ticket
from tickets.queries_desk.inbox import PAGE_SIZE, View, keys_of
from tickets.queries_desk.presence import taken
from tickets.views.desk.pages import Place, go
from tickets.views.desk.shelf import known_views, listing

# A screen names the page that it fetched ahead: its address, a space, and the ticket's visit.
HOLDS = "X-Ahead"


def go_onward(request: HttpRequest, ticket: Ticket, place: Place) -> HttpResponse:
    """To the ticket that followed, if it still belongs to the list; else to the list's first; else to the list.

    Tickets that somebody else has open are passed over while there is another. A screen that holds the page as it
    would be now is only told to show it.
    """
    now = timezone.now()
    base = tickets_for(request.user).exclude(pk=ticket.pk)
    here = listing(place, known_views(request.user, now), base, person=request.user, now=now)
    if here is None:
        return go(Place().list_address())
    found = _candidates(here.tickets, here.view, place)
    if not found:
        return go(Place(place.view, q=place.q).list_address())
    busy = taken(found, reader=request.user, now=now)
    following = next((pk for pk in found if pk not in busy), next(iter(found)))
    address = place.ticket_address(following)
    if request.headers.get(HOLDS) == f"{address} {found[following]}":
        return _show_what_you_hold(address)
    return go(address)


def _candidates(tickets: QuerySet, view: View, place: Place) -> dict[int, int]:
    """Numbers and visits of what could come next, the best first: a page of the list from `following` on, then round.

    One query; two where the page of the list has run empty.
    """
    rows = keys_of(tickets, view, place.after) or (keys_of(tickets, view) if place.after else [])
    at = next((index for index, (pk, _) in enumerate(rows) if pk == place.following), None)
    if at is None and place.following:  # it moved to another page, or out of the list
        elsewhere = tickets.filter(pk=place.following).values_list("pk", "visit")
        return dict([*elsewhere, *rows][:PAGE_SIZE])
    return dict([*rows[at or 0 :], *rows[: at or 0]])


def _show_what_you_hold(address: str) -> HttpResponse:
    """Nothing to swap: `static/js/ahead.js` puts in what it fetched."""
    told = json.dumps({"desk:ahead": {"path": address}})
    return HttpResponse(headers={"HX-Reswap": "none", "HX-Push-Url": "false", "HX-Trigger-After-Settle": told})
