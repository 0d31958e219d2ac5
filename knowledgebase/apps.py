"""The wiki."""

from django.apps import AppConfig

import timers


class KnowledgebaseConfig(AppConfig):
    name = "knowledgebase"
    verbose_name = "Wiki"

    def ready(self) -> None:
        """The palette finds pages of the wiki, and an import that lost its worker gets another."""
        from knowledgebase import timers as handlers  # noqa: PLC0415 - the same
        from knowledgebase.views import finding  # noqa: PLC0415 - models load after this module

        finding.register()
        timers.register("knowledgebase.import", handlers.import_waits)
