"""What somebody of the desk may give by themselves, and what is left of it. Reads only (R86, R94 to R97)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Sum
from django.utils import timezone

from accounts.access import can
from accounts.choices import Role
from accounts.models import Person
from billing.actions import numbering
from billing.choices import MoneyRightKind, RefundState
from billing.models import BudgetDay, Customer, FreeAccount, Goodwill, MoneyLimit, MoneyRight, Refund, Seller
from supportdesk.lib import money

AGAIN_AFTER = timedelta(days=30)
DESK_KEY = "desk:"  # before the key of what was sent off at the desk
GOODWILL_KEY = "goodwill:"  # the same, of goodwill, which has a budget of its own
MOST_NAMED = 3
MAY_REPEAT = frozenset({Role.LEAD, Role.ADMIN})  # may be good to the same customer twice in 30 days
UNDONE = (RefundState.FAILED, RefundState.CANCELLED)


@dataclass(frozen=True)
class Limits:
    """Minor units of the seller's currency, but for the free accounts."""

    refund_most: int = 0
    goodwill_a_day: int = 0
    free_accounts_a_month: int = 0


# What a role may do until an admin says otherwise. Roles that are not here give nothing.
BUILT_IN: dict[str, Limits] = {
    Role.AGENT: Limits(refund_most=10_000, goodwill_a_day=10_000, free_accounts_a_month=2),
    Role.LEAD: Limits(refund_most=50_000, goodwill_a_day=10_000, free_accounts_a_month=5),
    Role.ADMIN: Limits(refund_most=50_000, goodwill_a_day=10_000, free_accounts_a_month=5),
}


def limits_by_role() -> dict[str, Limits]:
    """Of every role that works at the desk, as set by admins."""
    kept = {
        row.role: Limits(row.refund_most, row.goodwill_a_day, row.free_accounts_a_month)
        for row in MoneyLimit.objects.filter(role__in=BUILT_IN)
    }
    return {**BUILT_IN, **kept}


def limits_of(person: Person) -> Limits:
    """The largest of those of the roles that `person` holds now."""
    held = [limits for role, limits in limits_by_role().items() if role in person.roles]
    return Limits(
        refund_most=max((one.refund_most for one in held), default=0),
        goodwill_a_day=max((one.goodwill_a_day for one in held), default=0),
        free_accounts_a_month=max((one.free_accounts_a_month for one in held), default=0),
    )


def rights_of(person: Person) -> frozenset[str]:
    """Which money rights `person` holds; none while they may not give money at all."""
    if not can(person, "money.give"):
        return frozenset()
    rows = MoneyRight.objects.filter(person=person, revoked_at__isnull=True)
    return frozenset(rows.values_list("right", flat=True))


def has_right(person: Person, right: MoneyRightKind) -> bool:
    """Whether `person` was appointed to this."""
    return right in rights_of(person)


def currency() -> str:
    """The one in which limits are kept."""
    return Seller.objects.filter(pk=1).values_list("currency", flat=True).first() or "USD"


def goodwill_left(person: Person, now: datetime) -> int:
    """What `person` may still give today, on the seller's calendar."""
    limit = limits_of(person).goodwill_a_day
    day = numbering.local_day(now)
    spent = BudgetDay.objects.filter(person=person, day=day).values_list("spent", flat=True).first()
    return max(0, limit - (spent or 0))


def refund_left(person: Person, customer: Customer, now: datetime) -> int:
    """What `person` may still send back to `customer` without a review: the limit of one refund, however it is split.

    What they sent back to the same customer in 30 days counts as one; a refund in parts is no way around the limit.
    """
    sent = Refund.objects.filter(
        by=person, request__isnull=True, payment__invoice__customer=customer, created_at__gt=now - AGAIN_AFTER
    ).exclude(state__in=UNDONE)
    sent = sent.exclude(key__startswith=GOODWILL_KEY)
    return max(0, limits_of(person).refund_most - (sent.aggregate(sum=Sum("amount"))["sum"] or 0))


def accounts_left(person: Person, now: datetime) -> int:
    """How many free accounts `person` may still open in this month of the seller's calendar."""
    opened = FreeAccount.objects.filter(by=person, opened_at__gte=month_starts_at(now)).count()
    return max(0, limits_of(person).free_accounts_a_month - opened)


def month_starts_at(now: datetime) -> datetime:
    """Midnight of the first of this month where the books are kept."""
    first: date = numbering.local_day(now).replace(day=1)
    return timezone.make_aware(datetime.combine(first, time.min), numbering.seller_zone())


def last_goodwill(customer: Customer, now: datetime) -> Goodwill | None:
    """What was given to `customer` in the last 30 days, newest first."""
    rows = Goodwill.objects.filter(customer=customer, at__gt=now - AGAIN_AFTER).select_related("by")
    return rows.order_by("-at", "-pk").first()


def who_may(*roles: Role, but: Person) -> str:
    """`Ann or Bob`: who holds one of these roles, the first role that somebody holds; "an admin" where nobody does."""
    for role in roles:
        people = Person.objects.with_role(role).exclude(pk=but.pk).order_by("name", "pk")[:MOST_NAMED]
        names = [person.shown_name for person in people]
        if names:
            return joined(names)
    return "an admin"


def who_holds(right: MoneyRightKind, *, but: Person) -> str:
    """The names of those who were appointed to this; "an admin" appoints the first one."""
    rows = Person.objects.filter(
        is_active=True, money_rights__right=right, money_rights__revoked_at__isnull=True,
    ).exclude(pk=but.pk)  # fmt: skip
    names = [person.shown_name for person in rows.order_by("name", "pk")[:MOST_NAMED]]
    return joined(names) if names else "an admin"


def joined(names: Iterable[str]) -> str:
    """`Ann, Bob or Cleo`"""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def shown(amount: int) -> str:
    """A limit in words."""
    return money.shown(amount, currency())
