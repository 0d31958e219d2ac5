"""Begin and end a month's reading, and let articles join it."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from knowledgebase.choices import CampaignState, CheckOutcome
from knowledgebase.models import Article, Campaign, CampaignItem
from knowledgebase.queries_campaign import covered, rules, this_month


@transaction.atomic
def begin(*, now: datetime) -> Campaign | None:
    """The reading of the month that it is: made when it does not exist yet, and whatever it misses joins.

    Earlier ones that nobody ended are marked unfinished. None while campaigns are switched off. Twice, two at once and
    late change nothing: a month has one.
    """
    how = rules()
    if not how.is_enabled or how.reviewer is None:
        return None
    month = this_month(how, now)
    Campaign.objects.filter(month__lt=month, state=CampaignState.RUNNING).update(state=CampaignState.UNFINISHED)
    campaign, is_new = Campaign.objects.get_or_create(
        month=month, defaults={"reviewer": how.reviewer, "started_at": now}
    )
    missing = covered(how).exclude(campaign_items__campaign=campaign)
    _add(campaign, list(missing.order_by("id").values_list("id", flat=True)), now)
    if is_new:
        record(by=None, action="knowledgebase.campaign_begins", subject=campaign, data={"month": str(month)}, now=now)
    return campaign


def join(article: Article, now: datetime) -> None:
    """A text was published: it joins the month's reading, and is read again where it had been read (A7)."""
    how = rules()
    campaign = Campaign.objects.filter(month=this_month(how, now)).first() if how.is_enabled else None
    if campaign is None or not covered(how).filter(pk=article.pk).exists():
        return
    _add(campaign, [article.pk], now)
    CampaignItem.objects.filter(campaign=campaign, article=article).exclude(outcome=CheckOutcome.OPEN).update(
        outcome=CheckOutcome.OPEN, done_at=None, by=None, revision=None, fix=None, remark=""
    )
    Campaign.objects.filter(pk=campaign.pk, state=CampaignState.COMPLETE).update(
        state=CampaignState.RUNNING, completed_at=None
    )


def _add(campaign: Campaign, articles: list[int], now: datetime) -> None:
    items = [CampaignItem(campaign=campaign, article_id=article, joined_at=now) for article in articles]
    CampaignItem.objects.bulk_create(items, ignore_conflicts=True)


def corrected_by(article: Article, now: datetime) -> CampaignItem | None:
    """The item of this month whose reader wrote the text that readers see now, if that is how it came about."""
    if article.published_id is None:
        return None
    month = this_month(rules(), now)
    items = CampaignItem.objects.select_for_update(of=("self",)).filter(campaign__month=month, article=article)
    return items.filter(outcome=CheckOutcome.FIXED, fix=article.published_id).select_related("by").first()
