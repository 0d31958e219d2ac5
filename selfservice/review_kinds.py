"""What is decided in the daily review, kind by kind: which rows are open, and what is known about one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from billing import review_facts, review_facts_credit, review_facts_refund, review_facts_tax
from billing.models import Certificate, CreditRequest, Customer, RefundRequest
from billing.review_facts import Facts
from selfservice.choices import Kind


@dataclass(frozen=True)
class Sort:
    """One kind. `customer` is the way from a row to its customer, `opened` the column of when it was asked.

    `facts` says everything that is known about one, and raises the model's DoesNotExist.
    """

    kind: Kind
    model: type[Model]
    open: Callable[[], QuerySet[Any]]
    customer: str
    opened: str
    facts: Callable[[int, datetime], Facts]
    amount: str = ""

    def customer_of(self, row: Any) -> Customer:
        """Whose request it is; the rows of `open` carry it."""
        for step in self.customer.split("__"):
            row = getattr(row, step)
        return row


# In the order in which they are decided (R33).
SORTS = {
    Kind.CREDIT: Sort(
        Kind.CREDIT, CreditRequest, review_facts.open_credit, "customer", "opened_at", review_facts_credit.facts,
        "asked_for",
    ),
    Kind.TAX: Sort(Kind.TAX, Certificate, review_facts.open_tax, "customer", "uploaded_at", review_facts_tax.facts),
    Kind.REFUND: Sort(
        Kind.REFUND, RefundRequest, review_facts.open_refunds, "invoice__customer", "opened_at",
        review_facts_refund.facts, "amount_asked",
    ),
}  # fmt: skip


def number_of(row: Any) -> str:
    """How people call a request: CA-92, TX-12, R-318."""
    return str(row)
