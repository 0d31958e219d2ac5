"""How often the doors may be tried (S46). Counted per address and place first, so that nobody locks others out."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.throttle import Limit, forgive, hit

TRIES_HERE = Limit("passwords for an address from one place", times=8, seconds=300)
TRIES_PLACE = Limit("passwords from one place", times=60, seconds=600)
TRIES_ADDRESS = Limit("passwords for an address", times=100, seconds=3600)
CODES_HERE = Limit("codes for an address from one place", times=5, seconds=900)
CODES_PLACE = Limit("codes from one place", times=40, seconds=3600)
GUESSES_PLACE = Limit("typed codes from one place", times=60, seconds=600)
PROOFS = Limit("proofs by one person", times=8, seconds=300)
INVITATIONS_PLACE = Limit("invitation links from one place", times=30, seconds=600)
RESETS_PLACE = Limit("links to set a password asked from one place", times=20, seconds=3600)
LINKS_PLACE = Limit("mailed links opened from one place", times=60, seconds=600)


def wait_for_password(request: HttpRequest, email: str, now: datetime) -> int:
    """Seconds to wait before a password for `email` is looked at; 0 when it may be.

    A try that is blocked for its address does not count for the place, so others there are not shut out.
    """
    place = network_of(client_ip(request))
    return (
        hit(TRIES_HERE, email, place, now=now) or hit(TRIES_PLACE, place, now=now) or hit(TRIES_ADDRESS, email, now=now)
    )


def password_was_right(request: HttpRequest, email: str) -> None:
    """Rightful tries do not add up. Only this one is taken back, so that guesses in between still count."""
    place = network_of(client_ip(request))
    forgive(TRIES_HERE, email, place)
    forgive(TRIES_PLACE, place)
    forgive(TRIES_ADDRESS, email)


def wait_for_code(request: HttpRequest, email: str, now: datetime) -> int:
    """Seconds to wait before a code is mailed to `email`; 0 when it may be."""
    place = network_of(client_ip(request))
    return hit(CODES_HERE, email, place, now=now) or hit(CODES_PLACE, place, now=now)


def wait_for_guess(request: HttpRequest, now: datetime) -> int:
    """Seconds to wait before a typed code is looked at."""
    return hit(GUESSES_PLACE, network_of(client_ip(request)), now=now)


def wait_for_invitation(request: HttpRequest, now: datetime) -> int:
    """Seconds to wait before an invitation link is looked up."""
    return hit(INVITATIONS_PLACE, network_of(client_ip(request)), now=now)


def wait_for_reset(request: HttpRequest, now: datetime) -> int:
    """Seconds to wait before a link to set a password is asked for from here."""
    return hit(RESETS_PLACE, network_of(client_ip(request)), now=now)


def wait_for_link(request: HttpRequest, now: datetime) -> int:
    """Seconds to wait before a mailed link is looked up."""
    return hit(LINKS_PLACE, network_of(client_ip(request)), now=now)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The page that says how long to wait."""
    minutes = -(-seconds // 60)
    response = render(request, "429.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response
