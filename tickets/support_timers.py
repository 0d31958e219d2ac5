"""Entitlements and scope: what falls due, and what billing tells. An edge: each handler calls one action."""

from datetime import datetime

import timers
from billing.actions import paid, plan_starts
from tickets.actions.entitling import plans
from tickets.actions.scope import timing


def scope_warns(timer, now: datetime) -> None:
    """So many minutes of best effort are over."""
    timing.warn(ticket_id=timer.subject, now=now)


def register() -> None:
    """Called when the app is ready."""
    timers.register(timing.WARNS, scope_warns)
    plan_starts.register(plans.plan_started)
    paid.register(plans.invoice_paid)
    paid.register_given_back(plans.invoice_given_back)
    paid.register_taken_back(plans.invoice_given_back)
