"""Coupons: make them, give them, use them up, and what somebody gets who did not use theirs (S32, D4)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

import timers
from accounts import journal
from accounts.models import Person
from accounts.outgoing import queue_template
from accounts.permitted import permitted
from billing import coupon_terms
from billing.actions import customers, hours
from billing.choices import CouponUse
from billing.models import Coupon, CouponGrant, Customer, HoursEntry, Order, Product, Redemption
from billing.refusals import Refused

KIND = "billing.coupon_fallback"


class CannotChangeCoupon(Refused):
    """The coupon stays as it is."""


class CouponGone(Refused):
    """Somebody else was quicker, or it ended while the page stood open."""


def redeem(*, coupon: Coupon, customer: Customer, order: Order, amount: int, now: datetime) -> Redemption:
    """Count one use, in the transaction of the order. Raises CouponGone, and then nothing is ordered.

    The count is raised by one statement that looks at the limit itself: however many check out at once, the row is
    theirs one after the other, and the last one that fits is the last one that gets it (S32).
    """
    free = Q(most_uses__isnull=True) | Q(used__lt=F("most_uses"))
    once = ~Q(use=CouponUse.SINGLE) | Q(used=0)
    running = Q(is_active=True, starts_at__lte=now) & (Q(ends_at__isnull=True) | Q(ends_at__gt=now))
    if not Coupon.objects.filter(free, once, running, pk=coupon.pk).update(used=F("used") + 1):
        raise CouponGone(
            f"The coupon {coupon.code} was used up a moment ago. Nothing was ordered: look at the sum without it."
        )
    try:
        with transaction.atomic():
            redemption = Redemption.objects.create(
                coupon=coupon, customer=customer, order=order, amount=amount, created_at=now,
                once_key=customer.pk if coupon.use == CouponUse.ONCE_A_CUSTOMER else None,
            )  # fmt: skip
    except IntegrityError:
        raise CouponGone(f"You have used the coupon {coupon.code} already. Look at the sum without it.") from None
    unused = CouponGrant.objects.filter(coupon=coupon, customer=customer, fell_back_at__isnull=True)
    for grant in unused:
        timers.cancel(kind=KIND, subject=grant.pk)
    unused.update(redeemed_at=now)
    return redemption


def give_back(*, order: Order) -> None:
    """The order was cancelled, so its coupon was not used. Belongs inside that transaction."""
    redemption = Redemption.objects.filter(order=order).first()
    if redemption is None:
        return
    redemption.delete()
    Coupon.objects.filter(pk=redemption.coupon_id, used__gt=0).update(used=F("used") - 1)
    grants = CouponGrant.objects.filter(
        coupon=redemption.coupon_id, customer=redemption.customer_id, redeemed_at__isnull=False
    )
    for grant in grants:
        if grant.fallback_at:
            timers.schedule(kind=KIND, subject=grant.pk, due_at=grant.fallback_at)
    grants.update(redeemed_at=None)


@dataclass(frozen=True)
class Terms:
    """What staff say about a coupon. Sums in minor units; either a sum or a share."""

    name: str
    use: CouponUse
    currency: str
    starts_at: datetime
    amount_off: int = 0
    percent_off: int = 0
    minimum: int = 0
    is_first_order_only: bool = False
    most_uses: int | None = None
    ends_at: datetime | None = None
    fallback_minutes: int = 0
    fallback_after_days: int = 0
    may_be_given: bool = False
    products: list[Product] = field(default_factory=list)


@permitted("store.set_up")
def create_coupon(*, code: str, terms: Terms, by: Person, now: datetime) -> Coupon:
    """A new coupon. Raises CannotChangeCoupon."""
    bare = "".join(code.split()).upper()
    if coupon_terms.find(bare):
        raise CannotChangeCoupon(f"There is a coupon {bare} already.")
    if not coupon_terms.is_code(bare):
        raise CannotChangeCoupon("Use letters, digits and dashes for the code, at most 40 of them.")
    coupon = Coupon(code=bare, created_at=now)
    _take(coupon, terms)
    journal.record(by=by, action="billing.create_coupon", subject=coupon, data={"code": bare}, now=now)
    return coupon


@permitted("store.set_up")
def change_coupon(*, coupon: Coupon, terms: Terms, by: Person, now: datetime) -> Coupon:
    """Other terms, for those who use it from now on. Raises CannotChangeCoupon."""
    coupon = Coupon.objects.select_for_update().get(pk=coupon.pk)
    _take(coupon, terms)
    journal.record(by=by, action="billing.change_coupon", subject=coupon, data={"code": coupon.code}, now=now)
    return coupon


@permitted("store.set_up")
def switch_coupon(*, coupon: Coupon, on: bool, by: Person, now: datetime) -> None:
    """Let it work, or no longer."""
    if Coupon.objects.filter(pk=coupon.pk, is_active=not on).update(is_active=on):
        journal.record(by=by, action="billing.switch_coupon", subject=coupon, data={"on": on}, now=now)


@permitted("store.set_up")
def grant(*, coupon: Coupon, email: str, by: Person, now: datetime) -> CouponGrant:
    """Give a coupon to the customer behind an address, and tell them. Asked twice, it is given once.

    Raises CannotChangeCoupon for an address that we do not know.
    """
    person = Person.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None or not person.has_mail:
        raise CannotChangeCoupon("We know nobody of that address. They have to have written or signed in once.")
    membership = person.memberships.select_related("organisation").order_by("pk").first()
    customer = customers.customer_of(
        person=person, organisation=membership.organisation if membership else None, now=now
    )
    known = CouponGrant.objects.filter(coupon=coupon, customer=customer).first()
    if known:
        return known
    given = hand_over(coupon=coupon, customer=customer, by=by, now=now)
    queue_template(to=person.email, template="mail/billing/coupon_given", context={"grant": given}, now=now)
    journal.record(by=by, action="billing.grant_coupon", subject=given, data={"coupon": coupon.code}, now=now)
    return given


def hand_over(
    *, coupon: Coupon, customer: Customer, by: Person, now: datetime, reason: str = "", ticket: int | None = None
) -> CouponGrant:
    """It is theirs from now on, with its fallback. Belongs in the transaction that tells them."""
    days = coupon.fallback_after_days if coupon.fallback_minutes else 0
    given = CouponGrant.objects.create(
        coupon=coupon, customer=customer, granted_at=now, by=by, reason=reason, ticket=ticket,
        fallback_at=now + timedelta(days=days) if days else None,
    )  # fmt: skip
    if given.fallback_at:
        timers.schedule(kind=KIND, subject=given.pk, due_at=given.fallback_at)
    return given


def fall_back(*, grant_id: int, now: datetime, order: Order | None = None) -> HoursEntry | None:
    """A coupon that was given stays unused: complimentary minutes instead, and a mail (D4). Run twice, once.

    Its time has passed, or `order`, the customer's first, was paid without it.
    """
    with transaction.atomic():
        found = CouponGrant.objects.select_related("coupon", "customer").filter(pk=grant_id).first()
        if found is None or not found.coupon.fallback_minutes:
            return None
        Customer.objects.select_for_update(no_key=True).get(pk=found.customer_id)
        open_still = CouponGrant.objects.filter(pk=grant_id, redeemed_at__isnull=True, fell_back_at__isnull=True)
        if not open_still.update(fell_back_at=now, fell_back_for=order):
            return None
        timers.cancel(kind=KIND, subject=grant_id)
        entry = hours.give(
            customer=found.customer,
            minutes=found.coupon.fallback_minutes,
            key=f"coupon-fallback:{found.pk}",
            words=f"Instead of the coupon {found.coupon.code}",
            now=now,
        )
        for email in customers.contacts_of(found.customer):
            context = {"grant": found, "minutes": found.coupon.fallback_minutes, "entry": entry}
            queue_template(to=email, template="mail/billing/coupon_fallback", context=context, now=now)
    return entry


def first_order_paid(*, order: Order, now: datetime) -> None:
    """Coupons for a first order that this one did not use can never be used: their fallbacks come now (D4)."""
    if not coupon_terms.is_first(order):
        return
    grants = CouponGrant.objects.filter(
        customer=order.customer_id, coupon__is_first_order_only=True, coupon__fallback_minutes__gt=0,
        redeemed_at__isnull=True, fell_back_at__isnull=True,
    )  # fmt: skip
    for grant_id in grants.order_by("pk").values_list("pk", flat=True):
        fall_back(grant_id=grant_id, order=order, now=now)


def take_gifts_back(*, order: Order, now: datetime) -> None:
    """The order that brought a gift was refunded: what is unused of the gift goes (D4)."""
    for grant_id in CouponGrant.objects.filter(fell_back_for=order).order_by("pk").values_list("pk", flat=True):
        entry = HoursEntry.objects.filter(key=f"coupon-fallback:{grant_id}").first()
        if entry:
            words = f"Order {order.number} was refunded"
            hours.take_back_unused(entry=entry, words=words, now=now)


def _take(coupon: Coupon, terms: Terms) -> None:
    if bool(terms.amount_off) == bool(terms.percent_off):
        raise CannotChangeCoupon("Enter either a sum or a share that it takes off.")
    if terms.ends_at and terms.ends_at <= terms.starts_at:
        raise CannotChangeCoupon("It ends before it starts.")
    if terms.most_uses is not None and terms.most_uses < coupon.used:
        raise CannotChangeCoupon(f"It was used {coupon.used} times already.")
    if terms.use == CouponUse.SINGLE and coupon.used > 1:
        raise CannotChangeCoupon(f"It was used {coupon.used} times already, so it cannot work once in all.")
    if terms.fallback_minutes and not terms.fallback_after_days:
        raise CannotChangeCoupon("Say after how many days the complimentary minutes come.")
    for name, value in vars(terms).items():
        if name != "products":
            setattr(coupon, name, value)
    coupon.save()
    coupon.products.set(terms.products)
