"""Where a request comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104  a label, not an interface


def client_ip(request: HttpRequest) -> str:
    """The address of the visitor, counted from our side (S44).

    Each of the TRUSTED_PROXIES in front of us appends one entry to X-Forwarded-For; everything left of those was
    written by the visitor and is not believed. With no proxy the header is not read at all.
    """
    hops = settings.TRUSTED_PROXIES
    address = request.META.get("REMOTE_ADDR", "")
    if hops:
        written = [entry for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry.strip()]
        address = written[-hops] if len(written) >= hops else address
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return UNKNOWN


def network_of(ip: str) -> str:
    """What one visitor can hold: the address itself, or the /64 of an IPv6 address."""
    address = ipaddress.ip_address(ip)
    if address.version == 6:
        return str(ipaddress.ip_network(f"{ip}/64", strict=False).network_address)
    return ip
