"""Telling the customers of linked tickets that a problem is fixed: one message on each ticket, exactly once (B12).

The row of each ticket is the job. A message and the row that says so are one transaction, and the message's form key
names both, so that a retry, two workers at once or a kill in the middle send nothing twice. A ticket that was opened
again, or whose customer waits for an answer, gets the message and is otherwise left as it is, for a person.
"""

from datetime import datetime

from django.db import transaction

from accounts import access
from accounts.journal import record
from insights.models import Announcement, Problem, Told
from insights.problem_choices import FIXED, Telling
from insights.queries_problem_page import needs_a_person, waiting_to_hear
from insights.refusals import Refused
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from tickets.actions.drafts import Form
from tickets.actions.keeping import locked_survivor
from tickets.actions.reply import AS_IT_IS, reply
from tickets.choices import Category
from tickets.models import Message, Ticket
from tickets.refusals import Refused as TicketRefused

AT_ONCE = 100


class CannotAnnounce(Refused):
    """Nothing is fixed, nobody is linked, or there are no words."""


def announce(*, problem: Problem, text: str, closes: bool, form_key: str, by, now: datetime) -> Announcement:
    """Tell everybody who is linked and was not told of this fix. The same form again answers the first announcement.

    Raises CannotAnnounce, NotAllowed.
    """
    access.require(by, "desk.automate", now=now)
    with transaction.atomic():
        row = Problem.objects.select_for_update(of=("self",)).get(pk=problem.pk)
        same = Announcement.objects.filter(form_key=form_key).first()
        if same is not None:
            return same
        if row.state not in FIXED:
            raise CannotAnnounce("Nothing is fixed yet. Say that it is fixed first, then tell the customers.")
        if not text.strip():
            raise CannotAnnounce("Write what the customers should know.")
        tickets = waiting_to_hear(row)
        if not tickets:
            raise CannotAnnounce("No linked ticket waits to hear of it.")
        made = Announcement.objects.create(problem=row, by=by, at=now, text=text, closes=closes, form_key=form_key)
        Told.objects.bulk_create(Told(announcement=made, ticket_id=key) for key in tickets)
        enqueue_on_commit("insights.tell_of_fixes")
        data = {"announcement": made.pk, "tickets": len(tickets)}
        record(by=by, action="insights.announce_fix", subject=row, data=data, now=now)
    return made


def tell_of_fixes(*, now: datetime) -> int:
    """Send what waits, at most AT_ONCE messages; how many were sent or given up."""
    keys = Told.objects.filter(state=Telling.WAITING).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(tell(told_id=key, now=now) for key in list(keys))


def tell(*, told_id: int, now: datetime) -> bool:
    """Send one message; whether it had to be decided. Somebody else at the same row goes first."""
    try:
        with transaction.atomic():
            row = _taken(told_id)
            if row is None:
                return False
            _send(row, now)
            failpoint("insights.announce.sent")
    except TicketRefused as refusal:
        return _give_up(told_id, str(refusal))
    return True


def _taken(told_id: int) -> Told | None:
    rows = Told.objects.select_for_update(of=("self",), skip_locked=True).select_related("announcement__by")
    return rows.filter(pk=told_id, state=Telling.WAITING).first()


def _send(row: Told, now: datetime) -> None:
    ticket = locked_survivor(row.ticket_id)
    row.was_reopened = needs_a_person(ticket)
    if _was_told_there(row, ticket):
        row.state, row.words = Telling.SENT, f"It was merged into ticket {ticket.pk}, which was told."
        row.save(update_fields=["state", "words", "was_reopened"])
        return
    closes = row.announcement.closes and not row.was_reopened and ticket.category != Category.CLOSED
    row.message = _closed_with(row, ticket, now) if closes else _say(row, ticket, AS_IT_IS, now)
    row.state = Telling.SENT
    row.save(update_fields=["state", "message", "was_reopened"])


def _was_told_there(row: Told, ticket: Ticket) -> bool:
    """Whether the words of this announcement stand on the locked ticket already: merged meanwhile, two are one."""
    others = Told.objects.filter(announcement=row.announcement_id, message__ticket=ticket).exclude(pk=row.pk)
    return others.exists()


def _closed_with(row: Told, ticket: Ticket, now: datetime) -> Message:
    """The message that closes the ticket; without closing it where a child or a field stands in the way."""
    try:
        with transaction.atomic():
            return _say(row, ticket, "closed", now)
    except TicketRefused:
        return _say(row, ticket, AS_IT_IS, now)


def _say(row: Told, ticket: Ticket, then: str, now: datetime) -> Message:
    told = row.announcement
    form = Form(key=f"fix{told.pk}t{row.ticket_id}")
    return reply(ticket=ticket, by=told.by, text=told.text, last_seen=0, anyway=True, then=then, form=form, now=now)


def _give_up(told_id: int, why: str) -> bool:
    found = Told.objects.filter(pk=told_id, state=Telling.WAITING)
    return bool(found.update(state=Telling.FAILED, words=why[:300]))
