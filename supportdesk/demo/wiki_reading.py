"""Everything is read word for word each month: last month is complete, this month is under way."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Person
from knowledgebase.actions import campaigning, check_rules, checking, overseeing
from knowledgebase.checking_days import begins, day_of, last_day, month_of
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Campaign, CampaignItem
from knowledgebase.sections import sections
from supportdesk.demo.company import TORONTO, Company
from supportdesk.demo.wiki import FIRST_DAYS, who

READER, DEPUTY = "elena", "tom"
ZONE = ZoneInfo(TORONTO)
A_DAY = 7
WORDS_A_MINUTE = 170
# Read first last month, and not yet this month: their check is overdue by the middle of it.
LATE = ("held-shipment", "hawaii-alaska", "supported-hardware")
# Passed faster than anybody reads: the report says so.
HURRIED = "purchase-orders"
FLAGGED = {
    "chromebooks": "The Admin console has moved this setting: it is below Device settings now. Two schools wrote."
}


def months(company: Company, *, since: datetime, until: datetime) -> Iterator[datetime]:
    """The story of the reader: switched on with last month, complete then, and begun again on the first."""
    this = month_of(until, ZONE)
    last = (this - timedelta(days=1)).replace(day=1)
    starts = max(since + FIRST_DAYS + timedelta(days=1), begins(last, ZONE))
    yield starts
    reader = who(company, READER)
    check_rules.save_rules(
        by=company.admin, now=starts, is_enabled=True, reviewer=reader, deputy=who(company, DEPUTY),
        manager=who(company, DEPUTY), zone=TORONTO, staff_kinds=list(ArticleKind.values), words_a_minute=600,
    )  # fmt: skip
    yield from _month(company, last, day_of(starts, ZONE), last_day(last))
    first = begins(this, ZONE)
    yield first
    campaigning.begin(now=first)
    yield from _month(company, this, this, day_of(until, ZONE), except_for=LATE)
    yield until - timedelta(minutes=1)
    overseeing.look_after(now=until - timedelta(minutes=1))


def _month(company: Company, month: date, day: date, last: date, *, except_for: tuple[str, ...] = ()):
    """Some each working day; complete as soon as nothing is left, and once more when something came after that."""
    reader = who(company, READER)
    while day <= last:
        at = datetime.combine(day, time(8, 20), ZONE)
        if day.weekday() < 5 or day == last:
            yield at
            rows = (
                CampaignItem.objects.open()
                .in_force()
                .filter(campaign__month=month)
                .exclude(article__slug__in=except_for)
            )
            items = list(rows.select_related("article__published", "campaign__reviewer"))
            items.sort(key=lambda item: (item.article.slug not in LATE, item.pk))
            for item in items if day == last else items[:A_DAY]:
                at = _read(item, reader, at, is_hurried=not except_for and item.article.slug == HURRIED,
                           is_flagged=bool(except_for) and item.article.slug in FLAGGED)  # fmt: skip
            _complete(month, reader, at)
        day += timedelta(days=1)


def _read(item: CampaignItem, reader: Person, at: datetime, *, is_hurried: bool, is_flagged: bool) -> datetime:
    """Open it, tick what was read, and say what was found; answers when that was done."""
    text = item.article.published
    if text is None:
        return at
    checking.open_item(item=item, by=reader, now=at)
    for section in sections(text.title, text.html):
        at += timedelta(seconds=1 if is_hurried else max(4, section.words * 60 // WORDS_A_MINUTE))
        checking.tick(item=item, key=section.key, is_read=True, by=reader, now=at)
    if is_flagged:
        checking.flag(item=item, remark=FLAGGED[item.article.slug], by=reader, now=at)
    else:
        checking.settle(item=item, by=reader, now=at)
    return at + timedelta(seconds=40)


def _complete(month: date, reader: Person, at: datetime) -> None:
    campaign = Campaign.objects.get(month=month)
    items = CampaignItem.objects.filter(campaign=campaign)
    if campaign.completed_at is None and not items.open().in_force().exists() and not items.waiting().exists():
        checking.complete(campaign=campaign, by=reader, now=at)
