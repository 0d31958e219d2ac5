"""Answers before somebody writes to us (A10). Nothing here ever stands in the way of sending."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from knowledgebase.actions.searching import clean, keep
from knowledgebase.choices import Outcome
from knowledgebase.models import Article, SearchLog, SuggestSession
from knowledgebase.queries_help import for_readers
from knowledgebase.queries_search import Hit, suggest

MOST_KEPT = 50
LASTS = timedelta(days=1)
_TOKEN = re.compile(r"[0-9a-f]{32}")


def new_token() -> str:
    """What names a session to one browser. The form carries it; no cookie does."""
    return secrets.token_hex(16)


def is_token(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None


def show(
    *,
    token: str,
    person,
    words: str,
    surface: str,
    now: datetime,
    email: str = "",
    reason_id: int | None = None,
) -> list[Hit]:
    """At most five articles that may answer, best first, and the session that knows what was shown.

    A session that has ended, and words without anything to look for, begin none.
    """
    hits = suggest(person, words, gate=for_readers(person))
    if not is_token(token) or not clean(words):
        return hits
    known = person if isinstance(person, Person) else None
    with transaction.atomic():
        SuggestSession.objects.bulk_create(
            [SuggestSession(token=token, surface=surface, person=known, created_at=now)], ignore_conflicts=True
        )
        session = _open(token, now)
        if session is None:
            return hits
        shown = [*session.shown, *(hit.article.pk for hit in hits if hit.article.pk not in session.shown)]
        session.shown, session.query = shown[:MOST_KEPT], clean(words)
        session.email, session.reason_id = _address(email) or session.email, reason_id or session.reason_id
        session.save(update_fields=["shown", "query", "email", "reason_id"])
    keep(words=words, hits=len(hits), surface=surface, visitor=token, person=person, now=now)
    return hits


@transaction.atomic
def opened(*, token: str, article: Article, now: datetime) -> bool:
    """They looked at one of the articles that they were shown. Anything else changes nothing."""
    session = _open(token, now)
    if session is None or article.pk not in session.shown:
        return False
    if article.pk not in session.opened:
        session.opened = [*session.opened, article.pk][:MOST_KEPT]
        session.save(update_fields=["opened"])
        SearchLog.objects.filter(visitor=token, opened__isnull=True).update(opened=article)
    return True


@transaction.atomic
def solved(*, token: str, article: Article | None, email: str = "", now: datetime) -> bool:
    """They said that it is solved; nothing is sent. True when that was kept: once."""
    session = _open(token, now)
    if session is None or not session.shown:
        return False
    session.outcome, session.ended_at = Outcome.SOLVED, now
    session.solved_by = article if article and article.pk in session.shown else None
    session.email = _address(email) or session.email
    session.save(update_fields=["outcome", "ended_at", "solved_by", "email"])
    SearchLog.objects.filter(visitor=token, opened__isnull=True).update(opened=session.solved_by)
    return True


@transaction.atomic
def sent(*, token: str, ticket_id: int, reason_id: int | None, now: datetime) -> None:
    """They sent it anyway, in the transaction that opens the ticket. After "this solved it": it had not."""
    if not is_token(token):
        return
    session = SuggestSession.objects.select_for_update().filter(token=token).first()
    if session is None or session.outcome not in (Outcome.LEFT, Outcome.SOLVED):
        return
    was_solved = session.outcome == Outcome.SOLVED
    session.outcome = Outcome.ASKED_AGAIN if was_solved else Outcome.SENT
    session.ended_at = max(now, session.created_at)
    session.ticket_id, session.reason_id = ticket_id, reason_id or session.reason_id
    session.save(update_fields=["outcome", "ended_at", "ticket_id", "reason_id"])


@transaction.atomic
def asked_again(*, sessions: Sequence[int], ticket_id: int) -> int:
    """The same person asked about the same thing after all: those sessions deflected nothing. Answers how many."""
    return SuggestSession.objects.filter(pk__in=sessions, outcome=Outcome.SOLVED).update(
        outcome=Outcome.ASKED_AGAIN, ticket_id=ticket_id
    )


def _address(typed: str) -> str:
    """What stands in the form's field for an address, whatever it is, as the database takes it."""
    return typed.replace("\0", "").strip().lower()[:254]


def _open(token: str, now: datetime) -> SuggestSession | None:
    """The session of that token, locked, while it lasts."""
    if not is_token(token):
        return None
    return (
        SuggestSession.objects.select_for_update()
        .filter(token=token, outcome=Outcome.LEFT, created_at__gt=now - LASTS)
        .first()
    )
