"""The customer's own pages, and the daily review."""

from django.apps import AppConfig


class SelfserviceConfig(AppConfig):
    name = "selfservice"
    verbose_name = "Self-service"

    def ready(self) -> None:
        """Make the timers known; join bookings to what the desk does; say above which sum two people decide."""
        from billing import two_people  # noqa: PLC0415 - models are there only now
        from selfservice import timers as handlers  # noqa: PLC0415 - the same
        from selfservice.actions import bookings, review_work  # noqa: PLC0415 - the same

        handlers.register()
        bookings.listen()
        two_people.register(lambda: review_work.rules().second_credit_above)
