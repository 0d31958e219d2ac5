"""The words of programmes: Customer Day, the month of invoice questions, what support wants to reach."""

from django.db.models import TextChoices

# Leads and admins look after the programmes.
LOOK_AFTER = "desk.automate"


class DayState(TextChoices):
    """How far somebody is with their Customer Day of a quarter."""

    INVITED = "invited", "Invited"
    PLANNED = "planned", "Booked"
    BRIEFED = "briefed", "Briefed"
    WORKING = "working", "At it"
    DEBRIEFED = "debriefed", "Done"
    MISSED = "missed", "Missed"


class ObservationState(TextChoices):
    """What became of something that was noticed on a Customer Day."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    SHIPPED = "shipped", "Shipped"
    VERIFIED = "verified", "Effect verified"
    DECLINED = "declined", "Declined"


# Where an observation may go from where it is. What nobody may leave is over.
NEXT_STATES = {
    ObservationState.OPEN: (ObservationState.ACCEPTED, ObservationState.DECLINED),
    ObservationState.ACCEPTED: (ObservationState.SHIPPED, ObservationState.DECLINED),
    ObservationState.SHIPPED: (ObservationState.VERIFIED, ObservationState.ACCEPTED),
}
UNFINISHED = tuple(NEXT_STATES)
# These say why, or what came of it.
NEED_WORDS = (ObservationState.VERIFIED, ObservationState.DECLINED)


class MonthState(TextChoices):
    """How far a month's reconciliation of invoice questions is."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class ActionKind(TextChoices):
    """What keeps a question about invoices from being asked again."""

    ARTICLE = "article", "Article"
    INVOICE_TEXT = "text", "Text on the invoice"
    PRODUCT = "product", "Product"


class GoalFigure(TextChoices):
    """What support can be measured by. `insights.queries_goals` counts each."""

    FIRST_REPLY = "first_reply", "Median first reply, open hours"
    FIRST_IN_TIME = "first_in_time", "First replies in time, percent"
    CSAT = "csat", "Happy customers (CSAT), percent"
    CES = "ces", "Found it easy (CES), percent"
    SOLVED = "solved", "Confirmed solved, percent of answers"
    REOPENED = "reopened", "Opened again within 7 days, percent"
    UNANSWERED = "unanswered", "Closed unanswered, percent"
    CONTACT_RATE = "contact_rate", "Contacts per 100 active customers"
    INVOICE_RATE = "invoice_rate", "Questions per 1,000 invoices"


# The fewer the better; of the others, the more.
LESS_IS_BETTER = frozenset({
    GoalFigure.FIRST_REPLY, GoalFigure.REOPENED, GoalFigure.UNANSWERED, GoalFigure.CONTACT_RATE,
    GoalFigure.INVOICE_RATE,
})  # fmt: skip
