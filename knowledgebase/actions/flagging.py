"""Say that an article is wrong, without writing what is right."""

from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed
from accounts.models import Person
from accounts.outgoing import queue_template
from knowledgebase.access import may_write, reads_space
from knowledgebase.actions.keeping import locked, note
from knowledgebase.models import Article
from knowledgebase.refusals import Refused

LONGEST = 500


@transaction.atomic
def flag(*, article: Article, words: str, by: Person, now: datetime, ticket_id: int | None = None) -> Article:
    """Keep what is wrong, and tell the owner. What was said before stays in front of it. Raises Refused."""
    row = locked(article)
    if not reads_space(by, row.space):
        raise NotAllowed("You do not read this space.")
    said = " ".join(words.replace("\0", "").split())
    if not said:
        raise Refused("Say what is wrong with it.")
    if len(said) > LONGEST - 60:
        raise Refused(f"Say it in at most {LONGEST - 60} characters. It has {len(said)}.")
    said = f"{by.shown_name[:40]}: {said}" + (f" (ticket #{ticket_id})" if ticket_id else "")
    if said not in row.needs_change:
        tell(row, said, by, now)
        mark(row, said, now)
        note(row, "flagged", by=by, now=now, ticket=ticket_id)
    return row


def mark(row: Article, said: str, now: datetime) -> None:
    """Put words about what is wrong onto a locked article."""
    row.needs_change = f"{row.needs_change} · {said}".strip(" ·")[-LONGEST:]
    row.needs_change_at = row.needs_change_at or now
    row.updated_at = now
    row.save(update_fields=["needs_change", "needs_change_at", "updated_at"])


@transaction.atomic
def unflag(*, article: Article, by: Person, now: datetime) -> Article:
    """It is right as it is, or was mended."""
    row = locked(article)
    if not may_write(by, row.space):
        raise NotAllowed("You may not write in this space.")
    if row.needs_change:
        clear(row)
        note(row, "unflagged", by=by, now=now)
    return row


def clear(row: Article) -> None:
    """Take the flag off a locked article: a new text is published, or somebody looked."""
    row.needs_change, row.needs_change_at = "", None
    row.save(update_fields=["needs_change", "needs_change_at"])


def tell(row: Article, said: str, by: Person | None, now: datetime) -> None:
    """Write to the owner, unless they said it themselves, or a flag stands already: one mail until it is mended."""
    if row.needs_change or (by and by.pk == row.owner_id) or not (row.owner.is_active and row.owner.email):
        return
    if not reads_space(row.owner, row.space):  # who left the role reads no word of it (A4)
        return
    context = {"article": row, "said": said}
    queue_template(to=row.owner.email, template="knowledgebase/mail/flagged", context=context, now=now)
