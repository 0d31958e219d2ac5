"""Addresses and letters: what comes in, what goes out, and what became of it."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 16


class MailConfig(AppConfig):
    name = "mail"
    verbose_name = "Mail"

    def ready(self) -> None:
        """Refuse to start with a door open to anybody (S35)."""
        from mail import checks  # noqa: PLC0415 - registers the checks once the apps are loaded

        if settings.MAIL_WEBHOOK_PROVIDERS and len(settings.WEBHOOK_SECRET) < SHORTEST_SECRET:
            raise ImproperlyConfigured(
                f"MAIL_WEBHOOK_PROVIDERS is set, so WEBHOOK_SECRET has to be set too, with at least {SHORTEST_SECRET}"
                " characters. Give the same secret to the provider as user:password of the webhook address."
            )
        checks.refuse_unproven_providers()
