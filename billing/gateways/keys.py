"""Which keys are set, and what follows from them. Without a secret key everything runs in the sandbox."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

from billing import sandbox

SANDBOX_MARK = "sbx"


def is_sandbox() -> bool:
    """Whether payments are played."""
    return settings.STRIPE_SANDBOX or sandbox.is_on()


def is_live() -> bool:
    """Whether real money moves."""
    return not is_sandbox() and mode_of(settings.STRIPE_SECRET_KEY) == "live"


def takes_cards_at_stripe() -> bool:
    """Whether card numbers are typed into Stripe's own fields, which need Stripe's script."""
    return not is_sandbox() and bool(settings.STRIPE_PUBLISHABLE_KEY)


def mode_of(key: str) -> str:
    """`live` or `test`; "" for what is no key of Stripe's."""
    parts = key.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] in ("sk", "rk", "pk") and parts[1] in ("live", "test") else ""


def knows(provider_id: str | None) -> bool:
    """Whether the provider of now could know this id: what was kept while playing means nothing to Stripe."""
    return bool(provider_id) and (f"_{SANDBOX_MARK}" in str(provider_id)) == is_sandbox()


def webhook_secret() -> str:
    """What signs the posts to our webhook address. The sandbox signs with a secret of this desk's own."""
    if is_sandbox():
        return f"whsec_{salted_hmac('billing.sandbox.webhook', 'secret', algorithm='sha256').hexdigest()}"
    return settings.STRIPE_WEBHOOK_SECRET


def refuse_to_start_wrongly() -> None:
    """Raise ImproperlyConfigured where playing and real money could be mixed up, or posts could not be believed."""
    secret, published = settings.STRIPE_SECRET_KEY, settings.STRIPE_PUBLISHABLE_KEY
    if secret and not mode_of(secret):
        raise ImproperlyConfigured("STRIPE_SECRET_KEY is no key of Stripe's: it begins with sk_live_, sk_test_ or rk_.")
    if published and (not mode_of(published) or not published.startswith("pk_")):
        raise ImproperlyConfigured("STRIPE_PUBLISHABLE_KEY is no such key: it begins with pk_live_ or pk_test_.")
    if settings.STRIPE_SANDBOX and "live" in (mode_of(secret), mode_of(published)):
        raise ImproperlyConfigured("STRIPE_SANDBOX plays payments and a live key moves money: take one of them out.")
    if published and not secret:
        raise ImproperlyConfigured("STRIPE_PUBLISHABLE_KEY is set and STRIPE_SECRET_KEY is not: set both or none.")
    if secret and not settings.STRIPE_SANDBOX and mode_of(secret) != mode_of(published):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY have to be of one mode, both live or both test."
        )
    if mode_of(secret) == "live" and not settings.STRIPE_WEBHOOK_SECRET.startswith("whsec_"):
        raise ImproperlyConfigured(
            "A live key needs STRIPE_WEBHOOK_SECRET (whsec_…): without it nobody could tell Stripe's posts from forged"
            f" ones. Make an endpoint for {settings.SITE_URL}/hooks/stripe/ at Stripe and copy its secret."
        )
