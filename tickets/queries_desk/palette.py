"""What the palette finds at the desk: tickets, customers, views and saved replies. Each takes a few bounded queries."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Length
from django.urls import reverse

from accounts.access import can
from accounts.masking import masked_email
from accounts.models import Person
from supportdesk.lib.palette import A_GROUP, Asked, Found
from tickets.access import tickets_for
from tickets.models import Ticket
from tickets.queries_desk.inbox import views_for
from tickets.queries_desk.saved_replies import saved_replies_for
from tickets.queries_desk.saved_views import named_for
from tickets.queries_desk.search import Search, look
from tickets.queries_desk.search_grammar import NUMBER, Tree, Words, all_of
from tickets.queries_desk.search_spelling import WORD, nearest, steps
from tickets.querysets import TicketQuerySet

SECONDS = 0.04
SHORTEST = 2
MINE = 200
ALIKE = """
SELECT id FROM accounts_person WHERE upper(name) %% upper(%s)
ORDER BY similarity(upper(name), upper(%s)) DESC, id LIMIT %s
"""


def tickets(person, asked: Asked, now: datetime) -> Iterator[Found]:
    """The very number first, then mine, then the newest by their subject; misspelt words as they are meant."""
    base = tickets_for(person).select_related("requester")
    number = NUMBER.fullmatch(asked.words)
    exact = base.filter(pk=int(number[1])).first() if number else None
    if exact:
        yield _ticket(exact, is_exact=True)
    if len(asked.words) < SHORTEST or (number and asked.words.startswith("#")):
        return
    words = asked.words.split()
    keys = _subjects(base, words, person, now)
    if not keys:
        mended = [_mended(word) for word in words]
        keys = _subjects(base, mended, person, now) if mended != words else []
    rows = {row.pk: row for row in base.filter(pk__in=keys)}
    yield from (_ticket(rows[pk]) for pk in keys if pk in rows and rows[pk] != exact)


def customers(person, asked: Asked, now: datetime) -> Iterator[Found]:
    """By any part of name or address, the shortest first; by a like name when there is none. And where to look further.

    The page finds an account by whatever its owner says: a telephone, an invoice, a card.
    """
    if len(asked.words) < SHORTEST or not can(person, "people.see"):
        return
    yield from named(asked.words, [Found("Customers", reverse("desk:accounts"), "people", "By what the caller says")])
    rows = Person.objects.filter(is_active=True)
    for word in asked.words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word))
    found = list(rows.order_by(Length("name") + Length("email"), "pk")[:A_GROUP]) or _alike(asked.words)
    for one in found:
        knows = one.email == asked.words.casefold().strip()  # else whoever looks reads no whole address (part E)
        email = one.email if knows else masked_email(one.email)
        query = urlencode({"q": f"from:{one.email if knows else f'#{one.pk}'}"})
        address = f"{reverse('desk:view', args=['search'])}?{query}"
        yield Found(one.name or email, address, "people", email if one.name else "")


def views(person, asked: Asked, now: datetime) -> list[Found]:
    """Views of the desk, of teams and those that were saved."""
    if not can(person, "tickets.see"):
        return []
    teams, mine = named_for(person)
    saved = [(one.slug, one.name, one.q) for one in mine]
    known = [(view.slug, view.name, "") for view in views_for(person, now, teams).values()]
    entries = [Found(name, reverse("desk:view", args=[slug]), "list", q) for slug, name, q in (*known, *saved)]
    return named(asked.words, entries)


def saved_replies(person, asked: Asked, now: datetime) -> list[Found]:
    """Saved replies, for the ticket on which somebody asks. Choosing one puts it below what was written."""
    if not asked.ticket or not can(person, "tickets.work"):
        return []
    entries = [
        Found(one.name, reverse("desk:use_saved_reply", args=[asked.ticket, one.pk]), "bolt", posts=True)
        for one in saved_replies_for(person)
    ]
    return named(asked.words, entries)


def named(words: str, entries: Iterable[Found]) -> list[Found]:
    """The entries whose title is meant by `words`: begins with it, has a word that does, holds it, nearly does."""
    if not words:
        return []
    ranked = [(_rank(words.casefold(), entry.title.casefold()), entry) for entry in entries]
    return [entry for rank, entry in sorted(ranked, key=lambda pair: pair[0]) if rank < NO_RANK]


NO_RANK = 9


def _rank(words: str, title: str) -> int:
    """How near `title` is to what was typed: 0 the same, NO_RANK not at all."""
    if title == words:
        return 0
    if title.startswith(words):
        return 1
    parts, typed = title.split(), words.split()
    if all(any(part.startswith(word) for part in parts) for word in typed):
        return 2
    if words in title:
        return 3
    slips = [min((steps(word, part[: len(word)], 1) for part in parts), default=2) for word in typed if len(word) > 3]
    return 4 if slips and len(slips) == len(typed) and max(slips) <= 1 else NO_RANK


def _ticket(ticket: Ticket, *, is_exact: bool = False) -> Found:
    address = reverse("desk:ticket", args=["all", ticket.pk])
    return Found(f"#{ticket.pk} {ticket.subject}", address, "inbox", ticket.requester.shown_name, is_exact=is_exact)


def _mine(base: TicketQuerySet, words: list[str], person) -> list[int]:
    """Mine whose subject has a word that begins with each of `words`, what is to be done first before. One query."""
    begins = [re.compile(rf"(?<!\w){re.escape(word.casefold())}") for word in words]
    rows = base.unsolved().filter(assignee=person).order_by("next_action_at", "pk").values_list("pk", "subject")[:MINE]
    return [pk for pk, subject in rows if all(one.search(subject.casefold()) for one in begins)][:A_GROUP]


def _subjects(base: TicketQuerySet, words: list[str], person, now: datetime) -> list[int]:
    """Tickets with these words in their subject, the last one perhaps not typed to its end; mine before the others."""
    parts: list[Tree] = [Words(word, source="subject") for word in words[:-1]]
    parts.append(Words(words[-1], is_open=len(words[-1]) >= SHORTEST, source="subject"))
    own = _mine(base, words, person)
    if len(own) >= A_GROUP:
        return own
    search = Search(" ".join(words), all_of(parts))
    others = look(base, search, person=person, now=now, wanted=A_GROUP, seconds=SECONDS).tickets
    return list(dict.fromkeys([*own, *others]))[:A_GROUP]


def _mended(word: str) -> str:
    return nearest(word) or word if WORD.fullmatch(word) else word


def _alike(words: str) -> list[Person]:
    with connection.cursor() as cursor:
        cursor.execute(ALIKE, [words, words, A_GROUP])
        keys = [row[0] for row in cursor.fetchall()]
    rows = {row.pk: row for row in Person.objects.filter(pk__in=keys, is_active=True)}
    return [rows[pk] for pk in keys if pk in rows]
