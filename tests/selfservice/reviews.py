"""Requests of every kind that wait for the daily review, and what the sweep does once it can no longer be undone."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.models import Person
from billing.actions import refund_requests
from billing.choices import CertificateKind, CreditOrigin, CreditState
from billing.models import Certificate, CreditRequest, Customer, RefundRequest
from selfservice.models import Decision
from tests.billing.money import GOOD, make_open_invoice, pay_with
from tests.factories.billing import make_customer
from timers.actions.sweep import sweep

_count = iter(range(1, 10**6))


def set_up_review() -> None:
    """The rules and reasons of a fresh desk, also after a test emptied every table."""
    import_module("selfservice.migrations.0002_rules_and_reasons").begin(apps, None)


def make_refund(amount: int = 10_000, **more: Any) -> RefundRequest:
    """A customer paid by card and wants all of it back."""
    now, card = more.pop("now", timezone.now()), more.pop("card", GOOD)
    invoice = make_open_invoice(amount=amount, **more)
    pay_with(invoice, card)
    return refund_requests.ask(
        invoice=invoice, why="damaged", words="The connector is cracked.", by=invoice.customer.person,
        key=f"ask{next(_count)}", now=now,
    )  # fmt: skip


def make_credit(asked_for: int = 500_000, customer: Customer | None = None, **more: Any) -> CreditRequest:
    """An application with the starter limit in use."""
    who = customer or make_customer()
    who.credit_state, who.credit_limit = CreditState.PROVISIONAL, 50_000
    who.save()
    values = {"origin": CreditOrigin.FORM, "by": who.person, "limit_before": 50_000, "opened_at": timezone.now()}
    return CreditRequest.objects.create(
        customer=who, key=f"credit{next(_count)}", asked_for=asked_for, currency="USD", **{**values, **more}
    )


def make_certificate(customer: Customer | None = None, **more: Any) -> Certificate:
    """An exemption for Ohio that counts and was not checked."""
    who = customer or make_customer()
    values = {"kind": CertificateKind.US_STATE, "country": "US", "region": "OH", "purchaser": who.name,
              "by": who.person, "uploaded_at": timezone.now()}  # fmt: skip
    return Certificate.objects.create(customer=who, key=f"certificate{next(_count)}", **{**values, **more})


def press(client: Client, row: CreditRequest | Certificate | RefundRequest, **typed: Any):
    """Send the form of one item, as the screen does."""
    kinds = {CreditRequest: "credit", Certificate: "tax", RefundRequest: "refund"}
    values = {"key": f"key-of-the-page-number-{next(_count):06}", "verdict": "approve", **typed}
    return client.post(f"/review/{kinds[type(row)]}/{row.pk}/decide/", values)


def let_pass(seconds: int = 31) -> datetime:
    """The sweep, so much later."""
    later = timezone.now() + timedelta(seconds=seconds)
    sweep(now=later)
    return later


def the_decision(by: Person) -> Decision:
    """The newest of somebody."""
    return Decision.objects.filter(by=by).order_by("-pk")[0]
