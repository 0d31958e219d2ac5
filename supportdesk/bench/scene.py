"""Who measures, and what they look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.choices import Role
from accounts.models import Person
from supportdesk.load.words import rare_term
from tickets.choices import Author, Channel
from tickets.models import Message, Ticket

LONG_THREAD = 200


@dataclass(frozen=True)
class Scene:
    """A signed-in agent, tickets to open and to act on, and words to look for."""

    agent: Person
    session: str
    short: int
    long: int
    unsolved: list[int]
    team: int
    rare: str
    common: str = "kit"
    absent: str = "zyzzyvaquokka"


def set_scene(*, tickets: int, now: datetime) -> Scene:
    """Sign an agent in and find what they look at. Needs loaded tickets."""
    agent = Person.objects.with_role(Role.AGENT).earliest("pk")
    unsolved = list(Ticket.objects.unsolved().order_by("pk").values_list("pk", flat=True))
    short, long = unsolved[len(unsolved) // 2], unsolved[len(unsolved) // 3]
    _lengthen(long, now)
    return Scene(
        agent=agent,
        session=session_of(agent),
        short=short,
        long=long,
        unsolved=[pk for pk in unsolved if pk not in (short, long)],
        team=Ticket.objects.get(pk=short).team_id,
        rare=rare_term(max(1, tickets * 2)),
    )


def session_of(person: Person) -> str:
    """The key of a session in which `person` is signed in."""
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def _lengthen(pk: int, now: datetime) -> None:
    """Let a ticket have LONG_THREAD messages, written before the one that is its last."""
    texts = list(Message.objects.order_by("pk").values_list("text", flat=True)[: LONG_THREAD - 4])
    ticket = Ticket.objects.select_related("requester").get(pk=pk)
    last = ticket.messages.latest("pk")
    Message.objects.bulk_create(
        Message(
            ticket=ticket, author=Author.CUSTOMER if number % 2 else Author.AGENT, channel=Channel.MAIL, text=text,
            person=ticket.requester if number % 2 else None, from_name="Somebody",
            created_at=last.created_at - timedelta(minutes=LONG_THREAD - number),
        )
        for number, text in enumerate(texts)
    )  # fmt: skip
    newest = ticket.messages.latest("pk")
    Ticket.objects.filter(pk=pk).update(last_message_id=newest.pk, last_message_at=now)
