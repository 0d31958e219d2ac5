"""Reports and surveys."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

import timers
from accounts import panels
from webhooks import registry as webhooks


def _lay_foundations(**_: object) -> None:
    from insights.actions.setup import lay_foundations  # noqa: PLC0415 - models load after this module

    lay_foundations()


class InsightsConfig(AppConfig):
    name = "insights"
    verbose_name = "Insights"

    def ready(self) -> None:
        """A fresh database gets the rules of its surveys; due surveys are answered here."""
        from insights import finding  # noqa: PLC0415 - models load after this module
        from insights import timers as handlers  # noqa: PLC0415 - the same

        finding.register()

        timers.register("insights.survey_due", handlers.survey_due)
        panels.register("ticket", panels.Panel("rating", "Rating", "smile", "insights:rating"))
        panels.register("ticket", panels.Panel("problem", "Problem", "flag", "insights:ticket_problem"))
        panels.register("article", panels.Panel("used", "Does it work?", "chart", "insights:article_used"))
        webhooks.register("rating.received", "A customer rated a ticket, or changed the rating")
        post_migrate.connect(_lay_foundations, sender=self)
