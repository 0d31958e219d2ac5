"""Who may refund, give discounts or open free accounts, and how much each role may give (R95 to R97).

Admins keep both. `require_right` is the check in front of everything that needs a right.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Model

from accounts import journal
from accounts.access import NotAllowed, can
from accounts.choices import Role
from accounts.models import Person
from accounts.permitted import permitted
from billing import allowances
from billing.allowances import BUILT_IN, Limits
from billing.choices import MoneyRightKind
from billing.models import MoneyLimit, MoneyRight
from billing.refusals import Refused
from supportdesk.lib import money

MOST_ACCOUNTS = 1_000
NO_RIGHT = "You may not refund by yourself. Ask for it: it goes to the review."


class CannotAppoint(Refused):
    """Rights and limits stay as they are."""


@permitted("money.set_up")
def grant_right(*, person: Person, right: MoneyRightKind, by: Person, now: datetime) -> MoneyRight:
    """Let `person` do this from now on; they may have it already. Raises CannotAppoint, also for oneself (E7)."""
    if person.pk == by.pk:
        raise CannotAppoint("Nobody appoints themselves. Ask another admin.")
    if not can(person, "money.give"):
        raise CannotAppoint(f"{person.shown_name} does not work at the desk, so there is nothing they could give.")
    known = MoneyRight.objects.filter(person=person, right=right, revoked_at__isnull=True).first()
    if known:
        return known
    try:
        with transaction.atomic():
            made = MoneyRight.objects.create(person=person, right=right, granted_by=by, granted_at=now)
    except IntegrityError:  # another admin at the same moment
        return MoneyRight.objects.get(person=person, right=right, revoked_at__isnull=True)
    journal.record(by=by, action="billing.grant_money_right", subject=person, data={"right": right}, now=now)
    return made


@permitted("money.set_up")
def revoke_right(*, person: Person, right: MoneyRightKind, by: Person, now: datetime) -> None:
    """Let `person` do this no more. Who does not hold it stays as they are."""
    held = MoneyRight.objects.filter(person=person, right=right, revoked_at__isnull=True)
    if held.update(revoked_at=now, revoked_by=by):
        journal.record(by=by, action="billing.revoke_money_right", subject=person, data={"right": right}, now=now)


@permitted("money.set_up")
def set_limits(*, by_role: Mapping[Role, Limits], by: Person, now: datetime) -> None:
    """How much these roles may give by themselves, from now on. Raises CannotAppoint, and then all stay as they are."""
    for role, limits in by_role.items():
        if role not in BUILT_IN:
            raise CannotAppoint(f"{Role(role).label}s give nothing, so there is no limit to set.")
        if not (0 <= limits.refund_most <= money.MOST and 0 <= limits.goodwill_a_day <= money.MOST):
            raise CannotAppoint(f"Enter sums from nothing to {allowances.shown(money.MOST)}.")
        if not 0 <= limits.free_accounts_a_month <= MOST_ACCOUNTS:
            raise CannotAppoint(f"Enter a number from 0 to {MOST_ACCOUNTS:,}.")
    known = allowances.limits_by_role()
    changed = {role: limits for role, limits in by_role.items() if limits != known[role]}
    for role, limits in changed.items():
        MoneyLimit.objects.update_or_create(role=role, defaults=vars(limits))
    if changed:
        data = {role: vars(limits) for role, limits in changed.items()}
        journal.record(by=by, action="billing.set_money_limits", subject=by, data=data, now=now)


def require_right(by: Person, right: MoneyRightKind, subject: Model, *, now: datetime) -> None:
    """Raise NotAllowed unless `by` was appointed to it. The attempt is journalled; call it outside a transaction."""
    if allowances.has_right(by, right):
        return
    journal.record(by=by, action="accounts.refused", subject=subject, data={"tried": f"money.{right}"}, now=now)
    if right == MoneyRightKind.REFUND:
        raise NotAllowed(NO_RIGHT)
    raise NotAllowed(f"You may not do this. {allowances.who_holds(right, but=by)} may.")


def lock_right(by: Person, right: MoneyRightKind) -> bool:
    """Hold the right itself until the transaction ends: what one person gives is counted one after the other.

    False where it was taken away meanwhile.
    """
    rows = MoneyRight.objects.select_for_update().filter(person=by, right=right, revoked_at__isnull=True)
    return rows.first() is not None
