"""Whether a plan still renews on account: a limit that was closed, or is used up, ends that (R26, B3)."""

from billing import credit
from billing.actions.plan_bills import Bill
from billing.choices import PaymentMethod
from billing.models import Card, Invoice, Subscription


def leave_account(subscription: Subscription, card: Card | None) -> bool:
    """Let a plan whose customer may not buy on account any more be paid by `card`, or by transfer where it is None.

    True where that is new. The caller saves it, in the transaction in which it tells the customer.
    """
    method = credit.method_of_renewal(subscription.method, subscription.customer, has_card=card is not None)
    is_new = method != subscription.method
    subscription.method = method
    return is_new


def is_over_limit(subscription: Subscription, bill: Bill, *, dropped: Invoice | None) -> bool:
    """Whether a renewal on account goes past the limit. Belongs in a transaction that holds the customer's row.

    A plan that runs is not stopped for it. It is billed without the days that a limit gives: due at once. `dropped` is
    the invoice of a switch that is withdrawn in the same transaction, and takes no room.
    """
    if subscription.method != PaymentMethod.ON_ACCOUNT:
        return False
    less = dropped.due if dropped and dropped.snapshot.get("method") == PaymentMethod.ON_ACCOUNT else 0
    return not credit.has_room(subscription.customer, bill.total, less=less)
