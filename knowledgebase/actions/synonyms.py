"""Words that mean the same here, for the search."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.access import require
from accounts.journal import record
from accounts.models import Person
from knowledgebase.models import Synonyms
from knowledgebase.refusals import Refused
from knowledgebase.search_words import asked

MOST = 500
MOST_WORDS = 20
LONGEST = 60


class CannotKeepWords(Refused):
    """Fewer than two words, too many, or one that means nothing to the search."""


@transaction.atomic
def add(*, words: Sequence[str], by: Person, now: datetime) -> Synonyms:
    """Let the search find each of `words` for the others. Raises CannotKeepWords."""
    require(by, "articles.publish", now=now)
    if Synonyms.objects.count() >= MOST:
        raise CannotKeepWords(f"There are {MOST} lines already. Take one away first.")
    row = Synonyms.objects.create(words=_clean(words))
    record(by=by, action="wiki.synonyms_added", subject=row, data={"words": row.words}, now=now)
    return row


@transaction.atomic
def change(*, row: Synonyms, words: Sequence[str], by: Person, now: datetime) -> None:
    """Other words on that line. The same ones: nothing happens. Raises CannotKeepWords."""
    require(by, "articles.publish", now=now)
    found = Synonyms.objects.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise CannotKeepWords("Somebody took this line away meanwhile. Add it again.")
    kept, before = _clean(words), found.words
    if kept == before:
        return
    found.words = kept
    found.save(update_fields=["words"])
    record(by=by, action="wiki.synonyms_changed", subject=found, data={"words": kept, "before": before}, now=now)


@transaction.atomic
def remove(*, row: Synonyms, by: Person, now: datetime) -> None:
    """Take a line away. Gone already: nothing happens."""
    require(by, "articles.publish", now=now)
    found = Synonyms.objects.select_for_update().filter(pk=row.pk).first()
    if found is None:
        return
    words = found.words
    found.delete()
    record(by=by, action="wiki.synonyms_removed", subject=row, data={"words": words}, now=now)


def _clean(words: Sequence[str]) -> list[str]:
    kept: dict[str, str] = {}
    for word in words:
        line = " ".join(word.replace("\0", "").split())
        if not line:
            continue
        if len(line) > LONGEST:
            raise CannotKeepWords(f"“{line[:20]}…” is longer than {LONGEST} characters.")
        if not asked(line):
            raise CannotKeepWords(f"The search sees no letters in “{line}”.")
        kept.setdefault(asked(line), line)
    if len(kept) < 2:
        raise CannotKeepWords("Enter at least two different words, with commas between them.")
    if len(kept) > MOST_WORDS:
        raise CannotKeepWords(f"Enter at most {MOST_WORDS} words on one line.")
    return list(kept.values())
