"""The door for Stripe's posts. Wrong ones get 400 and leave nothing; right ones are kept and answered at once (S34)."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.actions import events
from billing.gateways import stripe as gateway
from billing.gateways.facts import BadEvent
from supportdesk.lib.audience import public

PLAIN = "text/plain; charset=utf-8"
LONGEST = 1024 * 1024


@public
@csrf_exempt  # its signature says who sends it
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """A signed event, over the raw body. Known ones are taken again, with no effect."""
    now = timezone.now()
    body = request.read(LONGEST + 1)
    if len(body) > LONGEST:
        return HttpResponse("This is too long for an event.", status=413, content_type=PLAIN)
    try:
        event = gateway.read_event(body, request.headers.get("Stripe-Signature", ""), now=now)
    except BadEvent as error:
        return HttpResponse(str(error), status=400, content_type=PLAIN)
    events.receive(event=event, now=now)
    return HttpResponse()
