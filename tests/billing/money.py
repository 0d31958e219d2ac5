"""Invoices to be paid, cards to pay with, and a worker that does what is due."""

import os
import signal
import traceback
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.models import Person
from billing.actions import asking, cards, events, pay, refund
from billing.actions.issue import Draft, DraftLine, issue
from billing.gateways import stripe as gateway
from billing.gateways.sandbox import posting
from billing.models import Customer, Invoice, Payment, Refund, SandboxObject
from supportdesk.faults.invariants import violations
from supportdesk.lib import failpoints
from tests.backends import until_gone
from tests.factories.billing import make_customer, make_seller

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
ASKS_ALWAYS = "4000002760003184"
ASKS_UNLESS_SAVED = "4000002500003155"
_counter = iter(range(1, 1_000_000))


def make_open_invoice(*, amount: int = 128_400, customer: Customer | None = None, **draft) -> Invoice:
    """An issued invoice of one line."""
    make_seller()
    line = DraftLine(name="Starter robot kit", unit_amount=amount)
    asked = Draft(
        key=f"test:{next(_counter)}", customer=customer or make_customer(), currency="USD", lines=[line], **draft
    )
    return issue(draft=asked, now=timezone.now())


def card_token(number: str = GOOD, *, cvc: str = "123", postal_code: str = "") -> str:
    """A typed card, as the sandbox keeps it."""
    year = timezone.now().year + 2
    return gateway.make_sandbox_card(number=number, exp_month=8, exp_year=year, cvc=cvc, postal_code=postal_code).id


def pay_with(invoice: Invoice, number: str = GOOD, *, key: str = "", cvc: str = "123", **more) -> Payment:
    """Pay as the form does."""
    return pay.start(
        invoice=invoice,
        card_token=card_token(number, cvc=cvc),
        key=key or f"form{next(_counter)}",
        now=timezone.now(),
        **more,
    )


def work(*, minutes: float = 0, rounds: int = 4) -> None:
    """What the sweeps of `minutes` from now would do, a few times over."""

    def clock() -> datetime:
        return timezone.now() + timedelta(minutes=minutes)

    for _ in range(rounds):
        posting.do_due_steps(now=clock())
        posting.post_due(clock=clock)
        events.handle_due(clock=clock)
        asking.ask_due(now=clock())
        cards.ask_due(now=clock())
        refund.execute_due(clock=clock)


def intent_of(payment: Payment) -> str:
    """The payment's name at the provider."""
    assert payment.provider_id
    return payment.provider_id


def queue(
    payment: Payment, amount: int, *, key: str = "", by: Person | None = None, not_before: datetime | None = None
) -> Refund:
    """Decide on a refund, as a reviewer does."""
    now = timezone.now()
    return refund.queue(
        payment=payment, amount=amount, reason="Bought twice", key=key or f"refund{next(_counter)}", by=by,
        not_before=not_before or now, now=now,
    )  # fmt: skip


def killed_at(point: str, work: Callable[[], object]) -> bool:
    """Do `work` in a process of its own that is killed at `point`; whether it was. A fork, since starting is slow."""
    connection.close()  # two processes on one connection would talk over each other
    name = f"killed-{uuid.uuid4().hex}"
    child = os.fork()
    if child == 0:
        try:
            os.environ["PGAPPNAME"] = name
            failpoints._name, failpoints._passes_left = point, 1
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    until_gone(name)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def intents() -> int:
    """How many payments the provider knows."""
    return SandboxObject.objects.filter(kind="payment_intent").count()


def money_is_right() -> None:
    """I4 to I6: no sum is more than its parts, here or at the provider."""
    assert [one for one in violations(now=timezone.now()) if one.invariant in ("I4", "I5", "I6")] == []
