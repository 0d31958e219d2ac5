"""Ask a customer how it went: once a ticket, some open hours after it was closed, unless it was opened again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

import timers
from accounts.own_addresses import is_own_mailbox
from insights.choices import Skipped, SurveyState
from insights.desk import Promises, desk_zone
from insights.facts import Story
from insights.models import Survey, SurveyRules
from insights.scales import CSAT
from insights.tokens import digest, new_token
from mail.actions import reach
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind, MailState, Sort
from mail.models import Mailbox
from supportdesk.lib.business_hours import NeverOpens, add_business_time
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import take_transaction_lock
from tickets.actions.automation.customer_mail import no_person_wrote
from tickets.actions.keeping import locked
from tickets.choices import Author, Category
from tickets.models import Message, Ticket

DUE = "insights.survey_due"
# Whoever was not asked within this time after the closing is not asked at all: nobody remembers.
STILL_FRESH = timedelta(days=7)


def plan_surveys(stories: Iterable[Story], promises: Promises, *, now: datetime) -> int:
    """Let a timer ask about each ticket that was closed lately; how many. Planned twice, it is one timer."""
    rules = SurveyRules.objects.filter(pk=1, is_enabled=True).first()
    if rules is None:
        return 0
    floor = max(now - STILL_FRESH, rules.enabled_at or now - STILL_FRESH)
    fresh = [
        story
        for story in stories
        if story.counts and story.ticket.category == Category.CLOSED and story.ticket.closed_at
        and story.ticket.closed_at >= floor and not _closed_elsewhere(story.ticket)
    ]  # fmt: skip
    asked = Survey.objects.filter(ticket__in=[story.ticket.pk for story in fresh]).exclude(state=SurveyState.SKIPPED)
    known = set(asked.values_list("ticket", flat=True)) if fresh else set()
    due = [story for story in fresh if story.ticket.pk not in known]
    for story in due:
        closed_at = cast("datetime", story.ticket.closed_at)
        due_at = _due_at(promises, story, closed_at, rules.after_hours)
        timers.schedule(kind=DUE, subject=story.ticket.pk, visit=_visit(closed_at), due_at=due_at)
    return len(due)


@transaction.atomic
def ask(*, ticket_id: int, closed: int, now: datetime) -> Survey | None:
    """Mail the question about the closing that `closed` names, or note why not. None when it stands no more.

    Runs in its timer's transaction. Opened again meanwhile, asked before, switched off: nothing happens.
    """
    try:
        ticket = locked(ticket_id)
    except Ticket.DoesNotExist:
        return None
    rules = SurveyRules.objects.filter(pk=1, is_enabled=True).first()
    if rules is None or ticket.merged_into_id or ticket.category != Category.CLOSED:
        return None
    if ticket.closed_at is None or _visit(ticket.closed_at) != closed or _closed_elsewhere(ticket):
        return None
    known = Survey.objects.filter(ticket=ticket).first()
    if known and known.state != SurveyState.SKIPPED:
        return None
    # Two tickets of one customer may fall due in two sweeps at once.
    take_transaction_lock(f"insights.survey:{ticket.requester_id}")
    last = _last_answer(ticket)
    survey = known or Survey(ticket=ticket)
    survey.person, survey.team_id = ticket.requester, ticket.team_id
    survey.closed_at = ticket.closed_at
    survey.answered_by = last.person if last else None
    survey.asked_at, survey.asked_on = now, now.astimezone(desk_zone()).date()
    survey.why_skipped = _why_not(ticket, last, rules, now)
    if survey.why_skipped or not _mail(survey, ticket, rules, now):
        survey.state, survey.token_sha256 = SurveyState.SKIPPED, ""
        survey.why_skipped = survey.why_skipped or Skipped.UNREACHABLE
    survey.save()
    failpoint("insights.survey.asked")
    return survey


def address_of(token: str) -> str:
    """The page on which a survey is answered."""
    return settings.SITE_URL + reverse("insights:rate", args=[token])


def _closed_elsewhere(ticket: Ticket) -> bool:
    """Another desk closed it, before it came here."""
    return bool(ticket.imported_at and ticket.closed_at and ticket.closed_at <= ticket.imported_at)


def _why_not(ticket: Ticket, last: Message | None, rules: SurveyRules, now: datetime) -> str:
    person = ticket.requester
    if person.is_staff_member:
        return Skipped.STAFF
    if last is None:
        return Skipped.UNANSWERED
    if not person.is_active or not person.email or is_own_mailbox(person.email):
        return Skipped.UNREACHABLE
    if no_person_wrote(ticket):
        return Skipped.MACHINE
    if reach.has_opted_out(person.email, Sort.SURVEYS):
        return Skipped.OPTED_OUT
    lately = Survey.objects.filter(person=person, asked_at__gt=now - timedelta(days=rules.pause_days))
    return Skipped.LATELY if lately.exclude(state=SurveyState.SKIPPED).exists() else Skipped.NONE


def _mail(survey: Survey, ticket: Ticket, rules: SurveyRules, now: datetime) -> bool:
    token = new_token()
    survey.state, survey.token_sha256 = SurveyState.SENT, digest(token)
    mailbox = ticket.mailbox or Mailbox.objects.default()
    stop = reach.stop_token(address=survey.person.email, scope=Sort.SURVEYS)
    context = {
        "ticket": ticket,
        "person": survey.person,
        "address": address_of(token),
        "marks": CSAT,
        "stop_address": f"{settings.SITE_URL}/mail/stop/{stop}/",
        "sender": (mailbox.name or mailbox.address) if mailbox else settings.SITE_NAME,
    }
    mail = queue_mail(
        kind=Kind.BULK,
        mailbox=mailbox,
        to=Address(survey.person.email, survey.person.name),
        subject=f"How did we do? Ticket {ticket.pk}",
        text=render_to_string("mail/insights/survey.txt", context).strip() + "\n",
        html=render_to_string("mail/insights/survey.html", context),
        subject_key=ticket.subject_key,
        source_key=f"survey:{ticket.pk}",
        opt_out_scope=Sort.SURVEYS,
        now=now,
    )
    return mail.state != MailState.CANCELLED


def _last_answer(ticket: Ticket) -> Message | None:
    rows = ticket.messages.standing().filter(author=Author.AGENT, person__isnull=False, auto_reply="")
    return rows.select_related("person").order_by("-created_at", "-pk").first()


def _due_at(promises: Promises, story: Story, closed_at: datetime, hours: int) -> datetime:
    calendar = story.calendar or promises.default
    try:
        return add_business_time(calendar, closed_at, hours * 3600) if calendar else closed_at + timedelta(hours=hours)
    except NeverOpens:
        return closed_at + timedelta(hours=hours)


def _visit(closed_at: datetime) -> int:
    """A closing as a timer names it."""
    return int(closed_at.timestamp() * 1000)
