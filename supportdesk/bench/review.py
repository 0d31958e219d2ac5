"""The daily review with 5,000 decisions in history: the next item beside the floor, and deciding one (U31)."""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.choices import Role
from accounts.models import Grant, Person
from billing.choices import (
    CertificateKind,
    CreditOrigin,
    InvoiceState,
    RefundOrigin,
    RefundReason,
)
from billing.models import Certificate, CreditRequest, Customer, Invoice, RefundRequest
from selfservice.choices import DecisionState, Kind, Verdict
from selfservice.models import Decision, ReviewSession
from supportdesk.bench.client import Browser, spread, token_of
from supportdesk.bench.scene import session_of
from supportdesk.bench.shop import measure_page

HISTORY = 5_000
OF_EACH = 12
NEXT = "/review/"
WHERE = re.compile(rb'action="(/review/(\w+)/\d+/decide/)"')
KEY = re.compile(rb'name="key" value="([^"]+)"')
# Payments that were loaded are at no provider, so that nothing of them can go back.
TYPED = {
    "credit": {"amount": "10.00"},
    "tax": {"valid_until": ""},
    "refund": {"reason": "own", "words": "It was delivered as ordered."},
}


@dataclass(frozen=True)
class ReviewScene:
    """Who reviews."""

    session: str
    waiting: int


def set_review_scene(*, now: datetime) -> ReviewScene:
    """A reviewer with a long history, and a day of requests of customers who bought."""
    reviewer = Person.objects.create_user("reviewer@desk.load.example", name="Rita Reviewer", created_at=now)
    Grant.objects.create(person=reviewer, role=Role.REVIEWER, granted_at=now)
    then = now - timedelta(days=30)
    past = ReviewSession.objects.create(person=reviewer, day=then.date(), started_at=then, last_seen_at=then)
    Decision.objects.bulk_create(
        Decision(
            key=f"bench{number}", kind=Kind.REFUND, subject=10**9 + number, number=f"R-{number}", who="Somebody",
            verdict=Verdict.APPROVE, amount=1_000, session=past, by=reviewer, decided_at=then, done_at=then,
            carry_out_at=then, state=DecisionState.DONE,
        )
        for number in range(HISTORY)
    )  # fmt: skip
    _ask(now)
    waiting = CreditRequest.objects.count() + Certificate.objects.count() + RefundRequest.objects.count()
    return ReviewScene(session_of(reviewer), waiting)


def measure(scene: ReviewScene, host: str, port: int, *, staff: str, rounds: int) -> dict[str, dict]:
    """The item that waits, beside a bare view of 20 rows; and a key press to the next item, of every kind."""
    found = {"review, the item that waits": measure_page(NEXT, scene.session, staff, host, port, rounds)}
    browser, times, queries = Browser(host, port, scene.session), [], 0
    page = browser.get(NEXT)
    while where := WHERE.search(page.body):
        kind, key = where[2].decode(), KEY.search(page.body)
        if key is None:
            raise RuntimeError("A screen of the review has a key.")
        fields = {"key": key[1].decode(), "verdict": "approve", **TYPED[kind]}
        began = time.perf_counter()
        page = browser.post(where[1].decode(), token_of(page), fields, **{"HX-Request": "true"})
        times.append(time.perf_counter() - began)
        if page.status != 200:
            raise RuntimeError(f"Deciding answered {page.status}.")
        queries = max(queries, page.queries or 0)
    found["review, decided and next"] = {
        "queries": queries, "bytes": page.size, "one": spread(times), "eight": spread(times), "decided": len(times),
    }  # fmt: skip
    return found


def _ask(now: datetime) -> None:
    """A dozen of each kind."""
    customers = list(Customer.objects.select_related("person").order_by("pk")[:OF_EACH])
    CreditRequest.objects.bulk_create(
        CreditRequest(
            customer=one, origin=CreditOrigin.FORM, key=f"bench:credit:{one.pk}", by=one.person, asked_for=200_000,
            limit_before=0, opened_at=now,
        )
        for one in customers
    )  # fmt: skip
    Certificate.objects.bulk_create(
        Certificate(
            customer=one, key=f"bench:tax:{one.pk}", kind=CertificateKind.US_STATE, country="US", region="OH",
            purchaser=one.name, by=one.person, uploaded_at=now,
        )
        for one in customers
    )  # fmt: skip
    paid = Invoice.objects.filter(state=InvoiceState.PAID, paid__gt=100, refunded=0).select_related("customer__person")
    RefundRequest.objects.bulk_create(
        RefundRequest(
            invoice=one, origin=RefundOrigin.CUSTOMER, key=f"bench:refund:{one.pk}", by=one.customer.person,
            why=RefundReason.DAMAGED, amount_asked=100, currency=one.currency, opened_at=now,
        )
        for one in paid.order_by("pk")[:OF_EACH]
    )  # fmt: skip
