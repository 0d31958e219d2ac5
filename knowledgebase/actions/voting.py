"""Whether an article helped (A9): one vote of a visitor on a text, and a page that does not help is flagged."""

from datetime import datetime

from django.db import transaction

from knowledgebase.actions import flagging
from knowledgebase.actions.keeping import locked
from knowledgebase.models import Article, Revision, Vote
from knowledgebase.queries_page import said_lately

LONGEST_REASON = 500
ENOUGH = 5  # within seven days, and more No than Yes


@transaction.atomic
def vote(
    *, revision: Revision, visitor: str, helpful: bool, reason: str = "", network: str = "", now: datetime
) -> Vote:
    """Keep what a visitor says of that text. Said again, the later one counts.

    `network`: the one that a stranger writes from; all its strangers count as one reader.
    """
    words = " ".join(reason.replace("\0", "").split())[:LONGEST_REASON] if not helpful else ""
    row, _ = Vote.objects.update_or_create(
        revision=revision,
        visitor=visitor,
        defaults={"helpful": helpful, "network": network, "created_at": now}
        | ({"reason": words} if words or helpful else {}),
        create_defaults={"helpful": helpful, "reason": words, "network": network, "created_at": now},
    )
    if not helpful:
        _flag_if_unhelpful(revision.article, now)
    return row


def _flag_if_unhelpful(article: Article, now: datetime) -> None:
    row = locked(article)
    said = said_lately(row, now)
    if row.needs_change or said.no < ENOUGH or said.no <= said.yes:
        return
    words = f"{said.no} of {said.no + said.yes} readers of the last 7 days say that it did not help."
    flagging.tell(row, words, None, now)
    flagging.mark(row, words, now)
