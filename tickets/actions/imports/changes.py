"""A ticket that came before and is another there now. What was changed here since stays as it is here."""

from datetime import datetime
from typing import Any

import timers
from tickets.actions import tags
from tickets.actions.imports.desk import Desk, plan_again
from tickets.actions.imports.directory import Directory
from tickets.actions.imports.drafts import Dates, Draft, Words, dates_of, snippet_of, waits_since, words_of
from tickets.actions.imports.rows import Rows, add_words
from tickets.actions.keeping import LOOK, next_look
from tickets.choices import Author, Category
from tickets.import_formats.records import Case, Unreadable
from tickets.models import Closing, Imported, Message, Note, Ticket

_PLAIN = ("subject", "priority", "type", "assignee_id", "team_id", "contact_reason_id", "tags", "custom")


def fields_of(ticket: Ticket) -> dict[str, Any]:
    """What an import wrote, to be held against what stands there the next time."""
    found = {name: getattr(ticket, name) for name in _PLAIN}
    return found | {"priority": str(ticket.priority), "type": str(ticket.type)} | _state_of(ticket)


def change(draft: Draft, people: Directory, desk: Desk, now: datetime) -> int:
    """Write what is new in a ticket; how many files were left behind. Raises Unreadable.

    A field is written only while it is what the import before made it.
    """
    row = draft.row
    ticket = Ticket.objects.select_for_update().filter(pk=row.object_id or 0).first() if row else None
    if row is None or ticket is None:
        raise Unreadable("It came before and was removed here. It stays away.")
    if ticket.merged_into_id:
        raise Unreadable(f"It was merged into ticket {ticket.merged_into_id} here. What is new there is left out.")
    case, kept = draft.case, dict(row.data.get("said", {}))
    dates = dates_of(case, now) if case else None
    words = words_of(draft.latest, draft.said.values(), people, desk.beside, ticket.created_at, now)
    _write_words(ticket, words, kept, str(case.channel if case else ticket.channel), now)
    _after_words(ticket)
    is_open = ticket.category != Category.CLOSED
    was = row.data.get("was", {})
    if case is None and ticket.closed_at and words and _stands(ticket, was):
        was = was | _close_later(ticket, max(one.at for one in words))
    if case and dates:
        was = was | _write_fields(ticket, case, dates, was, people, desk, now)
    ticket.updated_at = now
    ticket.visit += 1
    ticket.save()
    _look_again(ticket, is_open, desk, now)
    _keep(row, draft, kept, was)
    return sum(one.files_left for one in words)


def _keep(row: Imported, draft: Draft, kept: dict, was: dict) -> None:
    row.digest = draft.case.digest if draft.case else row.digest
    row.data = {"said": kept, "was": was}
    row.save(update_fields=["digest", "data"])


def _write_words(ticket: Ticket, words: list[Words], kept: dict[str, list], channel: str, now: datetime) -> None:
    """New words are added and changed ones changed. What became private there leaves the customer's sight here."""
    new = []
    for one in words:
        before = kept.get(one.key)
        model = Message if before and before[2] == "m" else Note
        if before and (before[2] == "m") == one.is_public:
            model.objects.filter(pk=before[0], ticket=ticket).update(text=one.text)
            kept[one.key] = [before[0], one.digest, before[2]]
            continue
        if before:
            model.objects.filter(pk=before[0], ticket=ticket).delete()
        new.append(one)
    rows = Rows(now)
    kept |= add_words(rows, [(ticket.pk, channel, new)]).get(ticket.pk, {})
    rows.send()


def _write_fields(
    ticket: Ticket, case: Case, dates: Dates, was: dict, people: Directory, desk: Desk, now: datetime
) -> dict[str, Any]:
    """Fields that nobody changed here get what they are there; answers what was written."""
    agent = people.find(case.assignee).colleague
    fresh: dict[str, Any] = {
        "subject": case.subject or "(no subject)", "priority": str(case.priority), "type": str(case.type),
        "assignee_id": agent, "team_id": desk.team(case.team).pk, "contact_reason_id": desk.reason(case),
        "tags": list(case.tags), "custom": desk.custom(case),
    }  # fmt: skip
    written: dict[str, Any] = {}
    for name, given in fresh.items():
        stands = getattr(ticket, name)
        if given != stands and (str(stands) if name in ("priority", "type") else stands) == was.get(name):
            setattr(ticket, name, given)
            written[name] = given
    tags.know(set(written.get("tags", ())), now=now)
    is_answered = case.category == Category.NEW and ticket.first_responded_at is not None
    category = Category.OPEN if is_answered else case.category
    if _stands(ticket, was):
        _move(ticket, category, dates, agent, desk)
        plan_again(ticket, case, desk, now)
        written |= _state_of(ticket)
    return written


def _state_of(ticket: Ticket) -> dict[str, Any]:
    closed_at = ticket.closed_at.isoformat() if ticket.closed_at else None
    return {"category": str(ticket.category), "closed_at": closed_at}


def _stands(ticket: Ticket, was: dict) -> bool:
    """Whether nobody closed or opened it here."""
    return all(was.get(name) == given for name, given in _state_of(ticket).items())


def _close_later(ticket: Ticket, last: datetime) -> dict[str, Any]:
    """A ticket was not closed there before its last words were written."""
    if ticket.closed_at and last > ticket.closed_at:
        Closing.objects.filter(ticket=ticket, at=ticket.closed_at).update(at=last)
        ticket.closed_at = ticket.state_since = last
    return _state_of(ticket)


def _move(ticket: Ticket, category: str, dates: Dates, agent: int | None, desk: Desk) -> None:
    """The state that it is in there, with the closings that reports count."""
    before = ticket.category
    if category != before:
        ticket.category, ticket.status_id, ticket.state_since = category, desk.status(category), dates.updated
    ticket.closed_at = dates.closed
    ticket.closed_by_id = agent if dates.closed else None
    closings = Closing.objects.filter(ticket=ticket, reopened_at=None)
    if dates.closed and before == Category.CLOSED:
        closings.update(at=dates.closed)
    elif dates.closed:
        Closing.objects.create(ticket=ticket, at=dates.closed, by_id=agent, in_time=None)
    elif before == Category.CLOSED:
        for closing in closings:
            Closing.objects.filter(pk=closing.pk).update(reopened_at=max(closing.at, dates.updated))


def _after_words(ticket: Ticket) -> None:
    """What lists show of the words that stand."""
    words = list(ticket.messages.standing().filter(is_held=False).order_by("created_at", "pk").values_list(
        "pk", "author", "created_at", "text"
    ))  # fmt: skip
    if not words:
        ticket.snippet = ""  # it was of words that are private there by now
        return
    ticket.last_message_id = max(ticket.last_message_id, *(pk for pk, *_ in words))
    ticket.last_message_at, ticket.snippet = words[-1][2], snippet_of(words[-1][3])
    answered = [at for _, author, at, _ in words if author == Author.AGENT]
    ticket.first_responded_at = ticket.first_responded_at or min(answered, default=None)
    if ticket.next_response_due_at is None:  # no clock of ours runs
        ticket.waiting_since = waits_since(ticket.category, [(author, at) for _, author, at, _ in words])


def _look_again(ticket: Ticket, was_open: bool, desk: Desk, now: datetime) -> None:
    if was_open:
        timers.cancel(kind=LOOK, subject=ticket.pk)
    if ticket.category != Category.CLOSED:
        due_at = next_look(ticket, desk.promises(ticket), now)
        timers.schedule(kind=LOOK, subject=ticket.pk, visit=ticket.visit, due_at=due_at)
