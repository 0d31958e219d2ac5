"""The words that tickets use, and which state may follow which."""

from django.db.models import TextChoices


class Category(TextChoices):
    """What a state means to the desk. Admins rename states; these five stay."""

    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting on customer"
    HOLD = "hold", "On hold"
    CLOSED = "closed", "Closed"


# Clocks run in the first set and stand still in the second.
LIVE = (Category.NEW, Category.OPEN)
PAUSED = (Category.WAITING, Category.HOLD)
UNSOLVED = (*LIVE, *PAUSED)

# A closed ticket comes back as open, never as new.
TRANSITIONS: dict[str, frozenset[str]] = {
    Category.NEW: frozenset({Category.OPEN, Category.WAITING, Category.HOLD, Category.CLOSED}),
    Category.OPEN: frozenset({Category.WAITING, Category.HOLD, Category.CLOSED}),
    Category.WAITING: frozenset({Category.OPEN, Category.HOLD, Category.CLOSED}),
    Category.HOLD: frozenset({Category.OPEN, Category.WAITING, Category.CLOSED}),
    Category.CLOSED: frozenset({Category.OPEN}),
}


class Priority(TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class TicketType(TextChoices):
    QUESTION = "question", "Question"
    PROBLEM = "problem", "Problem"
    REQUEST = "request", "Request"
    TASK = "task", "Task"


class Channel(TextChoices):
    """How words reached us."""

    MAIL = "mail", "mail"
    WEB = "web", "the web"
    LINK = "link", "a secure link"
    API = "api", "the API"
    AGENT = "agent", "an agent"


class Author(TextChoices):
    """Whose words a message holds."""

    CUSTOMER = "customer", "Customer"
    AGENT = "agent", "Agent"
    SYSTEM = "system", "supportdesk"


class Delivery(TextChoices):
    """Where an agent's reply stands, over all its recipients."""

    NONE = "none", "Not mailed"
    PENDING = "pending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Taken back"


class NextAction(TextChoices):
    """Why a ticket comes up again at `next_action_at`."""

    FIRST_RESPONSE = "first_response", "First reply is due"
    NEXT_RESPONSE = "next_response", "Reply is due"
    RESOLUTION = "resolution", "Solution is due"
    FOLLOW_UP = "follow_up", "Follow up"
    SNOOZE = "snooze", "Snooze ends"
    DELIVERY = "delivery", "A reply was not delivered"


class Role(TextChoices):
    """What a person is to one ticket."""

    REQUESTER = "requester", "Requester"
    COPIED = "copied", "In copy"
    WATCHER = "watcher", "Watcher"


class Clock(TextChoices):
    """The three promises of a service level."""

    FIRST_RESPONSE = "first_response", "First reply"
    NEXT_RESPONSE = "next_response", "Next reply"
    RESOLUTION = "resolution", "Solution"
