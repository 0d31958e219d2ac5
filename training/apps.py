"""Training sessions that customers book themselves."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Make the timers, the palette's page and who teaches known, and hear of payments."""
        from accounts.backends import know_also  # noqa: PLC0415 - models are there only now
        from training import access  # noqa: PLC0415 - the same
        from training import timers as handlers  # noqa: PLC0415 - the same
        from training.actions import money  # noqa: PLC0415 - the same
        from training.views import finding  # noqa: PLC0415 - the same

        handlers.register()
        money.listen()
        finding.register()
        know_also("gives_training", access.gives_training)
