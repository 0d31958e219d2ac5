"""Whether money is only played."""

from django.conf import settings


def is_on() -> bool:
    """No provider's key is set, or it is not to be used. Every page and every document then says so."""
    return settings.STRIPE_SANDBOX or not settings.STRIPE_SECRET_KEY
