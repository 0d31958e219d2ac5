"""Reads of the monthly reading: its rules, what it covers, and where it stands."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from accounts.models import Person
from knowledgebase.checking_days import month_of, zone_named
from knowledgebase.choices import PUBLIC_SIDE, CheckOutcome
from knowledgebase.models import Article, Campaign, CampaignItem, CampaignRules


def rules() -> CampaignRules:
    """How this desk reads. One that was never set up has the rules of a new one, not saved."""
    return CampaignRules.objects.filter(pk=1).first() or CampaignRules(pk=1)


def covered(how: CampaignRules) -> QuerySet[Article]:
    """Every published article that has to be read each month."""
    return Article.objects.published().filter(
        Q(space__visibility__in=sorted(PUBLIC_SIDE)) | Q(kind__in=how.staff_kinds), space__archived_at__isnull=True
    )


def this_month(how: CampaignRules, now: datetime) -> date:
    """The first day of the month that it is at the desk."""
    return month_of(now, zone_named(how.zone))


def campaign_of(month: date) -> Campaign | None:
    """That month's reading with who reads."""
    return Campaign.objects.filter(month=month).select_related("reviewer").first()


def months() -> list[date]:
    """The months that were read, newest first: two years of them."""
    return list(Campaign.objects.order_by("-month").values_list("month", flat=True)[:24])


@dataclass(frozen=True)
class Progress:
    """Where a month stands. `left` counts what nobody has read; `waiting` what was corrected and is not approved."""

    total: int
    left: int
    waiting: int
    flagged: int
    fast: int
    words_left: int

    @property
    def done(self) -> int:
        return self.total - self.left

    @property
    def odd(self) -> int:
        """What somebody should look at."""
        return self.waiting + self.flagged + self.fast

    @property
    def minutes_left(self) -> int:
        """At 200 words a minute, which is reading and not skimming."""
        return -(-self.words_left // 200)


def progress(campaign: Campaign, how: CampaignRules, person: Person | None = None) -> Progress:
    """Where the month stands, for what `person` reads where one is given. One query."""
    items = CampaignItem.objects.filter(campaign=campaign).in_force()
    if person:
        items = of_reader(items, person)
    left = items.open()
    counts = items.aggregate(
        total=Count("pk"),
        left=Count("pk", filter=Q(pk__in=left.values("pk"))),
        waiting=Count("pk", filter=Q(pk__in=items.waiting().values("pk"))),
        flagged=Count("pk", filter=Q(outcome=CheckOutcome.FLAGGED)),
        fast=Count("pk", filter=too_fast(how)),
        words_left=Sum("article__published__words", filter=Q(pk__in=left.values("pk")), default=0),
    )
    return Progress(**counts)


def of_reader(items: QuerySet[CampaignItem], person: Person) -> QuerySet[CampaignItem]:
    """Those of articles that `person` reads (A4)."""
    return items.filter(article__in=Article.objects.readable_by(person))


def too_fast(how: CampaignRules) -> Q:
    """Read faster than anybody reads word for word (A7)."""
    read = ~Q(outcome=CheckOutcome.OPEN) & ~Q(outcome=CheckOutcome.FLAGGED)
    return read & Q(words__gt=Greatest(F("seconds"), 1) * how.words_a_minute / 60)


def items_of(campaign: Campaign, person: Person) -> QuerySet[CampaignItem]:
    """What `person` may know of the month's items: those of articles that they read (A4)."""
    items = of_reader(CampaignItem.objects.filter(campaign=campaign).in_force(), person)
    return items.select_related("article__space", "article__owner", "article__published", "revision", "fix", "by")


def item_for(person: Person, pk: int) -> CampaignItem | None:
    """That item with all that its page shows, or None where `person` does not read its article."""
    items = of_reader(CampaignItem.objects.all(), person).select_related(
        "campaign__reviewer", "article__space", "article__owner", "article__published__author", "fix", "by"
    )
    return items.filter(pk=pk).first()


def next_item(campaign: Campaign, person: Person, after: int) -> int | None:
    """The next one that is still to be read: after `after`, or else from the beginning."""
    left = of_reader(CampaignItem.objects.filter(campaign=campaign).in_force().open(), person).order_by("pk")
    return left.filter(pk__gt=after).values_list("pk", flat=True).first() or left.values_list("pk", flat=True).first()
