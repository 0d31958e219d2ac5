"""Mails of a flow to its customer: public words in the thread of its ticket, sent once, never with a gap in them."""

from datetime import datetime

from django.db import transaction

from mail.choices import Kind
from mail.models import Mailbox
from tickets import flow_words
from tickets.actions.automation.customer_mail import CannotMail, no_person_wrote, put_and_mail, stands_last
from tickets.actions.flows.rows import add_task, note
from tickets.choices import Author, Category, Channel, Delivery
from tickets.flow_times import after
from tickets.models import Case, Message, Ticket
from tickets.open_hours import Hours
from tickets.refusals import Refused

# How long a person may take with what the flow could not mail itself.
TASK_MINUTES = 240


def say(
    row: Ticket,
    case: Case,
    words: flow_words.Words,
    *,
    key: str,
    hours: Hours,
    now: datetime,
    is_reminder: bool = False,
) -> Message | None:
    """Mail `words` to the customer, once for `key`. What cannot be mailed becomes a task that says why."""
    key = f"mail:{key}"
    if case.events.filter(key=key).exists():
        return None
    try:
        with transaction.atomic():
            mailbox = row.mailbox or Mailbox.objects.default_or_any()
            text = flow_words.filled(words, flow_words.values_of(case, mailbox))
            sent = write(row, case, text, now=now, is_reminder=is_reminder)
    except Refused as refusal:
        note(case, "unsent", f"“{words.name}” was not mailed. {refusal}", key=key, now=now)
        due_at = after(hours.of_team(row.team), now, TASK_MINUTES)
        todo = f"Write to the customer yourself. {refusal}"
        add_task(case, key=key, words=todo, role=case.role, due_at=due_at, now=now)
        return None
    note(case, "mail", f"Mail to {case.person.shown_name}: {words.name}", key=key, message_id=sent.pk, now=now)
    return sent


def write(row: Ticket, case: Case, text: str, *, now: datetime, is_reminder: bool = False) -> Message:
    """Put words on a locked row and queue their mail; the caller keeps the row. Raises CannotMail."""
    problem = _why_not(row, case, is_reminder)
    if problem:
        raise CannotMail(problem)
    web, kind = "Answer this mail, or see on the web how far it is:", Kind.BULK if is_reminder else Kind.TRANSACTIONAL
    return put_and_mail(row, to=case.person, text=text, web=web, kind=kind, now=now)


def put_down(row: Ticket, text: str, *, now: datetime) -> Message:
    """Words in the thread that are mailed to nobody."""
    message = Message.objects.create(
        ticket=row, author=Author.SYSTEM, channel=Channel.AGENT, text=text, created_at=now, delivery=Delivery.NONE
    )
    stands_last(row, message)
    return message


def _why_not(row: Ticket, case: Case, is_reminder: bool) -> str:
    if is_reminder and case.is_live and row.category == Category.CLOSED:
        return "The ticket was closed, so the customer is not asked again. Bring the case on, or say that it is lost."
    if not case.person.has_mail or not case.person.is_active:
        return "The customer has no address that we may write to."
    if row.has_failed_delivery:
        return "A mail to the customer was not delivered."
    return no_person_wrote(row)
