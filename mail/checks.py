"""Settings of mail that cannot work, said before the first mail is."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from mail.addresses import BadAddress, normalise
from mail.gateways import SendError, read_email_url
from mail.webhooks import PROVIDERS

SHORTEST_VAULT_KEY = 16


def refuse_unproven_providers() -> None:
    """Raise ImproperlyConfigured for a provider that we do not know, or whose signature we could not check (S35)."""
    unknown = sorted(set(settings.MAIL_WEBHOOK_PROVIDERS) - set(PROVIDERS))
    if unknown:
        raise ImproperlyConfigured(
            f"MAIL_WEBHOOK_PROVIDERS names {', '.join(unknown)}; known are {', '.join(sorted(PROVIDERS))}."
        )
    for name in settings.MAIL_WEBHOOK_PROVIDERS:
        missing = [key for key in PROVIDERS[name].keys if not settings.ANYMAIL.get(key)]
        if missing:
            raise ImproperlyConfigured(f"{name} signs its posts; to check them set {' and '.join(missing)}.")


@register
def check_mail_settings(**_: object) -> list[CheckMessage]:
    """EMAIL_URL, DEFAULT_MAIL_FROM and the vault's keys."""
    found: list[CheckMessage] = []
    if settings.EMAIL_URL:
        try:
            read_email_url(settings.EMAIL_URL)
        except SendError as error:
            found.append(Error(error.words, hint="Leave it empty to keep mail in VAR_DIR/outbox.", id="mail.E001"))
    try:
        normalise(settings.DEFAULT_MAIL_FROM)
    except BadAddress as error:
        found.append(Error(str(error), hint="DEFAULT_MAIL_FROM is one plain address.", id="mail.E002"))
    if any(len(key) < SHORTEST_VAULT_KEY for key in settings.MAIL_VAULT_KEYS):
        hint = f"Each key has at least {SHORTEST_VAULT_KEY} characters."
        found.append(Error("MAIL_VAULT_KEY is too short to protect anything.", hint=hint, id="mail.E003"))
    if settings.SMTP_HOST not in ("127.0.0.1", "localhost", "::1"):
        hint = "It has no TLS and no sign-in. Let a mail server stand before it."
        found.append(
            Warning(f"The SMTP listener is told to listen on {settings.SMTP_HOST}.", hint=hint, id="mail.W001")
        )
    return found
