"""How long nobody read what readers see: from the proofs, which nobody can change (A8)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from knowledgebase.checking_days import LONGEST_GAP
from knowledgebase.models import Article

# Between two proofs, from the first time that readers saw a text to the first proof, and from the last one until now.
_GAPS = """
with published as (
    select article_id, min(reviewed_at) as at from knowledgebase_revision
    where state = 'approved' and article_id = any(%(articles)s) group by article_id
), moments as (
    select article_id, at from published
    union all select article_id, at from knowledgebase_verification where article_id = any(%(articles)s)
    union all select article_id, %(now)s from published
), stretches as (
    select article_id, at as since, lead(at) over (partition by article_id order by at) as until from moments
), counted as (
    select *, (until at time zone %(zone)s)::date - (since at time zone %(zone)s)::date as days from stretches
)
select article_id, since, until, days, until = %(now)s as lasts from counted
where days > %(longest)s and until >= %(after)s and since < %(before)s
order by days desc, article_id
"""


@dataclass(frozen=True)
class Gap:
    """An article was unread for `days` days. `lasts`: it still is."""

    article: Article
    since: datetime
    until: datetime
    days: int
    lasts: bool


def gaps(articles: QuerySet[Article], *, zone: ZoneInfo, now: datetime, after: datetime, before: datetime) -> list[Gap]:
    """Every stretch of more than 31 days without a proof that touches the time between, longest first."""
    known = {article.pk: article for article in articles.select_related("owner", "space")}
    if not known:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _GAPS,
            {
                "articles": list(known), "now": now, "zone": str(zone), "longest": LONGEST_GAP, "after": after,
                "before": before,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    return [
        Gap(known[article], since.astimezone(zone), until.astimezone(zone), days, lasts)
        for article, since, until, days, lasts in rows
    ]
