"""A telephone call that somebody writes down, on a ticket that exists or on one of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.actions.handles import find_or_create_handle, link_handle
from accounts.actions.people import find_or_create_person
from accounts.choices import HandleSort
from accounts.journal import record
from accounts.models import Person
from tickets import clocks, may_close
from tickets.actions.intake import Words, clean, make_ticket, snippet_of
from tickets.actions.keeping import keep, locked, move, write_event
from tickets.actions.note import write_note
from tickets.choices import Author, CallDirection, CallOutcome, Category, Channel, Delivery
from tickets.models import Call, Message, Team, Ticket
from tickets.refusals import Refused

OLDEST = timedelta(days=366)
AHEAD = timedelta(minutes=5)
LONGEST_MINUTES = 24 * 60


class CannotLogCall(Refused):
    """What was written down cannot have happened, or says nothing."""


@dataclass(frozen=True)
class Told:
    """What is known of a call. `text` is a public summary unless `is_private`."""

    direction: str
    outcome: str
    began_at: datetime
    minutes: int = 0
    number: str = ""
    text: str = ""
    is_private: bool = False

    @property
    def was_spoken(self) -> bool:
        """Somebody on each end."""
        return self.outcome == CallOutcome.SPOKE


def log_call(
    *,
    said: Told,
    by: Person,
    now: datetime,
    ticket: Ticket | None = None,
    person: Person | None = None,
    subject: str = "",
    team: Team | None = None,
    then: str = "",
    form_key: str = "",
) -> Call:
    """Write a call down on `ticket`, or on a new one of `person`. The same `form_key` again is the same call.

    A public summary stands in the thread for the customer too and is mailed to nobody; a private one is a note. Having
    spoken counts as our answer. `then` is the category to leave the ticket in, "" where it is. Raises CannotLogCall.
    """
    _check(said, now)
    try:
        with transaction.atomic():
            if known := _known(form_key):
                return known
            row = _row(ticket) if ticket else _new(person, subject, team, now)
            return _log(said, row, by, now, then, form_key)
    except IntegrityError:
        if known := _known(form_key):
            return known
        raise


@transaction.atomic
def caller(*, number: str, email: str, name: str, by: Person, now: datetime) -> Person:
    """Whom a call is about: whoever has the address, else whoever has the number, else somebody new.

    With both, staff have said whose the number is: it is kept for them, unless it belongs to another person whom staff
    named before. Raises CannotLogCall when nothing was said.
    """
    if not (number or email):
        raise CannotLogCall("Write the number or the email address of whoever it was.")
    if not email:
        return find_or_create_handle(sort=HandleSort.PHONE, value=number, name=name, now=now).person
    person = find_or_create_person(email=email, name=name, now=now)
    if number:
        handle = find_or_create_handle(sort=HandleSort.PHONE, value=number, now=now)
        if handle.linked_by_id is None and handle.person_id != person.pk:
            link_handle(handle=handle, person=person, by=by, now=now)
    return person


def _check(said: Told, now: datetime) -> None:
    if said.began_at > now + AHEAD:
        raise CannotLogCall("A call that has not begun yet cannot be written down.")
    if said.began_at < now - OLDEST:
        raise CannotLogCall("Calls are written down within a year.")
    if said.was_spoken and not clean(said.text).strip():
        raise CannotLogCall("Write what was said.")


def _known(form_key: str) -> Call | None:
    return Call.objects.select_related("ticket").filter(form_key=form_key).first() if form_key else None


def _log(said: Told, row: Ticket, by: Person, now: datetime, then: str, form_key: str) -> Call:
    text = clean(said.text)
    message = _summary(row, text, by, now) if text and not said.is_private else None
    _turn(row, said, by, then, now)
    if message is None and not row.snippet:
        row.snippet = snippet_of(Words(text=_words(said, row)))
    keep(row, promise=clocks.promise_for(row), now=now)
    note = write_note(ticket=row, by=by, text=text, now=now) if text and said.is_private else None
    write_event(row, kind="call", text=_words(said, row), by=by, now=now, is_public=message is not None)
    call = Call.objects.create(
        ticket=row, person=row.requester, number=said.number, direction=said.direction, outcome=said.outcome,
        began_at=said.began_at, minutes=said.minutes, logged_by=by, message=message, note=note, form_key=form_key,
        created_at=now,
    )  # fmt: skip
    record(by=by, action="tickets.log_call", subject=row, data={"call": call.pk}, now=now)
    return call


def _row(ticket: Ticket) -> Ticket:
    row = locked(ticket)
    if row.merged_into_id:
        raise CannotLogCall(f"This ticket was merged into ticket {row.merged_into_id}. Log the call there.")
    return row


def _new(person: Person | None, subject: str, team: Team | None, now: datetime) -> Ticket:
    if person is None:
        raise CannotLogCall("Say who it was.")
    return make_ticket(requester=person, subject=subject or "Telephone call", channel=Channel.PHONE, team=team, now=now)


def _summary(row: Ticket, text: str, by: Person, now: datetime) -> Message:
    message = Message.objects.create(
        ticket=row, author=Author.AGENT, person=by, channel=Channel.PHONE, from_name=by.name, text=text,
        created_at=now, delivery=Delivery.NONE,
    )  # fmt: skip
    row.last_message_id, row.last_message_at = message.pk, now
    row.snippet = snippet_of(Words(text=text))
    return message


def _turn(row: Ticket, said: Told, by: Person, then: str, now: datetime) -> None:
    """What the call does to clocks and state."""
    promise = clocks.promise_for(row)
    if row.assignee_id is None:
        row.assignee = by
    if said.was_spoken:
        row.is_unread, row.came_back = False, ""
        clocks.agent_answered(row, now)
    elif said.direction == CallDirection.INCOMING and row.category != Category.CLOSED:
        clocks.customer_wrote(row, promise, now)
    if not then or then == row.category:
        return
    if then == Category.CLOSED:
        may_close.check(row)
        _check_answered(row)
    waits = row.waiting_since is not None
    if row.category == Category.CLOSED:
        move(row, Category.OPEN, promise=promise, now=now)
    if then != row.category:
        move(row, then, promise=promise, now=now)
    if then == Category.CLOSED:
        row.closed_by, row.closed_unanswered = by, waits
        row.is_unread, row.came_back, row.has_failed_delivery = False, "", False


def _check_answered(row: Ticket) -> None:
    try:
        may_close.check_answered(row)
    except may_close.CustomerWaits:
        raise CannotLogCall(
            "Nobody spoke with the customer, who waits for an answer. Leave the ticket open, or close it with a reason."
        ) from None


def _words(said: Told, row: Ticket) -> str:
    who = row.requester.shown_name
    began = f"{who} rang us" if said.direction == CallDirection.INCOMING else f"We rang {who}"
    outcome = {
        CallOutcome.SPOKE: f", {said.minutes} minute{'' if said.minutes == 1 else 's'}" if said.minutes else "",
        CallOutcome.MISSED: ", nobody answered",
        CallOutcome.VOICEMAIL: ", a message was left",
        CallOutcome.BUSY: ", busy or cut off",
    }[CallOutcome(said.outcome)]
    return f"{began}{outcome}."
