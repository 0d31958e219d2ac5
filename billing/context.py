"""What every page of the store may ask."""

from django.http import HttpRequest

from billing.gateways import keys


def store(request: HttpRequest) -> dict[str, bool]:
    """`is_sandbox`: payments are played, and the page says so."""
    return {"is_sandbox": keys.is_sandbox()}
