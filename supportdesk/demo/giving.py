"""Who of the desk may give what, and what they gave: goodwill, a coupon, a plan for a pilot school."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from billing import allowances
from billing.actions import discounts, free_accounts, goodwill, money_rights, numbering
from billing.actions.customers import customer_of
from billing.choices import GoodwillWay, MoneyRightKind
from billing.models import Coupon, Customer
from supportdesk.demo.company import STAFF, Company
from supportdesk.demo.customers import Customer as Buying
from tickets.models import Ticket

RIGHTS = {
    "Tom Okonkwo": (MoneyRightKind.REFUND, MoneyRightKind.DISCOUNT, MoneyRightKind.FREE_ACCOUNT),
    "Joanna Sikorska": (MoneyRightKind.REFUND, MoneyRightKind.DISCOUNT),
    "Priya Raman": (MoneyRightKind.REFUND,),
}
# By whom, how much, how many hours ago, and why.
GIFTS = (
    ("Joanna Sikorska", 2_500, 52, "The order went to the old school building, our mistake"),
    ("Marc Lavoie", 1_500, 27, "Waited four days for a motor controller"),
    ("Priya Raman", 4_000, 2, "Two calls broke off before the lesson was saved"),
)
PILOT_DAYS = 45


def lay_giving(*, company: Company, schools: Sequence[Buying], now: datetime) -> None:
    """Appoint them, and let them give. The store and the tickets come before."""
    staff = {member.name: company.staff[member.email] for member in STAFF}
    for name, rights in RIGHTS.items():
        for right in rights:
            money_rights.grant_right(person=staff[name], right=right, by=company.admin, now=now - timedelta(days=40))
    rows = [each for each in schools if _ticket_of(each)]
    for place, ((name, amount, hours, reason), school) in enumerate(zip(GIFTS, rows[1:], strict=False)):
        at = now - timedelta(hours=hours)
        goodwill.give(
            customer=_customer(school, at), amount=amount, way=GoodwillWay.COUPON, invoice=None, reason=reason,
            ticket=_ticket_of(school), by=staff[name], key=f"demo-{place}", now=at,
        )  # fmt: skip
    if len(rows) > len(GIFTS) + 2:
        _coupon(staff["Joanna Sikorska"], rows[-1], now - timedelta(days=3))
        _pilot(staff["Tom Okonkwo"], rows[-2], now - timedelta(days=9))


def _coupon(by: Person, school: Buying, at: datetime) -> None:
    coupon = Coupon.objects.filter(may_be_given=True).order_by("pk").first()
    if coupon:
        reason = "Asked for spares for the whole district"
        discounts.give(
            coupon=coupon, customer=_customer(school, at), reason=reason, ticket=_ticket_of(school), by=by, now=at
        )


def _pilot(by: Person, school: Buying, at: datetime) -> None:
    prices = free_accounts.prices()
    customer = _customer(school, at)
    if prices and not customer.subscriptions.exists() and allowances.accounts_left(by, at):
        ends_on = numbering.local_day(at) + timedelta(days=PILOT_DAYS)
        free_accounts.open_account(
            customer=customer, price=prices[0], ends_on=ends_on, reason="Pilot school for the new lessons",
            ticket=None, by=by, key="demo", now=at,
        )  # fmt: skip


def _customer(school: Buying, at: datetime) -> Customer:
    with transaction.atomic():
        return customer_of(person=school.person, organisation=school.organisation, now=at)


def _ticket_of(school: Buying) -> int | None:
    rows = Ticket.objects.filter(requester=school.person, merged_into__isnull=True)
    return rows.order_by("-pk").values_list("pk", flat=True).first()
