"""What the daily review knows about a request, in one shape for credit, tax and refunds; and what is open of each.

Each kind has a module of its own that fills the shape: `review_facts_credit`, `review_facts_tax` and
`review_facts_refund`, each with `facts(pk, now) -> Facts`, which raises the model's DoesNotExist. Words are plain
text, amounts are minor units. Reads only; the reviewer is not known here, so nothing depends on who looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from billing.choices import CertificateState, CreditRequestState, RefundRequestState
from billing.models import Certificate, CreditRequest, Customer, RefundRequest


@dataclass(frozen=True)
class Fact:
    """One of the four figures at the top: "Declined payments", "0", "in 4 years"."""

    label: str
    value: str
    small: str = ""


@dataclass(frozen=True)
class Row:
    """One line of what they sent."""

    label: str
    value: str


@dataclass(frozen=True)
class Chip:
    """A word in colour: "wait", "ok", "bad", "info" or "" for none; `icon` is a name in icons.svg."""

    words: str
    colour: str = ""
    icon: str = ""


@dataclass(frozen=True)
class FactFile:
    """A private file to open, and how large it is: "connector.jpg, 1.2 MB"."""

    pk: int
    words: str


@dataclass(frozen=True)
class FactLink:
    """Something to look up, an address within the desk."""

    words: str
    href: str
    icon: str = "receipt"


@dataclass(frozen=True)
class Policy:
    """A rule of the house and whether it is met: "No invoice more than 10 days late"."""

    is_met: bool
    words: str


@dataclass(frozen=True)
class Effect:
    """Something that carrying out will do, exactly as it will (U32). `strong` is printed in bold before the words."""

    icon: str
    words: str
    strong: str = ""


@dataclass(frozen=True)
class Choice:
    """An amount to pick with one key: "One controller, as asked", 32000."""

    words: str
    amount: int


@dataclass(frozen=True)
class Bar:
    """One paid invoice: how many days early it was paid; late is negative."""

    days_early: int
    words: str


@dataclass(frozen=True)
class Chart:
    """Bars, oldest first, and one sentence that says what they show."""

    title: str
    summary: str
    bars: Sequence[Bar]


def no_effects(_verdict: str, _amount: int | None) -> Sequence[Effect]:
    """Nothing happens."""
    return ()


@dataclass(frozen=True)
class Facts:
    """Everything about one request on one screen.

    `effects(verdict, amount)` says what carrying out that verdict with that amount will do: "approve" or "reject" for
    every kind, "keep" and "close" for credit. It must not query for each call more than a fixed number of rows.
    """

    number: str
    customer: Customer
    title: str
    sentence: str
    asked_by: str
    facts: Sequence[Fact]
    policy: Sequence[Policy]
    effects: Callable[[str, int | None], Sequence[Effect]] = no_effects
    currency: str = "USD"
    chips: Sequence[Chip] = ()
    sent: Sequence[Row] = ()
    files: Sequence[FactFile] = ()
    links: Sequence[FactLink] = ()
    # What the customer wrote, and why they ask, in a word or two.
    words: str = ""
    why: str = ""
    chart: Chart | None = None
    # The amount to decide: what is asked for and what policy suggests. None where the kind has no amount.
    amount_label: str = ""
    amount_title: str = ""
    amount_note: str = ""
    asked: int | None = None
    suggested: int | None = None
    amount_hint: str = ""
    most: int | None = None
    # What they have already: an approval gives more than this, anything else is a no and has a reason.
    has: int = 0
    choices: Sequence[Choice] = ()
    # Certificates alone: the date that the rules of the place suggest, and in which words.
    suggested_until: date | None = None
    until_hint: str = ""
    # The number of the ticket that the request came from.
    ticket: int | None = None
    # What stays as it is when the answer is no: "SO-2208 stays held. They can pay it by card."
    if_rejected: str = ""
    is_open: bool = True
    asked_by_pk: int | None = None
    opened_at: datetime | None = None


def open_credit() -> QuerySet[CreditRequest]:
    """Requests for a limit that wait for their review, oldest first."""
    rows = CreditRequest.objects.filter(state=CreditRequestState.OPEN).select_related("customer")
    return rows.order_by("opened_at", "pk")


def open_tax() -> QuerySet[Certificate]:
    """Certificates that count and were not checked yet, oldest first."""
    rows = Certificate.objects.filter(state=CertificateState.PROVISIONAL).select_related("customer")
    return rows.order_by("uploaded_at", "pk")


def open_refunds() -> QuerySet[RefundRequest]:
    """Requests for money back that wait for their review, oldest first."""
    rows = RefundRequest.objects.filter(state=RefundRequestState.OPEN).select_related("invoice__customer")
    return rows.order_by("opened_at", "pk")
