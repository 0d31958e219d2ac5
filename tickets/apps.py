"""The desk."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

import timers
from accounts import panels
from knowledgebase import template_text
from webhooks import registry as webhooks


def _lay_foundations(**_: object) -> None:
    from tickets.actions.setup.begin import lay_foundations  # noqa: PLC0415 - models load after this module

    lay_foundations()


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        """A fresh database gets the foundations of a desk; due things of tickets are answered here."""
        from tickets import (  # noqa: PLC0415 - models load after this module
            automation_timers,
            flow_timers,
            flow_words,
            support_timers,
        )
        from tickets import timers as handlers  # noqa: PLC0415 - the same
        from tickets.actions import given, publishing, telling_programs  # noqa: PLC0415 - the same
        from tickets.views import finding  # noqa: PLC0415 - the same

        timers.register("tickets.look", handlers.look)
        timers.register("tickets.delivery_failed", handlers.delivery_failed)
        timers.register("tickets.delivery_sent", handlers.delivery_sent)
        timers.register("tickets.recompute_level", handlers.recompute_level)
        timers.register("tickets.bulk", handlers.bulk)
        timers.register("tickets.import", handlers.import_waits)
        timers.register("tickets.publish_message", handlers.publish_message)
        timers.register("tickets.watched_message", handlers.watched_message)
        timers.register("tickets.watched_note", handlers.watched_note)
        timers.register("tickets.watched_close", handlers.watched_close)
        timers.register("tickets.rename_tag", handlers.rename_tag)
        timers.register("tickets.step_due", handlers.step_due, alone=True)
        timers.register("tickets.source_event", handlers.source_event, alone=True)
        timers.register("tickets.webhook_given_up", handlers.webhook_given_up)
        for event, label in (publishing.EVENTS | telling_programs.EVENTS).items():
            webhooks.register(event, label)
        automation_timers.register()
        flow_timers.register()
        support_timers.register()
        finding.register()
        given.listen()
        template_text.offer(flow_words.KNOWN)
        panels.register("ticket", panels.Panel("support", "Support and scope", "check", "desk:support"))
        panels.register("ticket", panels.Panel("caller", "Who is calling", "key", "desk:caller"))
        panels.register("ticket", panels.Panel("giving", "Refund, goodwill, discount", "refund", "desk:giving"))
        panels.register("ticket", panels.Panel("articles", "Articles", "book", "desk:articles"))
        post_migrate.connect(_lay_foundations, sender=self)
