"""Taking back what one just did to a ticket."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from tickets.actions import deeds
from tickets.queries_desk.strip import deed_of
from tickets.views.desk.pages import Place, complain, go, say, worker_only


@require_POST
@worker_only
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a deed back and show its ticket."""
    deed, place = deed_of(request.user, pk), Place.of(request)
    if deed is None:
        raise Http404
    try:
        outcome = deeds.undo(deed=deed, by=request.user, now=timezone.now())
    except deeds.CannotUndo as refusal:
        complain(request, refusal)
    else:
        left = f" Somebody changed {' and '.join(outcome.left)} since, so that stays." if outcome.left else ""
        say(request, f"Taken back: ticket {deed.ticket_id}.{left}")
    return go(place.ticket_address(deed.ticket_id))
