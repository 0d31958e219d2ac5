"""One person decides once a day, in order (R33). `subject` is the key of a request in billing."""

from datetime import time

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from knowledgebase.models import Article
from selfservice.choices import STANDING, DecisionState, Kind, Verdict


class ReviewRules(models.Model):
    """How the review goes: one row, kept by admins. Amounts are minor units of the seller's currency."""

    starts_at = models.TimeField(default=time(10, 0), help_text="In the seller's time zone; a promise to customers.")
    second_credit_above = models.BigIntegerField(default=1_000_000, help_text="Above it two people decide (S33).")
    second_refund_above = models.BigIntegerField(default=100_000)
    deputy = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    deputy_from = models.TimeField(default=time(16, 0))
    credit_policy = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    tax_policy = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    refund_policy = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "review rules"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one set of review rules"),
            models.CheckConstraint(
                condition=Q(second_credit_above__gte=0, second_refund_above__gte=0),
                name="no threshold of the review is negative",
            ),
        ]

    def __str__(self) -> str:
        return "review rules"


class ReviewReason(models.Model):
    """A reason to say no, chosen by its number; the customer reads these words (U36). `verdict` is what it does."""

    kind = models.CharField(max_length=6, choices=Kind)
    position = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=255)
    verdict = models.CharField(max_length=7, choices=Verdict, default=Verdict.REJECT)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "position"], condition=Q(is_active=True), name="reasons of the review are numbered"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="a reason is for a known kind"),
            models.CheckConstraint(
                condition=Q(verdict__in=(Verdict.KEEP, Verdict.CLOSE), kind=Kind.CREDIT) | Q(verdict=Verdict.REJECT),
                name="a reason says no",
            ),
        ]

    def __str__(self) -> str:
        return self.words


class ReviewSession(models.Model):
    """A reviewer's work of one day. `seconds` counts only while a page of the review was open (resumes anywhere)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="review_sessions")
    day = models.DateField(help_text="In the seller's time zone.")
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seconds = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="a reviewer has one session a day")]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.day}"


class ReviewClaim(models.Model):
    """A reviewer has this request before them; nobody else gets it until then (U35)."""

    kind = models.CharField(max_length=6, choices=Kind)
    subject = models.PositiveBigIntegerField()
    person = models.ForeignKey(Person, models.CASCADE, related_name="review_claims")
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="a request is before one reviewer"),
            models.CheckConstraint(condition=Q(until__gt=F("claimed_at")), name="a claim lasts a while"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class ReviewSkip(models.Model):
    """A reviewer put a request behind the others for this session."""

    session = models.ForeignKey(ReviewSession, models.CASCADE, related_name="skips")
    kind = models.CharField(max_length=6, choices=Kind)
    subject = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "kind", "subject"], name="skipped once a session")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Decision(models.Model):
    """What a reviewer decided. It takes effect at `carry_out_at`; until then it can be undone without a trace outside.

    `number`, `who` and `shown_amount` are as the reviewer saw them, for the list of the day.
    """

    key = models.CharField(max_length=64, unique=True, help_text="From the page: sent twice, decided once.")
    kind = models.CharField(max_length=6, choices=Kind)
    subject = models.PositiveBigIntegerField()
    number = models.CharField(max_length=20)
    who = models.CharField(max_length=255)
    verdict = models.CharField(max_length=7, choices=Verdict)
    amount = models.BigIntegerField(null=True, blank=True, help_text="The limit or the refund, in minor units.")
    currency = models.CharField(max_length=3, default="USD")
    valid_until = models.DateField(null=True, blank=True, help_text="Of a certificate.")
    reason = models.CharField(max_length=500, blank=True)
    session = models.ForeignKey(ReviewSession, models.PROTECT, related_name="decisions")
    by = models.ForeignKey(Person, models.PROTECT, related_name="decisions")
    decided_at = models.DateTimeField()
    second = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=DecisionState)
    carry_out_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True, help_text="Carried out, undone or overtaken.")
    outcome = models.CharField(max_length=255, blank=True, help_text="What came of it, in a sentence.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state__in=STANDING), name="a request is decided once"
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("by")), name="a second person is another one"
            ),
            models.CheckConstraint(condition=Q(state__in=DecisionState.values), name="a decision has a known state"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="a decision is a known one"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="a decision is about a known kind"),
            models.CheckConstraint(
                condition=Q(state=DecisionState.SECOND, carry_out_at__isnull=True) | ~Q(state=DecisionState.SECOND),
                name="what waits for a second person takes no effect",
            ),
            models.CheckConstraint(
                condition=~Q(state=DecisionState.WAITING) | Q(carry_out_at__isnull=False),
                name="what takes effect says when",
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.APPROVE) | ~Q(reason=""), name="whoever says no says why"
            ),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="no amount is negative"),
        ]
        indexes = [
            models.Index(fields=["by", "-decided_at"], name="decisions_by_reviewer"),
            models.Index(fields=["-decided_at"], name="decisions_newest"),
            models.Index(
                fields=["kind", "subject"], condition=Q(state__in=("second", "waiting")), name="decisions_not_done"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.verdict}"
