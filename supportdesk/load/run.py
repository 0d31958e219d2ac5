"""Fill the desk: people, tickets, their words, dates and timers, in one transaction."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction

from supportdesk.load import people
from supportdesk.load.history import History, Plan
from supportdesk.load.tables import Copy, escape, reserve, value, without_indexes
from supportdesk.load.words import Told, Words
from tickets.choices import Author, Channel, Role
from tickets.models import Breach, ClockNotice, Message, Note, Participant, Ticket, TicketEvent
from timers.models import Timer

MESSAGES = 4
AT_ONCE = 2_000
NOTE_SHARE = 0.15
TAGS = ("{}", "{}", "{}", "{po}", "{licence}", "{spare-parts}", "{firmware,log}", "{quote}")

TICKET_COLUMNS = (
    "id", "subject", "requester_id", "organisation_id", "team_id", "assignee_id", "mailbox_id", "status_id", "category",
    "priority", "type", "channel", "tags", "created_at", "updated_at", "snippet", "last_message_at", "last_message_id",
    "is_unread", "waiting_since", "service_level_id", "first_response_due_at", "first_responded_at",
    "next_response_due_at", "resolution_due_at", "clocks_paused_at", "sla_due_at", "sla_started_at", "visit",
    "next_action_at", "next_action", "follow_up_at", "snoozed_until", "closed_at", "closed_by_id", "contact_reason_id",
)  # fmt: skip
WRITTEN_HERE = ("subject", "tags", "snippet")
_VALUES = [name for name in TICKET_COLUMNS if name not in WRITTEN_HERE]
_SUBJECT, _TAGS, _SNIPPET = (TICKET_COLUMNS.index(name) for name in WRITTEN_HERE)


@dataclass
class Loaded:
    """What was loaded, and how long each part took in seconds."""

    tickets: int
    messages: int
    customers: int
    unsolved: int
    copy_seconds: float
    index_seconds: float
    analyze_seconds: float

    def as_dict(self) -> dict[str, float]:
        """For JSON, with the rate."""
        seconds = self.copy_seconds + self.index_seconds + self.analyze_seconds
        rounded = {key: round(amount, 1) for key, amount in vars(self).items()}
        return {**rounded, "seconds": round(seconds, 1), "tickets_a_second": round(self.tickets / max(seconds, 0.1))}


class Loader:
    """Writes planned tickets with all their rows."""

    def __init__(self, desk: people.Desk, *, now: datetime, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a repeatable load, not a secret
        self.words = Words(seed)
        self.now, self.desk = now, desk
        self.history = History(desk, now=now, random=self.random)
        self.unsolved = 0
        self.tickets = Copy(Ticket, *TICKET_COLUMNS)
        self.messages = Copy(
            Message, "id", "ticket_id", "author", "person_id", "channel", "from_name", "from_address", "text",
            "created_at",
        )  # fmt: skip
        self.participants = Copy(Participant, "ticket_id", "person_id", "role", "added_at")
        self.events = Copy(TicketEvent, "ticket_id", "kind", "text", "by_id", "created_at", "is_public")
        self.notes = Copy(Note, "ticket_id", "person_id", "text", "created_at")
        self.notices = Copy(ClockNotice, "ticket_id", "clock", "kind", "due_at", "noticed_at")
        self.breaches = Copy(Breach, "ticket_id", "due_at", "breached_at", "noticed_at", "person_id")
        self.timers = Copy(Timer, "kind", "subject", "visit", "due_at", "try_at")
        agents = [agent for team in desk.agents.values() for agent in team]
        self._names: dict[int | None, str] = {agent.pk: escape(agent.shown_name) for agent in agents}

    def write(self, count: int, progress: Callable[[int], object]) -> None:
        """`count` tickets, oldest first."""
        ticket, message = reserve(Ticket, count), reserve(Message, count * MESSAGES)
        for number in range(count):
            told = self.words.ticket()
            plan = self.history.plan((number + 1) / count, told)
            plan.row.pk = ticket + number
            self._ticket(plan, told, message + number * MESSAGES)
            if (number + 1) % AT_ONCE == 0 or number + 1 == count:
                self._send()
                progress(number % AT_ONCE + 1)

    def _send(self) -> None:
        for rows in (
            self.tickets, self.messages, self.participants, self.events, self.notes, self.notices, self.breaches,
            self.timers,
        ):  # fmt: skip
            rows.send()

    def _ticket(self, plan: Plan, told: Told, first_message: int) -> None:
        row = plan.row
        row.last_message_id, row.last_message_at = first_message + MESSAGES - 1, plan.at[-1]
        row.channel = Channel.MAIL if self.random.random() < 0.8 else Channel.WEB
        texts = self._texts(plan, told)
        values = [value(getattr(row, name)) for name in _VALUES]
        for place, text in ((_SUBJECT, told.subject), (_TAGS, self._tags()), (_SNIPPET, _snippet(texts[-1]))):
            values.insert(place, text)
        self.tickets.add(*values)
        key = str(row.pk)
        self.participants.add(key, plan.customer.person, Role.REQUESTER.value, value(row.created_at))
        for number, text in enumerate(texts):
            self._message(str(first_message + number), key, plan, number, text)
        self._extras(key, plan)

    def _texts(self, plan: Plan, told: Told) -> list[str]:
        """The words in turn. A customer who writes again before an answer takes the words of their next turn."""
        customer, agent = iter(told.turns[::2]), iter(told.turns[1::2])
        spare = told.turns[2]
        return [
            self.words.spiced(next(customer, spare) if who == "c" else next(agent, "")) for who in plan.speakers
        ]  # fmt: skip

    def _message(self, key: str, ticket: str, plan: Plan, number: int, text: str) -> None:
        moment = value(plan.at[number])
        if plan.speakers[number] == "c":
            customer = plan.customer
            channel = Channel(plan.row.channel).value
            self.messages.add(
                key,
                ticket,
                Author.CUSTOMER.value,
                customer.person,
                channel,
                customer.name,
                customer.email,
                text,
                moment,
            )
        else:
            agent = plan.row.assignee_id
            name = self._names.get(agent, "")
            self.messages.add(
                key, ticket, Author.AGENT.value, value(agent), Channel.AGENT.value, name, "", text, moment
            )

    def _extras(self, key: str, plan: Plan) -> None:
        row = plan.row
        agent = value(row.assignee_id)
        if row.closed_at:
            words = f"Closed by {self._names.get(row.assignee_id, 'the desk')}."
            self.events.add(key, "closed", words, agent, value(row.closed_at), "t")
        else:
            self.unsolved += 1
        if plan.next_look_at:
            due = value(plan.next_look_at)
            self.timers.add("tickets.look", key, str(row.visit), due, due)
        for clock, kind, due_at in plan.notices:
            self.notices.add(key, str(clock), str(kind), value(due_at), value(self.now))
        if plan.breached_at and plan.row.next_action_at:
            since, until = value(plan.row.next_action_at), value(plan.breached_at)
            self.breaches.add(key, since, until, value(self.now), value(plan.row.assignee_id))
        if self.random.random() < NOTE_SHARE:
            self.notes.add(
                key, agent, self.words.spiced("For us alone: checked with the warehouse."), value(plan.at[1])
            )

    def _tags(self) -> str:
        return self.random.choice(TAGS)


def load(*, tickets: int, now: datetime, seed: int = 1, progress: Callable[[int], object] = lambda _: None) -> Loaded:
    """Add `tickets` tickets of 4 messages each. All or nothing: an interruption leaves the database as it was.

    While it runs nobody else can use the desk. Twice with one seed is allowed; the people are new each time.
    """
    began = time.monotonic()
    loaded_tables = (Ticket, Message, Participant, TicketEvent, Note, ClockNotice, Breach, Timer)
    with transaction.atomic(durable=True):
        desk = people.desk(now)
        with connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute("set local synchronous_commit = off")
        with without_indexes(*loaded_tables, people.Person, people.Organisation, people.Membership):
            count = min(people.CUSTOMERS, max(tickets // 5, 20))
            mark = f"l{now:%Y%m%d%H%M%S}x{reserve(Ticket, 1)}"
            desk.customers = people.copy_customers(
                count, mark=mark, now=now - timedelta(days=731), random=Random(seed)  # noqa: S311 - a repeatable load
            )  # fmt: skip
            loader = Loader(desk, now=now, seed=seed)
            loader.write(tickets, progress)
            copied = time.monotonic()
    indexed = time.monotonic()
    _analyze()
    return Loaded(
        tickets=tickets,
        messages=tickets * MESSAGES,
        customers=count,
        unsolved=loader.unsolved,
        copy_seconds=copied - began,
        index_seconds=indexed - copied,
        analyze_seconds=time.monotonic() - indexed,
    )


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze)")


def _snippet(text: str) -> str:
    """The first words on one line, never cut inside an escape."""
    return text.replace("\\n", " ").replace("\\t", " ").replace("\\\\", "/")[:200]
