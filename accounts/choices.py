"""Words with a fixed meaning."""

from django.db import models


class Role(models.TextChoices):
    """What a member of staff may do. A person may hold several; `accounts.access` says what each allows."""

    AGENT = "agent", "Agent"
    LEAD = "lead", "Lead"
    REVIEWER = "reviewer", "Reviewer"
    EDITOR = "editor", "Editor"
    ADMIN = "admin", "Admin"
    OBSERVER = "observer", "Observer"


class UndoWindow(models.IntegerChoices):
    """How long a reply waits before it leaves (U4)."""

    FIVE = 5, "5 seconds"
    TEN = 10, "10 seconds"
    TWENTY = 20, "20 seconds"
    THIRTY = 30, "30 seconds"


class Scope(models.TextChoices):
    """What a token may be used for, within what its person may do. Writing includes reading the same."""

    TICKETS_READ = "tickets:read", "Read tickets and messages"
    TICKETS_WRITE = "tickets:write", "Open, answer and change tickets"
    NOTES_READ = "notes:read", "Read private notes"
    NOTES_WRITE = "notes:write", "Write private notes"
    PEOPLE_READ = "people:read", "Read people"
    PEOPLE_WRITE = "people:write", "Add and rename people"
    ORGANISATIONS_READ = "organisations:read", "Read organisations"
    ORGANISATIONS_WRITE = "organisations:write", "Add organisations and their members"
    CHANNELS_PASS = "channels:pass", "Pass on SMS and chat messages, both ways"
    ORDERS_READ = "orders:read", "Read products, orders and shipments"
    ORDERS_WRITE = "orders:write", "Let shipments go and send them off"
    INVOICES_READ = "invoices:read", "Read customers, invoices, payments, refunds and subscriptions"
    INVOICES_WRITE = "invoices:write", "Record transfers, credit, withdraw and refund"
    ARTICLES_READ = "articles:read", "Read and search the wiki"
    ARTICLES_WRITE = "articles:write", "Write pages of the wiki, and suggest changes"


class NotificationKind(models.TextChoices):
    """What staff are told about."""

    ASSIGNED = "assigned", "A ticket is handed to me"
    MENTIONED = "mentioned", "Somebody mentions me"
    WATCHED = "watched", "Something happens on a ticket that I watch"
    DUE = "due", "A promise is due soon or overdue"


class NotificationWay(models.TextChoices):
    """How they are told."""

    DESK = "desk", "In the desk"
    MAIL = "mail", "By mail"


class HandleSort(models.TextChoices):
    """By what else than a mail address somebody reaches us."""

    PHONE = "phone", "Telephone number"
    CHAT = "chat", "Chat visitor"
    TOLD = "told", "Telephone number that another desk had of them"


class IdentityMethod(models.TextChoices):
    """How a caller shows who they are. What somebody knows about themselves is not among them (E5)."""

    MAIL_CODE = "mail_code", "Code to the registered mailbox"
    OWN_SESSION = "own_session", "Number typed into their own session"


class RequestKind(models.TextChoices):
    """What of an account is changed only after a delay."""

    CHANGE_EMAIL = "change_email", "Change of mail address"
    CHANGE_PHONE = "change_phone", "Change of telephone number"
    CANCEL_ACCOUNT = "cancel_account", "Cancellation of the account"


class RequestState(models.TextChoices):
    """Where such a change stands."""

    PROPOSED = "proposed", "Waits for a second person"
    APPROVED = "approved", "Waits for its day"
    REJECTED = "rejected", "Rejected"
    UNDONE = "undone", "Called back"
    EXECUTED = "executed", "Done"
    FAILED = "failed", "Could not be done"


class EventKind(models.TextChoices):
    """What is written down of somebody's own doing at the doors."""

    SIGNED_IN = "signed_in", "Signed in"
    CODE_REFUSED = "code_refused", "Typed a wrong code"
    PASSWORD_REFUSED = "password_refused", "Typed a wrong password"
    RESET_ASKED = "reset_asked", "Asked for a link to reset the password"
    PASSWORD_SET = "password_set", "Set a password"
    REQUEST = "request", "Request"
