"""Where customers write, what each place told us, and whether its count of a day is ours."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from supportdesk.lib.vault import SealedField
from tickets.source_choices import EventState, GapState, SourceKind


class InboxSource(models.Model):
    """A place in which customers write: a mailbox of ours, another desk's program, or one that people look into."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=SourceKind)
    mailbox = models.OneToOneField("mail.Mailbox", models.CASCADE, null=True, blank=True, related_name="source")
    team = models.ForeignKey(
        "tickets.Team", models.SET_NULL, null=True, blank=True, related_name="+", help_text="Empty: the first team."
    )
    key = models.CharField(max_length=43, unique=True, help_text="Stands in the address that its program posts to.")
    secret = SealedField(blank=True, default="", help_text="Its program signs with it.")
    is_active = models.BooleanField(default=True)
    freshness_minutes = models.PositiveIntegerField(
        null=True, blank=True, default=15, help_text="Silent for longer: unknown. Empty: its silence says nothing."
    )
    last_ok_at = models.DateTimeField(null=True, blank=True, help_text="When it last proved that it works.")
    began_on = models.DateField(help_text="The first day that is counted.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=SourceKind.MAILBOX, mailbox__isnull=False)
                | (~Q(kind=SourceKind.MAILBOX) & Q(mailbox__isnull=True)),
                name="a source names a mailbox exactly when it is one",
            ),
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="a source is of a known kind"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceItem(models.Model):
    """A conversation of a source and the ticket that holds it. One each, however often it is told."""

    source = models.ForeignKey(InboxSource, models.CASCADE, related_name="items")
    external_id = models.CharField(max_length=200)
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, null=True, related_name="source_items")
    opened_on = models.DateField(null=True, help_text="The day on which it began there, in the desk's zone.")
    address = models.CharField(max_length=500, blank=True, help_text="Where it stands in the source.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="a source's conversation is known once"),
            models.CheckConstraint(condition=~Q(external_id=""), name="a source's conversation has an id"),
        ]
        indexes = [models.Index("source", "opened_on", name="source_item_day")]

    def __str__(self) -> str:
        return f"{self.external_id} of {self.source_id}"


class InboundEvent(models.Model):
    """Something a source told us, kept before anything is done with it. Told again, it is the same row.

    Its facts go once they are on a ticket: whoever erases a customer there leaves no words of theirs here.
    """

    source = models.ForeignKey(InboxSource, models.CASCADE, related_name="events")
    external_id = models.CharField(max_length=200)
    item_id = models.CharField(max_length=200)
    facts = models.JSONField(help_text="What it says, see tickets.sources.facts.")
    state = models.CharField(max_length=10, choices=EventState, default=EventState.WAITING)
    ticket = models.ForeignKey("tickets.Ticket", models.SET_NULL, null=True, blank=True, related_name="+")
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="an event of a source counts once"),
            models.CheckConstraint(
                condition=Q(state=EventState.WAITING, done_at__isnull=True)
                | Q(state=EventState.DONE, done_at__isnull=False),
                name="an event is done exactly when it says when",
            ),
        ]
        indexes = [models.Index("source", "id", name="event_waiting", condition=Q(state=EventState.WAITING))]

    def __str__(self) -> str:
        return f"{self.external_id} of {self.source_id}"


class DailyCount(models.Model):
    """What a source counts for a day, or for the days since the last count, and what we hold of it."""

    source = models.ForeignKey(InboxSource, models.CASCADE, related_name="counts")
    since_on = models.DateField()
    on = models.DateField()
    theirs = models.PositiveIntegerField(null=True, blank=True, help_text="By its own export. Empty: none came.")
    ours = models.PositiveIntegerField()
    counted_at = models.DateTimeField()
    attested = models.PositiveIntegerField(null=True, blank=True, help_text="As a person counted it there.")
    attested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    attested_name = models.CharField(max_length=120, blank=True)
    attested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "on"], name="a source is counted once for a day"),
            models.CheckConstraint(condition=Q(since_on__lte=F("on")), name="a count covers a day at least"),
            models.CheckConstraint(
                condition=Q(theirs__isnull=False) | Q(attested__isnull=False), name="a count says a number"
            ),
            models.CheckConstraint(
                condition=Q(attested__isnull=True)
                | (Q(attested_by__isnull=False, attested_at__isnull=False) & ~Q(attested_name="")),
                name="a count by hand has a name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} on {self.on}"


class SourceGap(models.Model):
    """What a source counts and we did not hold. It stands in the way of a day until it was brought in or explained.

    Without an id when a person counted more than we hold and nobody knows which.
    """

    count = models.ForeignKey(DailyCount, models.CASCADE, related_name="gaps")
    external_id = models.CharField(max_length=200, blank=True)
    how_many = models.PositiveIntegerField(default=1)
    facts = models.JSONField(default=dict, blank=True, help_text="What the export says of it.")
    state = models.CharField(max_length=10, choices=GapState, default=GapState.MISSING)
    words = models.CharField(max_length=500, blank=True, help_text="Why nothing is missing after all.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["count", "external_id"], name="something is missing once in a count"),
            models.CheckConstraint(condition=Q(state__in=GapState.values), name="a gap is in a known state"),
            models.CheckConstraint(
                condition=~Q(state=GapState.EXPLAINED) | (~Q(words="") & Q(by__isnull=False)),
                name="an explained gap says why and who says so",
            ),
            models.CheckConstraint(
                condition=Q(state=GapState.MISSING, settled_at__isnull=True)
                | (~Q(state=GapState.MISSING) & Q(settled_at__isnull=False)),
                name="a gap is settled exactly when it says when",
            ),
        ]
        indexes = [models.Index("count", name="gap_missing", condition=Q(state=GapState.MISSING))]

    def __str__(self) -> str:
        return self.external_id or f"{self.how_many} without an id"
