"""“Is this ticket from you?”: the page behind a claim link. Opening it changes nothing (S38); a button does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import hit
from tickets.actions.entitling import claims
from tickets.refusals import Refused
from tickets.views.customer.link import MADE_UP


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """What is claimed, and the two answers. Nobody is signed in by it (S37)."""
    now = timezone.now()
    try:
        link = claims.open_claim(token, now=now)
        if request.method == "POST":
            verb = claims.deny if request.POST.get("do") == "deny" else claims.confirm
            verb(link=link, now=now)
            context = {"ticket": link.claim.ticket, "is_theirs": verb is claims.confirm}
            return render(request, "tickets/customer/claim_done.html", context)
    except claims.UnknownClaim as refusal:
        wait = hit(MADE_UP, network_of(client_ip(request)), now=now)
        page = render(request, "tickets/customer/claim_over.html", {"words": refusal}, status=404)
        return too_soon(page, wait) if wait else page
    except Refused as refusal:
        return render(request, "tickets/customer/claim_over.html", {"words": refusal}, status=410)
    ticket, entitlement = link.claim.ticket, link.claim.entitlement
    context = {
        "ticket": ticket,
        "entitlement": entitlement,
        "whose": claims.whose(entitlement),
        "until": link.claim.expires_at,
        "person": link.person,
    }
    with timezone.override(link.person.time_zone):
        return render(request, "tickets/customer/claim.html", context)
