"""Telling visitors apart for a day, without keeping who they are: no cookie, no address."""

import ipaddress
from datetime import datetime

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from supportdesk.lib.client_address import client_ip, network_of

LENGTH = 32


def visitor_of(request: HttpRequest, now: datetime) -> str:
    """A keyed hash of who is signed in, else of the address, the browser and the day."""
    if request.user.is_authenticated:
        who = f"person {request.user.pk}"
    else:
        who = f"{client_ip(request)} {request.headers.get('User-Agent', '')[:300]} {now.date()}"
    return salted_hmac("wiki.visitor", who, algorithm="sha256").hexdigest()[:LENGTH]


def network_on(request: HttpRequest, revision: int) -> str:
    """A keyed hash of the network of a stranger, on one text alone; "" for who is signed in.

    "" as well for an address that is not of the internet: behind a proxy of ours it says nothing of the reader.
    """
    ip = client_ip(request)
    if request.user.is_authenticated or not ipaddress.ip_address(ip).is_global:
        return ""
    who = f"{network_of(ip)} {revision}"
    return salted_hmac("wiki.network", who, algorithm="sha256").hexdigest()[:LENGTH]
