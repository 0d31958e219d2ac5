"""What customers are told about credit: it was asked for, an order waits, what was decided and why (U36)."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from billing import snapshots
from billing.actions import customers
from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.credit import HeldOrder, may_buy_on_account
from billing.models import CreditRequest
from mail.addresses import Address
from supportdesk.lib import money


def tell_asked(*, request: CreditRequest, given: int | None, now: datetime) -> None:
    """It arrived; `given` is the limit that holds from this moment on, None where nothing changed."""
    limit = "" if given is None else money.shown(given, request.currency)
    subject = f"Your credit application {request.number}" + (f": {limit} to use now" if limit else "")
    _tell(request, subject, "credit_asked", {"limit": limit}, (), now)


def tell_waits(*, request: CreditRequest, held: HeldOrder, now: datetime) -> None:
    """An order went past the limit, was accepted, and waits."""
    limit = money.shown(request.customer.credit_limit, request.currency)
    subject = f"Order {held.order.number} is accepted and waits for your credit limit"
    ships = held.order.shipments.exists()  # a training or a plan is not packed
    _tell(request, subject, "credit_waits", {"limit": limit, "ships": ships}, [held], now)


def tell_decided(
    *,
    request: CreditRequest,
    released: Sequence[HeldOrder] = (),
    waiting: Sequence[HeldOrder] = (),
    cancelled: Sequence[HeldOrder] = (),
    now: datetime,
) -> None:
    """What was decided, which orders leave, which wait with a link to pay each, which are cancelled."""
    customer = request.customer
    limit, gone = money.shown(customer.credit_limit, request.currency), [one.order.number for one in cancelled]
    context = {
        "limit": limit,
        "may_buy": may_buy_on_account(customer),
        "released": [one.order.number for one in released if not one.waits_on],
        "waits_on": [one.order.number for one in released if one.waits_on],
        "cancelled": gone,
    }
    subjects = {
        "raised": f"Your credit limit is {limit}",
        "kept": f"Your credit limit stays at {limit}",
        "closed": "Buying on account is closed",
        "rejected": f"{_and(gone)} {'was' if len(gone) == 1 else 'were'} cancelled" if gone
        else f"Your credit application {request.number} was not approved",
    }  # fmt: skip
    _tell(request, subjects[request.state], f"credit_{request.state}", context, waiting, now)


def _tell(
    request: CreditRequest, subject: str, words: str, context: dict, waiting: Sequence[HeldOrder], now: datetime
) -> None:
    """One mail to each who is to know; whoever can pay an order that waits gets a link of their own to its invoice."""
    page = f"{settings.SITE_URL}{reverse('selfservice:credit_request', args=[request.pk])}"
    for to in readers(request):
        links = [
            {
                "number": one.order.number,
                "due": money.shown(one.due, one.order.currency),
                "address": make_link(invoice=one.order.invoice, email=to.email, name=to.name, now=now),
            }
            for one in waiting
        ]
        send_letter(
            to=to,
            subject=subject,
            words=words,
            context={
                **context, "request": request, "customer": request.customer, "waiting": links, "page": page,
                "reason": request.reason, "seller": snapshots.seller_now().get("name", ""),
            },
            source_key=f"credit_request:{request.pk}",
            now=now,
        )  # fmt: skip


def readers(request: CreditRequest) -> list[Address]:
    """Whoever asked, and whom we write to about what the customer bought."""
    found: dict[str, Address] = {}
    if request.by and request.by.is_active and request.by.has_mail:
        found[request.by.email] = Address(request.by.email, request.by.name)
    for email in customers.contacts_of(request.customer):
        found.setdefault(email, Address(email))
    return list(found.values())


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
