"""The app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People"

    def ready(self):
        """Checks register themselves; timers of accounts are answered here."""
        from accounts import checks  # noqa: F401, PLC0415  checks register themselves once the apps are there
        from accounts import timers as handlers  # noqa: PLC0415  the actions load models

        handlers.register()
