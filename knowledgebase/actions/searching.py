"""What people look for is kept, so that whoever writes knows what is missing. Letters of one search are one row."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import Person
from knowledgebase import queries_search
from knowledgebase.models import Article, SearchLog
from knowledgebase.models.search import LONGEST_QUERY
from knowledgebase.queries_search import SHOWN, Found
from knowledgebase.search_words import asked

ONE_SEARCH = timedelta(seconds=30)
# Numbers of cards, accounts and telephones are nobody's business here.
_LONG_NUMBER = re.compile(r"\d[\d \-./]{6,}\d")
_ADDRESS = re.compile(r"\S+@\S+")
_signer = Signer(salt="wiki.search")


@dataclass(frozen=True)
class Searched:
    """What was found, and the `token` that says which search an opened article came from; "" when nothing was kept."""

    found: Found
    token: str = ""


def search(*, person, words: str, surface: str, visitor: str, now: datetime, limit: int = SHOWN, gate=None) -> Searched:
    """Find articles, among `gate` where it is given, and keep what was looked for."""
    found = queries_search.find(person, words, limit=limit, gate=gate)
    token = keep(words=words, hits=found.hits, surface=surface, visitor=visitor, person=person, now=now)
    return Searched(found, token)


@transaction.atomic
def keep(*, words: str, hits: int, surface: str, visitor: str, person, now: datetime) -> str:
    """Keep one search; answers its token. What continues, or takes back, letters of half a minute ago changes that
    row. Words without anything to look for are not kept."""
    query = clean(words)
    plain = asked(query)
    if not plain:
        return ""
    values = {"query": query, "asked": plain, "hits": min(hits, 2**31 - 1), "updated_at": now}
    row = _going_on(plain, surface, visitor, now) if visitor else None
    if row:
        SearchLog.objects.filter(pk=row.pk).update(**values)
        return _signer.sign(str(row.pk))
    known = person if isinstance(person, Person) else None
    made = SearchLog.objects.create(**values, surface=surface, visitor=visitor, person=known, created_at=now)
    return _signer.sign(str(made.pk))


def _going_on(plain: str, surface: str, visitor: str, now: datetime) -> SearchLog | None:
    rows = SearchLog.objects.select_for_update().filter(
        visitor=visitor, surface=surface, updated_at__gte=now - ONE_SEARCH, opened__isnull=True
    )
    last = rows.order_by("-updated_at", "-pk").first()
    return last if last and (plain.startswith(last.asked) or last.asked.startswith(plain)) else None


def opened(*, token: str, article: Article, now: datetime) -> None:
    """Somebody opened `article` from the results of the search that `token` names. The first one counts."""
    pk = _number(token)
    if pk:
        SearchLog.objects.filter(pk=pk, opened__isnull=True, created_at__gte=now - timedelta(days=1)).update(
            opened=article
        )


def clean(words: str) -> str:
    """What is kept of what was typed: one line, without long numbers and mail addresses."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return _LONG_NUMBER.sub("…", _ADDRESS.sub("…", line))[:LONGEST_QUERY].strip()


def _number(token: str) -> int | None:
    try:
        return int(_signer.unsign(token[:80]))
    except (BadSignature, ValueError):
        return None
