"""What somebody of the desk may give to a customer, and what the desk gave before. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Prefetch, Q

from accounts.access import ACTIONS, can
from accounts.models import Person
from billing import allowances, queries_customer, refundable
from billing.choices import CouponUse, InvoiceState, MoneyRightKind, PaymentState
from billing.models import (
    Coupon,
    CouponGrant,
    Customer,
    FreeAccount,
    Goodwill,
    Invoice,
    MoneyRight,
    Payment,
    RefundRequest,
)

MOST_INVOICES = 25
MOST_GIVEN = 5
MOST_COUPONS = 50
MOST_HOLDERS = 200
MOST_LATELY = 25


@dataclass(frozen=True)
class Giveable:
    """A paid invoice, and how much of it can go back to cards and in all, in minor units."""

    invoice: Invoice
    to_cards: int
    most: int


@dataclass(frozen=True)
class May:
    """What `person` may do at the desk, for buttons that are there or not (E3)."""

    give: bool = False
    refund: bool = False
    discount: bool = False
    free_account: bool = False


@dataclass
class Given:
    """What the desk gave to some customers lately, and what money was asked back."""

    goodwill: list[Goodwill] = field(default_factory=list)
    coupons: list[CouponGrant] = field(default_factory=list)
    accounts: list[FreeAccount] = field(default_factory=list)
    requests: list[RefundRequest] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.goodwill or self.coupons or self.accounts or self.requests)


def what_may(person: Person) -> May:
    """One query at most."""
    if not can(person, "money.give"):
        return May()
    rights = allowances.rights_of(person)
    return May(
        give=True,
        refund=MoneyRightKind.REFUND in rights,
        discount=MoneyRightKind.DISCOUNT in rights,
        free_account=MoneyRightKind.FREE_ACCOUNT in rights,
    )


def giveable(customer: Customer) -> list[Giveable]:
    """The newest paid invoices of which something can go back. Three queries."""
    paid = Payment.objects.filter(state=PaymentState.SUCCEEDED).prefetch_related("disputes")
    rows = Invoice.objects.filter(customer=customer, state=InvoiceState.PAID, refunded__lt=F("paid"))
    rows = rows.prefetch_related(Prefetch("payments", paid.order_by("-created_at", "-pk"), to_attr="came"))
    found = []
    for invoice in rows.order_by("-issued_at", "-pk")[:MOST_INVOICES]:
        sources = refundable.usable(invoice.came)
        most = sum(source.amount for source in sources)
        if most:
            to_cards = sum(source.amount for source in sources if not source.is_transfer)
            found.append(Giveable(invoice, to_cards, most))
    return found


def owed(customer: Customer) -> list[Invoice]:
    """The open invoices from which something can be taken, the first that is due first."""
    rows = Invoice.objects.filter(customer=customer, state=InvoiceState.OPEN)
    return [invoice for invoice in rows.order_by("due_on", "pk")[:MOST_INVOICES] if invoice.due]


def coupons_to_give(customer: Customer, now: datetime) -> list[Coupon]:
    """Those of the catalogue that the desk may give, that work, and that this customer was not given yet."""
    running = Q(starts_at__lte=now) & (Q(ends_at__isnull=True) | Q(ends_at__gt=now))
    left = (Q(most_uses__isnull=True) | Q(used__lt=F("most_uses"))) & (~Q(use=CouponUse.SINGLE) | Q(used=0))
    rows = Coupon.objects.filter(
        running, left, is_active=True, may_be_given=True, is_personal=False, currency=customer.currency
    ).exclude(grants__customer=customer)
    return list(rows.order_by("name", "pk")[:MOST_COUPONS])


def given_to(customers: Sequence[Customer]) -> Given:
    """The last of each sort. Five queries, none where there is no customer."""
    keys = [customer.pk for customer in customers]
    if not keys:
        return Given()
    goodwill = Goodwill.objects.filter(customer__in=keys).select_related("by", "invoice", "customer")
    grants = CouponGrant.objects.filter(customer__in=keys, by__isnull=False, coupon__is_personal=False)
    accounts = FreeAccount.objects.filter(customer__in=keys, ended_at__isnull=True).select_related("by", "product")
    return Given(
        goodwill=list(goodwill.order_by("-at", "-pk")[:MOST_GIVEN]),
        coupons=list(grants.select_related("coupon", "by").order_by("-granted_at", "-pk")[:MOST_GIVEN]),
        accounts=list(accounts.order_by("ends_on", "pk")[:MOST_GIVEN]),
        requests=queries_customer.refund_requests_of(keys, MOST_GIVEN),
    )


@dataclass(frozen=True)
class Holder:
    """Somebody who works at the desk, and the rights that they hold."""

    person: Person
    rights: frozenset[str]


def holders() -> list[Holder]:
    """Everybody who may be appointed, by name. Two queries."""
    people = Person.objects.with_role(*ACTIONS["money.give"]).order_by("name", "pk")[:MOST_HOLDERS]
    held: dict[int, set[str]] = {}
    rows = MoneyRight.objects.filter(person__in=list(people), revoked_at__isnull=True)
    for person_id, right in rows.values_list("person_id", "right"):
        held.setdefault(person_id, set()).add(right)
    return [Holder(person, frozenset(held.get(person.pk, ()))) for person in people]


def given_lately() -> Given:
    """What the desk gave to anybody: for whoever looks over it afterwards. Three queries."""
    goodwill = Goodwill.objects.select_related("by", "invoice", "customer")
    accounts = FreeAccount.objects.filter(ended_at__isnull=True).select_related("by", "product", "customer")
    grants = CouponGrant.objects.filter(by__isnull=False, coupon__is_personal=False)
    return Given(
        goodwill=list(goodwill.order_by("-pk")[:MOST_LATELY]),
        coupons=list(grants.select_related("coupon", "by", "customer").order_by("-pk")[:MOST_LATELY]),
        accounts=list(accounts.order_by("ends_on", "pk")[:MOST_LATELY]),
    )
