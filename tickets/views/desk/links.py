"""The secure links to a ticket: how many work, and a button that ends them all."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from tickets.access import ticket_for
from tickets.actions import links
from tickets.views.desk.pages import Place, form_page, go, say, worker_only


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def end_links(request: PersonRequest, pk: int) -> HttpResponse:
    """End every link, when a mail went where it should not have (S36). The next mail brings a fresh one."""
    ticket, place, now = ticket_for(request.user, pk), Place.of(request), timezone.now()
    if request.method == "POST":
        ended = links.revoke(ticket=ticket, by=request.user, now=now)
        say(request, f"{ended} secure link{'' if ended == 1 else 's'} to ticket {ticket.pk} ended.")
        return go(place.ticket_address(ticket.pk))
    context = {"ticket": ticket, "place": place, "back": place.ticket_address(ticket.pk)}
    return form_page(
        request, "tickets/desk/end_links.html", context | {"working": links.working(ticket=ticket, now=now)}
    )
