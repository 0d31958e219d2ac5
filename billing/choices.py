"""The words of billing, and which state may follow which."""

from django.db.models import TextChoices


class ProductKind(TextChoices):
    """What is sold, and therefore what happens once it is paid."""

    PLAN = "plan", "Plan"
    GOODS = "goods", "Goods that ship"
    TRAINING = "training", "Training"
    HOURS = "hours", "Hours of help"
    SUPPORT = "support", "Incidents of priority support"


class ProductState(TextChoices):
    """Who sees a product."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    ARCHIVED = "archived", "No longer sold"


class Period(TextChoices):
    """How often a price is charged."""

    ONCE = "once", "Once"
    MONTHLY = "monthly", "Monthly"
    YEARLY = "yearly", "Yearly"


RECURRING = (Period.MONTHLY, Period.YEARLY)


class CouponUse(TextChoices):
    """How often a coupon works."""

    SINGLE = "single", "Once in all"
    MULTIPLE = "multiple", "As often as its limit allows"
    ONCE_A_CUSTOMER = "once_a_customer", "Once for each customer"


class HoursReason(TextChoices):
    """Why minutes came or went."""

    PURCHASE = "purchase", "Bought"
    COMPLIMENTARY = "complimentary", "Complimentary"
    USED = "used", "Used"
    EXPIRED = "expired", "Expired"
    CORRECTION = "correction", "Corrected"


class PaymentMethod(TextChoices):
    """How an order or an invoice is paid."""

    CARD = "card", "Card"
    ON_ACCOUNT = "on_account", "On account"
    TRANSFER = "transfer", "Bank transfer"


class OrderState(TextChoices):
    """Where an order stands. What is shipped stands on its shipments, what is owed on its invoice."""

    PLACED = "placed", "Placed"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


class ShipmentState(TextChoices):
    """Where a shipment stands."""

    WAITING = "waiting", "Being packed"
    HELD = "held", "Packed and waiting"
    READY = "ready", "Ready to leave"
    SHIPPED = "shipped", "On its way"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"


SHIPMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    ShipmentState.WAITING: frozenset({ShipmentState.HELD, ShipmentState.READY, ShipmentState.CANCELLED}),
    ShipmentState.HELD: frozenset({ShipmentState.READY, ShipmentState.CANCELLED}),
    ShipmentState.READY: frozenset({ShipmentState.HELD, ShipmentState.SHIPPED, ShipmentState.CANCELLED}),
    ShipmentState.SHIPPED: frozenset({ShipmentState.DELIVERED}),
    ShipmentState.DELIVERED: frozenset(),
    ShipmentState.CANCELLED: frozenset(),
}


class HoldReason(TextChoices):
    """Why a shipment waits."""

    UNPAID = "unpaid", "Until its invoice is paid"
    CREDIT = "credit", "Until the credit limit is approved"
    TAX = "tax", "Until the tax certificate is checked"
    MANUAL = "manual", "Held by us"


class InvoiceState(TextChoices):
    """Where an invoice stands. Paid and part refunded are read from its sums."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    VOID = "void", "Void"


INVOICE_TRANSITIONS: dict[str, frozenset[str]] = {
    InvoiceState.DRAFT: frozenset({InvoiceState.OPEN, InvoiceState.PAID}),
    InvoiceState.OPEN: frozenset({InvoiceState.PAID, InvoiceState.VOID}),
    InvoiceState.PAID: frozenset({InvoiceState.OPEN}),  # a payment came back: a dispute lost, a transfer recalled
    InvoiceState.VOID: frozenset(),
}


class Series(TextChoices):
    """Rows of numbers, each without a gap within a year."""

    INVOICE = "INV", "Invoices"
    CREDIT_NOTE = "CN", "Credit notes"
    RECEIPT = "RC", "Receipts"
    ORDER = "SO", "Orders"


class PaymentState(TextChoices):
    """Where one payment stands."""

    CREATED = "created", "Being asked for"
    ACTION_NEEDED = "action_needed", "Waiting for the bank's question to be answered"
    PROCESSING = "processing", "On its way"
    SUCCEEDED = "succeeded", "Paid"
    FAILED = "failed", "Declined"
    CANCELLED = "cancelled", "Cancelled"


PAYMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    PaymentState.CREATED: frozenset(
        {
            PaymentState.ACTION_NEEDED, PaymentState.PROCESSING, PaymentState.SUCCEEDED, PaymentState.FAILED,
            PaymentState.CANCELLED,
        }
    ),
    PaymentState.ACTION_NEEDED: frozenset(
        {PaymentState.PROCESSING, PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.CANCELLED}
    ),
    PaymentState.PROCESSING: frozenset({PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.ACTION_NEEDED}),
    # The provider may confirm the same intent again after a decline, and its events come in any order.
    PaymentState.FAILED: frozenset(
        {PaymentState.ACTION_NEEDED, PaymentState.PROCESSING, PaymentState.SUCCEEDED, PaymentState.CANCELLED}
    ),
    PaymentState.SUCCEEDED: frozenset(),
    PaymentState.CANCELLED: frozenset(),
}  # fmt: skip


class RefundState(TextChoices):
    """Where one refund stands. It may fail weeks after it succeeded."""

    QUEUED = "queued", "About to be sent"
    SENDING = "sending", "Being sent"
    PENDING = "pending", "On its way"
    SUCCEEDED = "succeeded", "Refunded"
    FAILED = "failed", "Came back"
    CANCELLED = "cancelled", "Cancelled"


REFUND_TRANSITIONS: dict[str, frozenset[str]] = {
    RefundState.QUEUED: frozenset({RefundState.SENDING, RefundState.CANCELLED}),
    RefundState.SENDING: frozenset(
        {RefundState.SENDING, RefundState.QUEUED, RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED}
    ),
    RefundState.PENDING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED, RefundState.CANCELLED}),
    RefundState.SUCCEEDED: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
    RefundState.CANCELLED: frozenset(),
}


class CardSetupState(TextChoices):
    """Where saving a card stands."""

    CREATED = "created", "Being asked for"
    ACTION_NEEDED = "action_needed", "Waiting for the bank's question to be answered"
    SUCCEEDED = "succeeded", "Kept"
    FAILED = "failed", "Not kept"
    CANCELLED = "cancelled", "Cancelled"


class MoneyTaskKind(TextChoices):
    """Why somebody has to look after money."""

    REFUND_FAILED = "refund_failed", "A refund came back"
    DISPUTE = "dispute", "A payment is disputed"
    PAID_TWICE = "paid_twice", "More was paid than was owed"
    FRAUD_WARNING = "fraud_warning", "The bank warns of fraud"
    REVIEW = "review", "The provider reviews a payment"
    UNKNOWN_PAYMENT = "unknown_payment", "A payment belongs to no invoice"
    CHANGED_OUTSIDE = "changed_outside", "Somebody moved money at the provider itself"
    LINKED_ACCOUNT = "linked_account", "Somebody tried to decide about an account of their own"
    TRANSFER_BACK = "transfer_back", "Money to be sent by bank transfer"


class SubscriptionState(TextChoices):
    """Where a subscription stands."""

    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment failed"
    ENDED = "ended", "Ended"


class CreditState(TextChoices):
    """Whether a customer may buy on account."""

    NONE = "none", "Not asked for"
    PROVISIONAL = "provisional", "Starter limit"
    APPROVED = "approved", "Approved"
    CLOSED = "closed", "Closed"


class CreditOrigin(TextChoices):
    """What made somebody ask for a limit."""

    FORM = "form", "Application"
    ORDER = "order", "Order over the limit"


class CreditRequestState(TextChoices):
    """What became of a credit request."""

    OPEN = "open", "Waiting for its review"
    RAISED = "raised", "Approved"
    KEPT = "kept", "Limit kept"
    CLOSED = "closed", "Closed"
    REJECTED = "rejected", "Held order cancelled"
    WITHDRAWN = "withdrawn", "Withdrawn"


class CertificateKind(TextChoices):
    """What sort of exemption a certificate proves."""

    US_STATE = "us_state", "US state sales tax"
    CANADA = "canada", "Canadian GST/HST"


class CertificateState(TextChoices):
    """Where a tax exemption certificate stands. The first two count."""

    PROVISIONAL = "provisional", "Counts, being checked"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"
    REPLACED = "replaced", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"


class RefundOrigin(TextChoices):
    """Who asked for money back."""

    CUSTOMER = "customer", "Customer"
    AGENT = "agent", "Agent"


class RefundReason(TextChoices):
    """Why money should go back."""

    DAMAGED = "damaged", "Arrived damaged or faulty"
    WRONG = "wrong", "Wrong item or size"
    MISSING = "missing", "Something is missing"
    TWICE = "twice", "Charged twice"
    MISTAKE = "mistake", "Ordered by mistake"
    NOT_NEEDED = "not_needed", "No longer needed"
    OTHER = "other", "Something else"


class RefundRequestState(TextChoices):
    """What was decided about a refund request. Where its money is stands on its refunds."""

    OPEN = "open", "Waiting for its review"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class MoneyRightKind(TextChoices):
    """What only appointed people of the desk may do."""

    REFUND = "refund", "Refund"
    DISCOUNT = "discount", "Give discounts from the catalogue"
    FREE_ACCOUNT = "free_account", "Open free accounts"


class GoodwillWay(TextChoices):
    """How goodwill reaches a customer."""

    INVOICE = "invoice", "Off an open invoice"
    CARD = "card", "Back to the card of a paid invoice"
    COUPON = "coupon", "Off the next order"


class Notice(TextChoices):
    """Sorts of mail about invoices that an address may decline. `mail` keeps the opt-outs, under these names."""

    INVOICE = "invoice", "New invoices and receipts"
    REMINDER = "invoice_reminder", "Payment reminders"
