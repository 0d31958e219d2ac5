"""Customer Day: once a quarter everybody answers customers, and what they notice is followed up (B7, B8)."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from insights.programme_choices import DayState, ObservationState

CHECKLIST = (
    "I know where the questions of customers arrive, and how to open one.\n"
    "I read the article that answers each of my cards before I answer.\n"
    "I know who my buddy is, and how to reach them today.\n"
    "I keep the whole day free of other meetings."
)
BRIEFING = (
    "Today you answer customers. Take one card at a time, read it to the end, and answer with the article that stands "
    "beside it, in your own words. Your buddy reads what you write before it leaves, and answers your questions.\n\n"
    "Notice what makes customers write. At the end of the day name at most three things, each with somebody who owns "
    "it and a date."
)


class CustomerDayRules(models.Model):
    """How Customer Day is held here. One row."""

    is_enabled = models.BooleanField(default=True)
    enabled_at = models.DateTimeField(
        null=True, blank=True, help_text="When an admin switched it on. Empty: from the desk's second quarter on."
    )
    article = models.ForeignKey(
        "knowledgebase.Article", models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Read instead of the briefing below.",
    )  # fmt: skip
    briefing = models.TextField(default=BRIEFING, blank=True)
    checklist = models.TextField(default=CHECKLIST, blank=True, help_text="A line each.")
    most_a_day = models.PositiveSmallIntegerField(default=2, help_text="So many people on one day.")
    alone_after = models.PositiveSmallIntegerField(
        default=20, help_text="Who has answered fewer times answers with review."
    )
    left_out = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="there is one set of customer day rules"),
            models.CheckConstraint(
                condition=Q(most_a_day__gte=1, most_a_day__lte=100, alone_after__lte=1000),
                name="customer day rules are within reason",
            ),
        ]

    def __str__(self) -> str:
        return "on" if self.is_enabled else "off"


class ReasonCover(models.Model):
    """What the desk says of a contact reason: which article answers it, and whether it is about money."""

    reason = models.OneToOneField("tickets.ContactReason", models.CASCADE, primary_key=True, related_name="cover")
    article = models.ForeignKey("knowledgebase.Article", models.SET_NULL, null=True, blank=True, related_name="+")
    is_money = models.BooleanField(default=False, help_text="So are the reasons below it.")

    def __str__(self) -> str:
        return f"reason {self.reason_id}"


class CustomerDay(models.Model):
    """One person's day of one quarter: from the invitation to what they took from it, or missed."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="customer_days")
    quarter = models.DateField(help_text="Its first day.")
    state = models.CharField(max_length=10, choices=DayState, default=DayState.INVITED)
    date = models.DateField(null=True, blank=True)
    proposed_for = models.DateField(null=True, blank=True, help_text="A day that we chose for them.")
    buddy = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    checklist = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    ticked = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    invited_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    briefed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    debriefed_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)
    learned = models.TextField(blank=True, help_text="What the day taught, in their words.")
    accompanied_since = models.DateTimeField(
        null=True, blank=True, help_text="The day began an apprenticeship, and ends it."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "quarter"], name="a person has one customer day a quarter"),
            models.CheckConstraint(
                condition=Q(quarter__day=1, quarter__month__in=[1, 4, 7, 10]), name="a quarter begins with its month"
            ),
            models.CheckConstraint(condition=Q(state__in=DayState.values), name="a customer day has a known state"),
            models.CheckConstraint(
                condition=Q(state__in=[DayState.INVITED, DayState.MISSED]) | Q(date__isnull=False),
                name="a booked customer day has a date",
            ),
            models.CheckConstraint(
                condition=Q(date__isnull=True) | Q(date__gte=F("quarter")), name="a customer day is in its quarter"
            ),
            models.CheckConstraint(
                condition=Q(state=DayState.MISSED, missed_at__isnull=False)
                | (~Q(state=DayState.MISSED) & Q(missed_at__isnull=True)),
                name="missed_at is set exactly when missed",
            ),
            models.CheckConstraint(
                condition=Q(buddy__isnull=True) | ~Q(buddy=F("person")), name="nobody is their own buddy"
            ),
        ]
        indexes = [
            models.Index("quarter", "state", name="customer_day_by_quarter"),
            models.Index("date", name="customer_day_by_date", condition=Q(date__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.quarter_words}"

    @property
    def quarter_words(self) -> str:
        """“July to September 2026”."""
        last = date(self.quarter.year, self.quarter.month + 2, 1)
        return f"{self.quarter:%B} to {last:%B %Y}"


class CardPick(models.Model):
    """A ticket that was found to suit somebody's day, by the reason that its words speak for and its article."""

    day = models.ForeignKey(CustomerDay, models.CASCADE, related_name="cards")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+")
    reason = models.ForeignKey("tickets.ContactReason", models.CASCADE, related_name="+")
    article = models.ForeignKey("knowledgebase.Article", models.CASCADE, related_name="+")
    picked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "ticket"], name="a card is picked once for a day")]

    def __str__(self) -> str:
        return f"ticket {self.ticket_id} for day {self.day_id}"


class Observation(models.Model):
    """Something that was noticed: at most three a day, each with an owner and a date, followed until it is over."""

    day = models.ForeignKey(CustomerDay, models.PROTECT, related_name="observations")
    n = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=500)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due = models.DateField()
    ticket = models.ForeignKey("tickets.Ticket", models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=ObservationState, default=ObservationState.OPEN)
    answer = models.CharField(max_length=500, blank=True, help_text="Why it was declined, or what it did.")
    made_at = models.DateTimeField()
    moved_at = models.DateTimeField(help_text="When its state changed last, or it was written.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "n"], name="an observation's number stands once on its day"),
            models.CheckConstraint(condition=Q(n__range=(1, 3)), name="a day has at most three observations"),
            models.CheckConstraint(condition=~Q(words=""), name="an observation says something"),
            models.CheckConstraint(
                condition=Q(state__in=ObservationState.values), name="an observation has a known state"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ObservationState.DECLINED, ObservationState.VERIFIED]) | ~Q(answer=""),
                name="an observation that is over says why",
            ),
        ]
        indexes = [
            models.Index(
                "moved_at", "id", name="observation_unmoved", condition=Q(state__in=["open", "accepted", "shipped"])
            ),
        ]

    def __str__(self) -> str:
        return self.words


class ObservationMove(models.Model):
    """A step of an observation. Written once."""

    observation = models.ForeignKey(Observation, models.CASCADE, related_name="moves")
    state = models.CharField(max_length=10, choices=ObservationState)
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.state} by {self.by}"
