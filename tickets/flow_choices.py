"""The words of flows: when one begins, what ends a stage, how a case stands."""

from django.db.models import TextChoices


class BeginsOn(TextChoices):
    """What begins a case by itself."""

    MANUAL = "manual", "A person begins it"
    ORDER_PAID = "order_paid", "An order is paid"
    FIRST_ORDER = "first_order", "A customer's first order is paid"
    HELP_ORDER = "help_order", "An order that brings hours of help is paid"


class ExitOn(TextChoices):
    """What ends a stage by itself. A person of its role may end it by hand, too."""

    MANUAL = "manual", "Somebody says that it is done"
    CUSTOMER_REPLY = "customer_reply", "The customer answers"
    DOCUMENT_UPLOADED = "document_uploaded", "The customer sends a file"
    PAYMENT_CLEARED = "payment_cleared", "The order is paid"
    BOOKING_CONFIRMED = "booking_confirmed", "A date is booked"
    FIELD_SET = "field_set", "A date is entered"
    CHILD_DONE = "child_done", "The flow that it starts is done"


class OnExhausted(TextChoices):
    """What becomes of a case whose customer never answered."""

    NOTHING = "", "It stays there"
    LOST = "lost", "The case is lost"
    TASK = "task", "A task for the role"
    NEXT = "next", "It goes on to the next stage"


class CountsFrom(TextChoices):
    """From when a stage's open hours count."""

    ENTRY = "entry", "the stage is entered"
    DATE = "date", "the date that was entered"


class ReminderFrom(TextChoices):
    """From when a reminder's open hours count."""

    ENTRY = "entry", "the stage is entered"
    DUE = "due", "the stage is due"


class ReminderSort(TextChoices):
    """What a reminder is."""

    MAIL = "mail", "A mail to the customer"
    TASK = "task", "A task for a role"


class CaseState(TextChoices):
    """How a case stands."""

    ACTIVE = "active", "Ours to act on"
    WAITING = "waiting", "With the customer"
    BLOCKED = "blocked", "Held up"
    DONE = "done", "Done"
    LOST = "lost", "Lost"


class How(TextChoices):
    """How a visit to a stage ended."""

    MANUAL = "manual", "by hand"
    CUSTOMER_REPLY = "customer_reply", "by the customer's answer"
    DOCUMENT_UPLOADED = "document_uploaded", "by the customer's file"
    PAYMENT_CLEARED = "payment_cleared", "by the payment"
    BOOKING_CONFIRMED = "booking_confirmed", "by the booking"
    FIELD_SET = "field_set", "by its date"
    CHILD_DONE = "child_done", "by the flow it started"
    EXHAUSTED = "exhausted", "because nobody answered"
    LOST = "lost", "as lost"
    DECLINED = "declined", "as beyond what we do"


LIVE = (CaseState.ACTIVE, CaseState.WAITING, CaseState.BLOCKED)
# In these the customer has the next move.
CUSTOMERS_MOVE = frozenset({ExitOn.CUSTOMER_REPLY, ExitOn.DOCUMENT_UPLOADED, ExitOn.PAYMENT_CLEARED})
# These want a date from whoever ends the stage.
WANTS_DATE = frozenset({ExitOn.FIELD_SET, ExitOn.BOOKING_CONFIRMED})
# How a case may go from one state to another. Done and lost are final.
CASE_MOVES: dict[str, frozenset[str]] = {
    CaseState.ACTIVE: frozenset(CaseState.values),
    CaseState.WAITING: frozenset(CaseState.values),
    CaseState.BLOCKED: frozenset(CaseState.values),
    CaseState.DONE: frozenset(),
    CaseState.LOST: frozenset(),
}
