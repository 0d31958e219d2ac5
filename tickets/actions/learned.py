"""Say what a new client's first ticket taught."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from knowledgebase.models import Article
from tickets import learned
from tickets.actions.keeping import locked, write_event
from tickets.models import Ticket, WikiDelta
from tickets.refusals import Refused


class NothingToLearn(Refused):
    """Nothing is asked on this ticket, or what was given is no answer."""


@transaction.atomic
def learn(*, ticket: Ticket, by, now: datetime, article: Article | None = None, reason: str = "") -> WikiDelta:
    """`article` was changed since the ticket came and its newest revision is what we learned; or `reason` says why
    nothing has to be written. Raises NothingToLearn.
    """
    row = locked(ticket)
    client = learned.client_to_learn_from(row)
    if client is None:
        raise NothingToLearn("Nothing is asked on this ticket: its client is not new, or it was said already.")
    words = " ".join(reason.replace("\0", "").split())[:300]
    if article is None and len(words) < 3:
        raise NothingToLearn("Choose the page that was changed, or say why none has to be.")
    revision = None
    if article is not None:
        revision = article.revisions.filter(created_at__gte=row.created_at).order_by("-no").first()
        if revision is None:
            raise NothingToLearn(f"“{article.title}” was not changed since this ticket came. Change it first.")
        words = ""
    delta = WikiDelta.objects.create(
        ticket=row, customer=client, article=article, revision=revision, reason=words, by=by, at=now
    )
    said = f"changed a page of the wiki, revision {revision.no}" if revision else f"nothing to write down: {words}"
    write_event(row, kind="learned", text=f"What we learned, by {by.shown_name}: {said}", by=by, now=now)
    data = {"article": article.pk if article else None, "customer": client.pk}
    record(by=by, action="tickets.learned", subject=row, data=data, now=now)
    return delta
