"""What happens when a timer of insights falls due. An edge: it calls one action."""

from datetime import datetime

from insights.actions import survey


def survey_due(timer, now: datetime) -> None:
    """It is time to ask about a closed ticket. The visit says which closing."""
    survey.ask(ticket_id=timer.subject, closed=timer.visit, now=now)
