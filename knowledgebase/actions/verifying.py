"""Say that an article's published text was read word for word and is true, or that nobody has yet."""

from datetime import datetime

from django.db import transaction

from accounts.models import Person
from knowledgebase.actions import campaigning
from knowledgebase.checking_days import LONGEST_GAP, due_after, zone_named
from knowledgebase.models import Article, CampaignItem, Revision, Verification
from knowledgebase.queries_campaign import rules
from knowledgebase.refusals import Refused


class NotWhatReadersSee(Refused):
    """Only the published text can be vouched for."""


@transaction.atomic
def verified(
    article: Article,
    revision: Revision,
    by: Person,
    now: datetime,
    seconds: int | None = None,
    campaign_item: CampaignItem | None = None,
) -> Verification:
    """Write down that `by` read `revision`, which readers see, and set when it has to be read again.

    Belongs into the transaction that publishes or passes. `seconds` is the measured time of reading, if it was
    measured. Raises NotWhatReadersSee.
    """
    row = Article.objects.select_for_update(of=("self",)).select_related("space").get(pk=article.pk)
    if row.published_id != revision.pk or row.archived_at is not None:
        raise NotWhatReadersSee("Another text was published meanwhile. Read that one.")
    due = due_after(now, min(row.space.verify_days, LONGEST_GAP), zone_named(rules().zone))
    proof = Verification.objects.create(
        article=row, revision=revision, by=by, at=now, due_at=due, seconds=seconds, words=revision.words,
        campaign_item=campaign_item,
    )  # fmt: skip
    _note(article, verified_at=now, verify_due_at=due)
    if campaign_item is None:
        campaigning.join(row, now)
    return proof


@transaction.atomic
def forget(article: Article, now: datetime) -> None:
    """A text was published that nobody has vouched for. It keeps the date by which it has to be read.

    The correction of this month's reader is the exception: it was read by who wrote it, and approved.
    Belongs into the transaction that publishes.
    """
    row = Article.objects.select_for_update(of=("self",)).select_related("space", "published").get(pk=article.pk)
    item = campaigning.corrected_by(row, now)
    if item and item.by and row.published:
        verified(article, row.published, item.by, now, seconds=item.seconds, campaign_item=item)
        return
    due = due_after(now, min(row.space.verify_days, LONGEST_GAP), zone_named(rules().zone))
    _note(article, verified_at=None, verify_due_at=min(due, row.verify_due_at or due))
    campaigning.join(row, now)


def _note(article: Article, **when: datetime | None) -> None:
    Article.objects.filter(pk=article.pk).update(**when)
    for name, moment in when.items():
        setattr(article, name, moment)
