"""Reading everything word for word, once a month: who does, what was read, and the proof of it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from knowledgebase.choices import ArticleKind, CampaignState, CheckOutcome
from knowledgebase.models.articles import Article, Revision
from knowledgebase.querysets import CampaignItemQuerySet


def kinds_of_staff() -> list[str]:
    """What is read beside the pages of customers, unless somebody chooses otherwise."""
    return [ArticleKind.PROCESS, ArticleKind.TEMPLATE]


class CampaignRules(models.Model):
    """Who reads everything each month, and what that is. One row.

    What customers read is always in. `staff_kinds` are the kinds of articles for staff alone that are read as well.
    """

    is_enabled = models.BooleanField(default=False)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    deputy = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    manager = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    zone = models.CharField(max_length=64, default="UTC", help_text="Where a month begins and a day ends.")
    staff_kinds = ArrayField(models.CharField(max_length=10, choices=ArticleKind), default=kinds_of_staff, blank=True)
    words_a_minute = models.PositiveSmallIntegerField(default=600, help_text="Nobody reads faster word for word.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one set of campaign rules"),
            models.CheckConstraint(
                condition=Q(is_enabled=False) | Q(reviewer__isnull=False, manager__isnull=False),
                name="a campaign has somebody who reads and somebody who is told",
            ),
            models.CheckConstraint(
                condition=Q(words_a_minute__gte=100, words_a_minute__lte=2000),
                name="a speed of reading is within reason",
            ),
        ]

    def __str__(self) -> str:
        return "on" if self.is_enabled else "off"


class Campaign(models.Model):
    """One month's reading by one person. It ends when that person says so, never by itself (A7)."""

    month = models.DateField(unique=True, help_text="Its first day.")
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=CampaignState, default=CampaignState.RUNNING)
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    alerted_at = models.DateTimeField(null=True, blank=True, help_text="The manager was told that it is not done.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="a campaign is of a month"),
            models.CheckConstraint(
                condition=Q(state=CampaignState.COMPLETE, completed_at__isnull=False)
                | (~Q(state=CampaignState.COMPLETE) & Q(completed_at__isnull=True)),
                name="completed_at is set exactly when complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"


class CampaignItem(models.Model):
    """One article in one month's reading.

    `ticked` names the sections that were read, by what they say, so that a new version asks for no more than what
    changed. `seconds` is measured here: the time between two ticks, long pauses cut off. `fix` is the revision that the
    reader wrote because something was wrong.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="items")
    article = models.ForeignKey(Article, models.PROTECT, related_name="campaign_items")
    ticked = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    seconds = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="The page was opened, or a section ticked.")
    outcome = models.CharField(max_length=10, choices=CheckOutcome, default=CheckOutcome.OPEN)
    revision = models.ForeignKey(Revision, models.PROTECT, null=True, blank=True, related_name="+")
    fix = models.ForeignKey(Revision, models.PROTECT, null=True, blank=True, related_name="+")
    words = models.PositiveIntegerField(default=0, help_text="Of the text that was read.")
    remark = models.CharField(max_length=500, blank=True, help_text="What is wrong, where it was flagged.")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    joined_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects = CampaignItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "article"], name="an article is in a month's campaign once"),
            models.CheckConstraint(
                condition=Q(outcome=CheckOutcome.OPEN, done_at__isnull=True, by__isnull=True, revision__isnull=True)
                | (~Q(outcome=CheckOutcome.OPEN) & Q(done_at__isnull=False, by__isnull=False, revision__isnull=False)),
                name="an item that was read says who read which text and when",
            ),
            models.CheckConstraint(
                condition=Q(outcome=CheckOutcome.FIXED, fix__isnull=False)
                | (~Q(outcome=CheckOutcome.FIXED) & Q(fix__isnull=True)),
                name="what was fixed names the revision",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=CheckOutcome.FLAGGED) | ~Q(remark=""), name="what was flagged says what is wrong"
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], condition=Q(outcome=CheckOutcome.OPEN), name="item_open"),
            models.Index(fields=["article", "-id"], name="items_of_article"),
        ]

    def __str__(self) -> str:
        return f"{self.article}, {self.campaign}"

    @property
    def words_a_minute(self) -> int:
        """How fast it was read; a text of no measurable time counts as read in a second."""
        return round(self.words * 60 / max(self.seconds, 1))


class Verification(models.Model):
    """Somebody read that revision word for word and says that it is true. Written once, never changed (A8)."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="verifications")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it has to be read again.")
    seconds = models.PositiveIntegerField(null=True, blank=True, help_text="Measured in a campaign; else unknown.")
    words = models.PositiveIntegerField(default=0)
    campaign_item = models.ForeignKey(CampaignItem, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign_item", "revision"],
                condition=Q(campaign_item__isnull=False),
                name="a campaign proves a text once",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("at")), name="a text is read again after it was read"),
        ]
        indexes = [models.Index(fields=["article", "at", "id"], name="verifications_of_article")]
        triggers = [pgtrigger.Protect(name="proof_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.revision}, {self.at:%Y-%m-%d}"


class CheckGap(models.Model):
    """An article was unread for more than a month, and the manager was told: once for each time that happened."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="+")
    since = models.DateTimeField(help_text="When it was last read, or published for the first time.")
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "since"], name="a gap is told once")]
        triggers = [pgtrigger.Protect(name="gaps_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.article_id} since {self.since:%Y-%m-%d}"


class OwnerReminder(models.Model):
    """When an owner was last told of articles that want to be read: at most once a week."""

    owner = models.OneToOneField(Person, models.CASCADE, related_name="+")
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.owner}, {self.told_at:%Y-%m-%d}"
