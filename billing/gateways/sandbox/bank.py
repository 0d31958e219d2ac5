"""The bank's page: its customer says whether this is really them."""

from dataclasses import dataclass

from django.db import transaction

from billing.gateways.sandbox import customers, payments, store
from billing.models import SandboxObject

KINDS = {"pi": "payment_intent", "seti": "setup_intent"}


@dataclass(frozen=True)
class Question:
    """What a bank asks. `amount` is None when a card is only being kept; `return_url` is where to go then."""

    key: str
    amount: int | None
    currency: str
    last4: str
    return_url: str
    is_open: bool


def question(key: str) -> Question | None:
    """What the bank asks about this intent, or None where there is no such intent."""
    kind = KINDS.get(key.partition("_")[0])
    row = SandboxObject.objects.filter(key=key, kind=kind).first() if kind and "\x00" not in key else None
    if row is None:
        return None
    method = SandboxObject.objects.filter(key=row.body["payment_method"] or "").first()
    return Question(
        key=key,
        amount=row.body.get("amount"),
        currency=row.body.get("currency", "usd").upper(),
        last4=method.body["card"]["last4"] if method else "",
        return_url=row.hidden.get("return_url", ""),
        is_open=row.body["status"] == "requires_action",
    )


def answer(key: str, *, is_approved: bool) -> None:
    """Say it. Said twice, the first one counts."""
    with transaction.atomic():
        kind = KINDS.get(key.partition("_")[0], "")
        row = store.get(key, kind)
        if row.body["status"] != "requires_action":
            return
        if kind == "payment_intent":
            payments.answer(row, is_approved=is_approved)
        else:
            customers.answer_setup(row, is_approved=is_approved)
