"""What we support: rules with dates, what they said of a ticket, and the minutes that help beyond them took."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from knowledgebase.models import Article
from tickets.models.desk import ReplyTemplate
from tickets.models.ticket import Ticket
from tickets.support_choices import ForWhom, Verdict


class ScopeRule(models.Model):
    """One version of a rule about what we support. It holds from a day on, up to a day (not included).

    Rules stand in order and the first that fits decides. A version is never changed: a change is a new version of the
    same `line`, from today on or later, so that a ticket is judged by what held on the day it came (N6).
    Empty conditions fit everything.
    """

    line = models.BigIntegerField(help_text="The number of its first version, which all of its versions share.")
    version = models.PositiveIntegerField(default=1)
    position = models.BigIntegerField()
    product = models.CharField(max_length=80, blank=True)
    hardware = models.CharField(max_length=80, blank=True, help_text="Fits every name that holds these words.")
    made_from = models.PositiveSmallIntegerField(null=True, blank=True)
    made_until = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Made in this year or before.")
    version_from = models.CharField(max_length=30, blank=True)
    version_below = models.CharField(max_length=30, blank=True, help_text="The first version that is not meant.")
    for_whom = models.CharField(max_length=10, choices=ForWhom, blank=True, default="")
    verdict = models.CharField(max_length=12, choices=Verdict)
    minutes = models.PositiveSmallIntegerField(default=0, help_text="How long we try, where it is best effort.")
    warn_after = models.PositiveSmallIntegerField(default=0, help_text="Minutes after which an agent is warned.")
    why = models.CharField(max_length=200, blank=True, help_text="One line for customers.")
    template = models.ForeignKey(ReplyTemplate, models.PROTECT, null=True, blank=True, related_name="+")
    article = models.ForeignKey(Article, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The first day on which it does not hold any more.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="Replaced before it ever held.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "version"], name="versions of a scope rule are numbered"),
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(ends_on__isnull=True, withdrawn_at__isnull=True),
                name="a scope rule has one last version",
            ),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="a scope rule has a known verdict"),
            models.CheckConstraint(
                condition=(Q(verdict=Verdict.BEST_EFFORT) & Q(minutes__gte=1, minutes__lte=600))
                | (~Q(verdict=Verdict.BEST_EFFORT) & Q(minutes=0)),
                name="best effort has minutes, and nothing else has",
            ),
            models.CheckConstraint(condition=Q(warn_after__lte=F("minutes")), name="a warning comes before the end"),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.NONE) | Q(template__isnull=False, article__isnull=False),
                name="what is not supported has words and an article",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="a scope rule ends after it starts",
            ),
            models.CheckConstraint(
                condition=Q(made_from__isnull=True) | Q(made_until__isnull=True) | Q(made_until__gte=F("made_from")),
                name="years of a scope rule run forward",
            ),
        ]
        indexes = [models.Index(fields=["position", "id"], condition=Q(withdrawn_at__isnull=True), name="scope_rules")]

    def __str__(self) -> str:
        return f"rule {self.line}, version {self.version}"


class TicketScope(models.Model):
    """What somebody said that a ticket is about, which rule decided, and who decided otherwise.

    `rule` empty: none fits, and a lead has to write one.
    """

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="scope_row")
    product = models.CharField(max_length=80, blank=True)
    hardware = models.CharField(max_length=80, blank=True)
    made_in = models.PositiveSmallIntegerField(null=True, blank=True)
    product_version = models.CharField(max_length=30, blank=True)
    had_priority = models.BooleanField(default=False)
    rule = models.ForeignKey(ScopeRule, models.PROTECT, null=True, blank=True, related_name="tickets")
    judged_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    judged_at = models.DateTimeField()
    overridden_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    overridden_at = models.DateTimeField(null=True, blank=True)
    override_reason = models.CharField(max_length=300, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(overridden_by__isnull=True, overridden_at__isnull=True, override_reason="")
                | (Q(overridden_by__isnull=False, overridden_at__isnull=False) & ~Q(override_reason="")),
                name="a verdict is overridden by somebody with a reason",
            )
        ]
        indexes = [models.Index(fields=["judged_at"], condition=Q(rule__isnull=True), name="scope_without_a_rule")]

    def __str__(self) -> str:
        return f"scope of {self.ticket_id}"


class ScopeTime(models.Model):
    """Minutes that somebody worked on a ticket that is not supported in full. `ended_at` empty: the clock runs.

    `verdict` is what the rules said then, so that a month's sum does not change when somebody judges again.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="scope_times")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=12, choices=Verdict)
    is_overridden = models.BooleanField(default=False)
    form_key = models.CharField(max_length=43, blank=True, help_text="The form that it came from: noted once.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(ended_at__isnull=True), name="one clock runs on a ticket"
            ),
            models.UniqueConstraint(fields=["form_key"], condition=~Q(form_key=""), name="a form notes minutes once"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(minutes=0), name="minutes are counted when the clock stops"
            ),
        ]
        indexes = [
            models.Index(fields=["ended_at", "id"], name="scope_minutes_by_day"),
            models.Index(fields=["ticket", "id"], name="scope_minutes_of_ticket"),
        ]

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.ticket_id}"
