"""What agents do to many tickets at once, what they may take back, and what closes taught us."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.choices import BulkState, ItemState


class BulkJob(models.Model):
    """One deed on many tickets. Its set was fixed when it was chosen: later tickets are not among its items."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bulk_jobs")
    state = models.CharField(max_length=10, choices=BulkState, default=BulkState.CHOSEN)
    verb = models.CharField(max_length=20, blank=True)
    arguments = models.JSONField(default=dict, blank=True, help_text="What the verb needs, by keys of rows.")
    words = models.CharField(max_length=200, blank=True, help_text="What is done, as it is shown: “Close 500 tickets”.")
    source = models.CharField(max_length=200, blank=True, help_text="The list that it was chosen from, in words.")
    total = models.PositiveIntegerField(default=0)
    is_cut = models.BooleanField(default=False, help_text="More matched than one job takes.")
    chosen_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When taking it back began.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BulkState.values), name="a bulk job is in a known state"),
            models.CheckConstraint(
                condition=Q(state=BulkState.CHOSEN) | ~Q(verb=""), name="a bulk job that began says what it does"
            ),
        ]
        indexes = [
            models.Index("by", "id", name="bulk_job_of"),
            models.Index("chosen_at", name="bulk_job_by_age"),
        ]

    def __str__(self) -> str:
        return self.words or f"{self.total} tickets"


class BulkItem(models.Model):
    """A ticket of a job and what became of it there. Its change and its state commit together."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="items")
    # No foreign key in the database: choosing thousands of tickets would lock each, in another order than acting does.
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="+", db_constraint=False)
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.WAITING)
    why = models.CharField(max_length=300, blank=True, help_text="Why it was refused or left, for a person.")
    changes = models.JSONField(default=dict, blank=True, help_text="What an undo restores, see tickets.actions.deeds.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "ticket"], name="a ticket is in a bulk job once")]
        indexes = [models.Index("job", "state", "ticket", name="bulk_item_todo")]

    def __str__(self) -> str:
        return f"{self.ticket_id} in {self.job_id}"


class Deed(models.Model):
    """Something that a person did to a ticket a moment ago and may take back until `until`."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="deeds")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="deeds")
    kind = models.CharField(max_length=20)
    text = models.CharField(max_length=200, help_text="As the strip shows it: “Ticket 4127 closed”.")
    changes = models.JSONField(default=dict, help_text="See tickets.actions.deeds.")
    done_at = models.DateTimeField()
    until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index("by", "until", name="deed_to_undo", condition=Q(undone_at__isnull=True)),
            models.Index("until", name="deed_by_age"),
        ]

    def __str__(self) -> str:
        return self.text


class ReasonWord(models.Model):
    """How many closed tickets of a contact reason held a word. The empty word counts the tickets themselves."""

    reason = models.ForeignKey("tickets.ContactReason", models.CASCADE, related_name="learned")
    word = models.CharField(max_length=24, blank=True)
    tickets = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reason", "word"], name="a word is counted once for a reason")]

    def __str__(self) -> str:
        return f"{self.word} in {self.reason_id}"


class ReasonLesson(models.Model):
    """What one closed ticket taught, so that it is counted once and can be taken out again."""

    ticket = models.OneToOneField("tickets.Ticket", models.CASCADE, related_name="lesson", primary_key=True)
    reason = models.ForeignKey("tickets.ContactReason", models.CASCADE, related_name="+")
    words = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.ticket_id} as {self.reason_id}"
