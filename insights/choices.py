"""The words of reports and surveys."""

from django.db.models import TextChoices


class TurnKind(TextChoices):
    """What became of a ticket."""

    OPENED = "opened", "Opened"
    CLOSED = "closed", "Closed"
    REOPENED = "reopened", "Opened again"


class Dimension(TextChoices):
    """By what figures are broken down."""

    ALL = "all", "All"
    TEAM = "team", "Team"
    PERSON = "person", "Person"
    CHANNEL = "channel", "Channel"
    REASON = "reason", "Contact reason"
    TAG = "tag", "Tag"


class SurveyState(TextChoices):
    """What became of a survey."""

    SENT = "sent", "Asked"
    ANSWERED = "answered", "Answered"
    SKIPPED = "skipped", "Not asked"


class Skipped(TextChoices):
    """Why somebody was not asked."""

    NONE = "", ""
    LATELY = "lately", "They were asked a short while ago"
    OPTED_OUT = "opted_out", "They want no such mail"
    UNANSWERED = "unanswered", "Nobody answered this ticket"
    MACHINE = "machine", "No person wrote that we know of"
    STAFF = "staff", "The requester works here"
    UNREACHABLE = "unreachable", "There is no address to ask"
    OFF = "off", "Surveys are switched off"
