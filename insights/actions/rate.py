"""Take a customer's answer: without a login, once, and again while it can be changed."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.journal import record
from insights.choices import SurveyState
from insights.models import Survey, SurveyRules
from insights.refusals import Refused
from insights.scales import LOW
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.live import announce
from tickets.actions import happenings, notify, publishing, state
from tickets.actions.keeping import locked, write_event
from tickets.choices import Category, Happened
from tickets.models import Ticket
from webhooks.actions.publish import publish

ANSWER_WITHIN = timedelta(days=30)


class CannotRate(Refused):
    """The survey is over: asked too long ago, or answered too long ago to be changed."""


def closes_at(survey: Survey) -> datetime:
    """Until when an answer is taken, or changed."""
    if survey.answered_at is None:
        return survey.asked_at + ANSWER_WITHIN
    return survey.answered_at + timedelta(days=SurveyRules.objects.get(pk=1).change_days)


@transaction.atomic
def rate(*, survey: Survey, csat: int, ces: int | None, is_solved: bool | None, comment: str, now: datetime) -> bool:
    """Record an answer or its change, once; False when it says what is recorded already. Raises CannotRate.

    A first low rating mails the team's lead and opens the ticket again where the rules say so.
    """
    ticket = locked(survey.ticket_id)
    row = Survey.objects.select_for_update().select_related("person").get(pk=survey.pk)
    if closes_at(row) <= now:
        raise CannotRate("This survey is over. Write to us if there is something we should know.")
    said = (csat, ces, is_solved, comment)
    if (row.csat, row.ces, row.is_solved, row.comment) == said and row.answered_at:
        return False
    is_first, was_low = row.answered_at is None, row.csat is not None and row.csat <= LOW
    row.csat, row.ces, row.is_solved, row.comment = said
    row.state, row.answered_at = SurveyState.ANSWERED, row.answered_at or now
    row.changed_at = None if is_first else now
    row.save()
    failpoint("insights.rate.saved")
    write_event(ticket, kind="rated", text=_line(row, is_first), by=row.person, now=now)
    if csat <= LOW and not was_low:
        _act_on_low(ticket, row, now)
    happenings.tell(ticket, Happened.RATED, now=now)
    _publish(ticket, row, is_first, now)
    announce(ticket.subject_key)
    record(by=None, action="insights.rate", subject=row, data={"csat": csat, "ces": ces, "first": is_first}, now=now)
    return True


def _act_on_low(ticket: Ticket, survey: Survey, now: datetime) -> None:
    rules = SurveyRules.objects.get(pk=1)
    if rules.low_tells_lead:
        what = f"{survey.person.shown_name} rated it {survey.csat} of 5"
        notify.tell(notify.escalation_of(ticket), ticket, what, now)
    if rules.low_reopens and ticket.category == Category.CLOSED and not ticket.merged_into_id:
        state.reopen_ticket(ticket=ticket, by=survey.person, now=now)


def _line(survey: Survey, is_first: bool) -> str:
    words = f"{survey.person.shown_name} {'rated this' if is_first else 'changed the rating to'} {survey.csat} of 5."
    return f"{words} “{survey.comment}”" if survey.comment else words


def _publish(ticket: Ticket, survey: Survey, is_first: bool, now: datetime) -> None:
    rating = {
        "csat": survey.csat,
        "ces": survey.ces,
        "is_solved": survey.is_solved,
        "comment": survey.comment,
        "is_change": not is_first,
        "person": publishing.person_data(survey.person),
        "agent": publishing.person_data(survey.answered_by),
    }
    data = {"ticket": publishing.ticket_data(ticket), "rating": rating}
    publish(type="rating.received", subject_key=ticket.subject_key, data=data, now=now)
