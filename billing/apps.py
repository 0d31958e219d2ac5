"""Billing."""

from django.apps import AppConfig

from accounts import days, panels
from billing.choices import Notice


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        """Refuse to start where money could be mixed up. Make events, timers and checks known.

        Warn who stops the last invoice mail.
        """
        from billing import announce, checks  # noqa: F401, PLC0415 - models are there only now; checks register
        from billing import timers as handlers  # noqa: PLC0415 - the same
        from billing.actions import (  # noqa: PLC0415 - the same
            cancelled_accounts,
            given_back,
            notices,
            numbering,
            orders,
            paid,
            subscriptions,
        )
        from billing.gateways import keys  # noqa: PLC0415 - the same
        from billing.views import finding  # noqa: PLC0415 - the same
        from mail import seams  # noqa: PLC0415 - the same

        keys.refuse_to_start_wrongly()
        announce.register()
        handlers.register()
        orders.listen()
        given_back.listen()
        cancelled_accounts.register()
        days.register(numbering.local_day)
        paid.register(subscriptions.invoice_paid)
        finding.register()
        panels.register("customer", panels.Panel("billing", "Invoices and orders", "receipt", "billing:requester"))
        for notice in Notice.values:
            seams.warn_who_stops(notice, notices.warning_for(notice))
