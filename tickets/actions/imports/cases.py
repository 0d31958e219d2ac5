"""Tickets of an export, written a slice at a time. Nothing is set off: no mail, no rule, no clock, no flow.

What is unsolved comes up again at its next date, as every ticket does; what is closed stays closed at its time there.
"""

from collections.abc import Sequence
from datetime import datetime

from supportdesk.lib.copying import draw_keys, escape, plain_json, value
from tickets.actions import tags
from tickets.actions.imports.changes import change, fields_of
from tickets.actions.imports.desk import Desk, plan_again
from tickets.actions.imports.directory import Directory, note_phones, organisations_by_name, taking_from_files
from tickets.actions.imports.drafts import (
    Became,
    Dates,
    Draft,
    Words,
    category_of,
    dates_of,
    snippet_of,
    waits_since,
    words_of,
    writers_of,
)
from tickets.actions.imports.rows import Rows, add_ticket, add_words
from tickets.actions.imports.taken import Outcome, Taken, known
from tickets.actions.keeping import next_look
from tickets.choices import Author, Category, Channel, Role
from tickets.import_choices import Sort
from tickets.import_formats.records import Case, Reply, Unreadable
from tickets.models import Ticket, TicketImport


def write_cases(run: TicketImport, taken: Sequence[Taken[Case | Reply]], now: datetime) -> Outcome:
    """Tickets and words of a slice: new ones are made, changed ones changed, the others left alone."""
    outcome = Outcome()
    drafts = _drafts(run, taken, outcome)
    # Rows that are there already are locked in the order of their keys, as everybody locks them.
    news = sorted((one for one in drafts if one.has_news), key=lambda one: one.row.object_id or 0 if one.row else 0)
    people, desk = Directory(run, now), Desk(run)
    people.learn(*writers_of(news))
    new = []
    for draft in news:
        try:
            if draft.row is None:
                new.append(Made(draft, people, desk, now))
            else:
                outcome.files_left += change(draft, people, desk, now)
        except Unreadable as problem:
            _refuse_all(run, draft, str(problem), outcome)
    _make(new, desk, outcome, now)
    for draft in drafts:
        became = [one for _, one in draft.taken]
        outcome.made += became.count(Became.MADE)
        outcome.changed += became.count(Became.CHANGED)
        outcome.same += became.count(Became.SAME)
    return outcome


def _drafts(run: TicketImport, taken: Sequence[Taken], outcome: Outcome) -> list[Draft]:
    rows = known(run.source, Sort.TICKET, {one.external_id for one in taken})
    drafts: dict[str, Draft] = {}
    for one in taken:
        key = one.external_id
        draft = drafts.get(key) or Draft(key, rows.get(key))
        try:
            draft.add(one)
            drafts[key] = draft
        except Unreadable as problem:
            outcome.refuse(run, one, str(problem))
    return list(drafts.values())


def _refuse_all(run: TicketImport, draft: Draft, why: str, outcome: Outcome) -> None:
    for one, became in draft.taken:
        if became == Became.SAME and draft.row is not None:
            outcome.same += 1
        else:
            outcome.refuse(run, one, why)
    draft.taken = []


class Made:
    """A ticket that is new here, with everything that belongs to it. Raises Unreadable."""

    def __init__(self, draft: Draft, people: Directory, desk: Desk, now: datetime) -> None:
        case = draft.case
        if case is None:
            raise Unreadable("Its ticket stands in none of the files.")
        self.draft, self.case, self.now = draft, case, now
        self.requester = people.customer(case.requester)
        self.assignee = people.find(case.assignee)
        self.dates: Dates = dates_of(case, now)
        self.words = words_of(case, draft.said.values(), people, desk.beside, self.dates.created, now)
        self.organisation = people.organisation_of(self.requester.person)
        self.ticket = _ticket_of(self, desk)

    @property
    def public(self) -> list[Words]:
        """What the customer may read."""
        return [one for one in self.words if one.is_public]


def _ticket_of(made: Made, desk: Desk) -> Ticket:
    case, dates, public = made.case, made.dates, made.public
    category, team = category_of(case, public), desk.team(case.team)
    agent = made.assignee.colleague
    ticket = desk.blank(team)
    ticket.subject = case.subject or "(no subject)"
    ticket.requester_id, ticket.organisation_id = made.requester.person or 0, made.organisation
    ticket.assignee_id = agent
    ticket.status_id, ticket.category = desk.status(category), category
    ticket.priority, ticket.type = case.priority, case.type
    ticket.channel = case.channel if public else Channel.AGENT
    ticket.tags = list(case.tags)
    ticket.created_at, ticket.updated_at = dates.created, made.now
    ticket.last_message_at = public[-1].at if public else dates.updated
    ticket.snippet = snippet_of(public[-1].text) if public else ""
    ticket.waiting_since = waits_since(category, ((one.author, one.at) for one in public))
    ticket.first_responded_at = next((one.at for one in public if one.author == Author.AGENT), None)
    ticket.state_since = dates.closed or dates.updated
    ticket.closed_at, ticket.closed_by_id = dates.closed, agent if dates.closed else None
    ticket.contact_reason_id = desk.reason(case)
    ticket.custom = desk.custom(case) if case.custom else {}
    ticket.imported_at = made.now
    if category != Category.CLOSED:
        plan_again(ticket, case, desk, made.now)
    return ticket


def _make(new: Sequence[Made], desk: Desk, outcome: Outcome, now: datetime) -> None:
    run, rows = desk.run, Rows(now)
    named = organisations_by_name(one.case.organisation_name for one in new)
    taking = taking_from_files(named.values())
    for one, number in zip(new, draw_keys(Ticket, len(new)), strict=True):
        one.ticket.pk = number
        place = named.get(one.case.organisation_name.casefold())
        one.ticket.organisation_id = one.organisation or (place if place in taking else None)
    kept = add_words(rows, [(one.ticket.pk, one.case.channel, one.words) for one in new])
    for one in new:
        ticket, key = one.ticket, str(one.ticket.pk)
        mine = kept[ticket.pk]
        ticket.last_message_id = max((pk for pk, _, kind in mine.values() if kind == "m"), default=0)
        add_ticket(rows.tickets, ticket)
        rows.participants.add(key, str(ticket.requester_id), Role.REQUESTER.value, value(ticket.created_at))
        came = escape(f"Came from {run.source}, where it was number {one.draft.external_id}."[:300])
        rows.events.add(key, "imported", came, value(run.by_id), value(now))
        if ticket.closed_at:
            rows.closings.add(key, value(ticket.closed_at), value(ticket.closed_by_id), value(None))
        else:
            rows.looks.append((ticket.pk, ticket.visit, next_look(ticket, desk.promises(ticket), now)))
        rows.imported.add(
            run.source, Sort.TICKET.value, escape(one.draft.external_id), key, one.case.digest,
            plain_json({"said": mine, "was": fields_of(ticket)}),
        )  # fmt: skip
        outcome.files_left += sum(words.files_left for words in one.words)
    rows.send()
    note_phones(((one.ticket.requester_id, one.case.phone) for one in new), now=now)
    tags.know({tag for one in new for tag in one.case.tags}, now=now)
