"""Discounts by the people of the desk: coupons of the catalogue that are marked for it, and nothing else (R96).

There is no way to say a sum or a share: the coupon has them, and admins made the coupon.
"""

from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing import coupon_terms
from billing.actions import coupons, desk_mail, on_ticket
from billing.actions.money_rights import require_right
from billing.choices import MoneyRightKind
from billing.linked import refuse_linked
from billing.models import Coupon, CouponGrant, Customer
from billing.refusals import Refused

LONGEST_REASON = 500


class CannotDiscount(Refused):
    """Nothing was given."""


def give(
    *, coupon: Coupon, customer: Customer, reason: str, ticket: int | None, by: Person, now: datetime
) -> CouponGrant:
    """Give a coupon of the catalogue to a customer, who is mailed its code. Given twice, it is given once.

    Raises NotAllowed without the right (and the journal keeps it), LinkedAccount, CannotDiscount.
    """
    require_right(by, MoneyRightKind.DISCOUNT, customer, now=now)
    said = " ".join(reason.replace("\x00", "").split())[:LONGEST_REASON]
    if not said:
        raise CannotDiscount("Say why they get it.")
    refuse_linked(by, customer, what="a discount", now=now)
    with transaction.atomic():
        told = on_ticket.hold(ticket)
        coupon = Coupon.objects.select_for_update(no_key=True).get(pk=coupon.pk)
        known = CouponGrant.objects.filter(coupon=coupon, customer=customer).first()
        if known:
            return known
        if not coupon.may_be_given or coupon.is_personal:
            raise CannotDiscount(f"The coupon {coupon.code} is not one that the desk gives. Choose from the list.")
        problem = coupon_terms.refusal_to_give(coupon, customer, now)
        if problem:
            raise CannotDiscount(problem)
        grant = coupons.hand_over(coupon=coupon, customer=customer, by=by, reason=said, ticket=ticket, now=now)
        desk_mail.discount(grant=grant, now=now)
        on_ticket.tell(told, f"{by.shown_name} gave the coupon {coupon.code}: {said}", by=by, now=now)
        data = {"coupon": coupon.code, "ticket": ticket, "grant": grant.pk}
        journal.record(by=by, action="billing.give_discount", subject=customer, data=data, now=now)
    return grant
