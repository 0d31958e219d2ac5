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
    PHONE = "phone", "telephone"
    SMS = "sms", "SMS"
    CHAT = "chat", "chat"


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
    STEP = "step", "A step of a process is due"


class Role(TextChoices):
    """What a person is to one ticket."""

    REQUESTER = "requester", "Requester"
    COPIED = "copied", "In copy"
    WATCHER = "watcher", "Watcher"


class Clock(TextChoices):
    """The three promises of a service level, and the date an agent set."""

    FIRST_RESPONSE = "first_response", "First reply"
    NEXT_RESPONSE = "next_response", "Next reply"
    RESOLUTION = "resolution", "Solution"
    FOLLOW_UP = "follow_up", "Follow-up"


class Notice(TextChoices):
    """What was noticed about a clock."""

    WARNED = "warned", "Due soon"
    BROKEN = "broken", "Overdue"
    NEARLY = "nearly", "Left for 20 hours"
    LEFT = "left", "Left for a day"


class Passing(TextChoices):
    """Where a message stands that a program passes between a provider and us."""

    RECEIVED = "received", "Received"
    PENDING = "pending", "Waiting to be passed on"
    SENDING = "sending", "Being passed on"
    SENT = "sent", "Passed on"
    FAILED = "failed", "Not delivered"
    CANCELLED = "cancelled", "Taken back"


class CallDirection(TextChoices):
    """Who rang whom."""

    INCOMING = "incoming", "They rang us"
    OUTGOING = "outgoing", "We rang them"


class CallOutcome(TextChoices):
    """What became of a call."""

    SPOKE = "spoke", "We spoke"
    MISSED = "missed", "Nobody answered"
    VOICEMAIL = "voicemail", "Left a message"
    BUSY = "busy", "Busy or cut off"


class FormLanguage(TextChoices):
    """The languages that a contact form speaks."""

    ENGLISH = "en", "English"
    FRENCH = "fr", "Français"
    GERMAN = "de", "Deutsch"
    SPANISH = "es", "Español"


class Sharing(TextChoices):
    """Who sees a saved view."""

    MINE = "mine", "Only me"
    TEAM = "team", "A team"
    ALL = "all", "Everybody"


class ViewOrder(TextChoices):
    """How a saved view is sorted."""

    DUE = "due", "What is due first, open tickets only"
    NEWEST = "newest", "Newest ticket first"


class Doing(TextChoices):
    """What somebody does at a ticket that they have open."""

    VIEWING = "viewing", "is viewing"
    REPLYING = "replying", "is replying"


class MoveKind(TextChoices):
    """How words come from one ticket into another."""

    MERGE = "merge", "Merged"
    SPLIT = "split", "Split off"


class RelationKind(TextChoices):
    """What the first ticket of a pair is to the second."""

    RELATED = "related", "Related to"
    PARENT = "parent", "Parent of"
    DUPLICATE = "duplicate", "Duplicate of"
    CAUSE = "cause", "Cause of"
    BLOCKS = "blocks", "Blocks"


class FieldKind(TextChoices):
    """What a field of the desk's own holds."""

    TEXT = "text", "Text, one line"
    LONG = "long", "Long text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    TRUTH = "truth", "Yes or no"
    CHOICE = "choice", "One of several"
    SEVERAL = "several", "Any of several"
    ADDRESS = "address", "Web address"


class BulkState(TextChoices):
    """Where a deed on many tickets stands."""

    CHOSEN = "chosen", "Chosen"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


class ItemState(TextChoices):
    """What became of one ticket of a bulk job."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    SAME = "same", "Was so already"
    REFUSED = "refused", "Refused"
    UNDONE = "undone", "Taken back"
    LEFT = "left", "Left as it is"


class Happened(TextChoices):
    """What may set off a rule."""

    CREATED = "created", "A ticket is created"
    CUSTOMER_WROTE = "customer_wrote", "The customer writes"
    AGENT_WROTE = "agent_wrote", "An agent replies"
    NOTED = "noted", "A note is added"
    STATE = "state", "The state changes"
    ASSIGNEE = "assignee", "The assignee changes"
    TEAM = "team", "The team changes"
    PRIORITY = "priority", "The priority changes"
    TAGS = "tags", "The tags change"
    AT_RISK = "at_risk", "A promise is at risk"
    BROKEN = "broken", "A promise is broken"
    RATED = "rated", "The customer rates"


class RuleMoment(TextChoices):
    """From when a rule on time counts."""

    CREATED = "created", "it was created"
    CUSTOMER_WAITS = "customer_waits", "the customer has waited for an answer"
    CUSTOMER_WROTE = "customer_wrote", "the customer last wrote"
    AGENT_WROTE = "agent_wrote", "an agent last replied"
    IN_STATE = "in_state", "it got its state"
    DUE = "due", "its promise is due"
    CLOSED = "closed", "it was closed"


class RunState(TextChoices):
    """What became of a rule and a ticket."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Could not act"
    FAILED = "failed", "Failed"


class Distributing(TextChoices):
    """Who of a team gets the next ticket."""

    BY_HAND = "by_hand", "Nobody, people take tickets themselves"
    IN_TURN = "in_turn", "In turn, one after the other"
    BY_LOAD = "by_load", "Whoever has the fewest open tickets"


class NudgeState(TextChoices):
    """What became of a step of the reminders."""

    SENT = "sent", "Sent"
    CLOSED = "closed", "Closed"
    STOPPED = "stopped", "Stopped"


class FileReading(TextChoices):
    """How far the text of a file is known to the search."""

    WAITING = "waiting", "Waiting"
    READ = "read", "Read"
    NOTHING = "nothing", "Holds no text"
    FAILED = "failed", "Could not be read"


class ProcessState(TextChoices):
    """How far a run of a process on a ticket has come."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class StepState(TextChoices):
    """How far one step of a run has come."""

    TODO = "todo", "To do"
    CLAIMED = "claimed", "Taken"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"


# A step that nobody has to do any more.
SETTLED: frozenset[str] = frozenset({StepState.DONE, StepState.SKIPPED})


class HeldState(TextChoices):
    """What became of a reply that somebody reads before it leaves."""

    WAITING = "waiting", "Waits for its reviewer"
    SENT = "sent", "Sent"
    RETURNED = "returned", "Given back"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Sourcing(TextChoices):
    """Where the people of a team are employed, so that what they do can be set side by side (R82)."""

    INHOUSE = "inhouse", "Our own people"
    OUTSOURCED = "outsourced", "Outsourced"
    OFFSHORE = "offshore", "Offshore"
