"""The only doors by which a page reaches a survey."""

from django.http import Http404

from accounts.access import can
from insights.choices import SurveyState
from insights.models import Survey
from insights.tokens import digest, is_token


def survey_by_token(token: str) -> Survey:
    """The survey whose mail carried `token`. Raises Http404: a stranger learns nothing (S39)."""
    rows = Survey.objects.select_related("ticket", "person").exclude(state=SurveyState.SKIPPED)
    survey = rows.filter(token_sha256=digest(token)).first() if is_token(token) else None
    if survey is None or not survey.person.is_active:
        raise Http404
    return survey


def survey_of(person, ticket_id: int) -> Survey | None:
    """What a ticket's customer was asked and said, for staff who may read the ticket; None for anybody else."""
    if not can(person, "tickets.see"):
        return None
    return Survey.objects.select_related("person", "answered_by").filter(ticket=ticket_id).first()
