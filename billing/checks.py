"""Payment settings that may be meant, but seldom are. What must not be is refused at the start: `gateways/keys.py`."""

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from billing.gateways import keys


@register(Tags.security)
def payments(app_configs, **kwargs) -> list[CheckMessage]:
    """W001, W002."""
    found: list[CheckMessage] = []
    if settings.IS_HTTPS and keys.is_sandbox():
        hint = "Set STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET: see billing/README.md."
        found.append(Warning("Payments are only played: no Stripe key is set.", hint=hint, id="billing.W001"))
    if not keys.is_sandbox() and not settings.STRIPE_WEBHOOK_SECRET:
        hint = "Set STRIPE_WEBHOOK_SECRET; until then payments are asked about once a minute and once a night."
        found.append(Warning("Nobody tells us what became of a payment.", hint=hint, id="billing.W002"))
    return found
