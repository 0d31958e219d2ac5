"""What a browser does in the store, for tests."""

from django.test import Client

from billing.models import Price
from tests.factories.billing import OHIO


def hidden(response, name: str) -> str:
    """The value of a hidden field of the page."""
    return response.content.decode().split(f'name="{name}" value="', 1)[1].split('"', 1)[0]


def put(client: Client, price: Price, quantity: object = 1, **more):
    """The button of a product's page."""
    return client.post("/cart/add/", {"price": price.pk, "quantity": quantity, **more})


def answers(page, **more) -> dict:
    """What a browser sends back of a checkout page, with an address in Ohio."""
    sent = {name: hidden(page, name) for name in ("key", "version", "total")}
    return {**sent, "buyer": "self", "method": "transfer", **OHIO, **more}


def agreed(client: Client, **more) -> dict:
    """The checkout as far as the sum with its taxes: what the last button would send."""
    sent = answers(client.get("/checkout/"), **more)
    if sent["version"]:
        return sent
    return answers(client.post("/checkout/", sent), **more)


def order(client: Client, **more):
    """The whole checkout."""
    return client.post("/checkout/", agreed(client, **more))
