"""What a desk learns from its tickets, and how its new people learn: first clients, accompanied replies."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from billing.models import Customer
from knowledgebase.models import Article, Revision
from tickets.choices import HeldState
from tickets.models.desk import ContactReason
from tickets.models.processes import ProcessRun
from tickets.models.ticket import Ticket


class ProcessRules(models.Model):
    """How this desk learns. One row; without it nothing is asked for."""

    asks_what_we_learned = models.BooleanField(
        default=False, help_text="A new client's first ticket closes with a change of the wiki, or a reason."
    )
    new_for_days = models.PositiveSmallIntegerField(default=90, help_text="A client is new so long after paying first.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there is one row of rules about processes"),
            models.CheckConstraint(
                condition=Q(new_for_days__gte=1, new_for_days__lte=730), name="a client is new for up to two years"
            ),
        ]

    def __str__(self) -> str:
        return "Rules about processes"


class ReasonProcess(models.Model):
    """Somebody tied a process to a contact reason: it is offered first on tickets with that reason, or one below it."""

    reason = models.ForeignKey(ContactReason, models.CASCADE, related_name="processes")
    article = models.ForeignKey(Article, models.PROTECT, related_name="+")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reason", "article"], name="a process is tied to a reason once"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} for {self.reason_id}"


class WikiDelta(models.Model):
    """What was learned from a new client's first ticket: a revision of the wiki, or why there is nothing to add."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="wiki_delta")
    customer = models.OneToOneField(Customer, models.PROTECT, related_name="+")
    article = models.ForeignKey(Article, models.PROTECT, null=True, blank=True, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revision__isnull=False, article__isnull=False, reason="")
                | (Q(revision__isnull=True, article__isnull=True) & ~Q(reason="")),
                name="what was learned is a revision or a reason",
            )
        ]
        indexes = [models.Index(fields=["-at"], name="wiki_deltas_by_day")]

    def __str__(self) -> str:
        return f"what ticket {self.ticket_id} taught"


class Apprentice(models.Model):
    """Somebody whose replies a colleague reads before they leave, until so many runs were passed (R93)."""

    person = models.OneToOneField(Person, models.PROTECT, related_name="apprenticeship")
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    runs_needed = models.PositiveSmallIntegerField(default=5)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("reviewer")), name="nobody accompanies themselves"),
            models.CheckConstraint(
                condition=Q(runs_needed__gte=1, runs_needed__lte=50), name="an apprentice passes some runs"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, accompanied by {self.reviewer}"


class RunPass(models.Model):
    """A reviewer looked at a run that an apprentice did, and said whether it was done well."""

    run = models.ForeignKey(ProcessRun, models.PROTECT, related_name="passes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    is_passed = models.BooleanField()
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "person"], name="a run is judged once for a person"),
            models.CheckConstraint(condition=~Q(person=F("reviewer")), name="nobody passes their own run"),
            models.CheckConstraint(
                condition=Q(is_passed=True) | ~Q(words=""), name="a run that was not passed has a reason"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} of {self.person}"


class HeldReply(models.Model):
    """An apprentice's reply that waits for their reviewer, as it was handed in. The draft that holds it stays theirs.

    `draft` is the mark of that draft: when its writer changes it, they hand it in again.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="held_replies")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField()
    to = models.JSONField(null=True, blank=True)
    cc = models.JSONField(null=True, blank=True)
    files = ArrayField(models.BigIntegerField(), default=list, blank=True)
    then = models.CharField(max_length=10)
    reason = models.ForeignKey(ContactReason, models.SET_NULL, null=True, blank=True, related_name="+")
    last_seen = models.BigIntegerField(default=0)
    seen_note = models.BigIntegerField(default=0)
    draft = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=HeldState, default=HeldState.WAITING)
    answer = models.CharField(max_length=500, blank=True, help_text="What the reviewer said.")
    created_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    message = models.OneToOneField(
        "tickets.Message", models.SET_NULL, null=True, blank=True, related_name="+", help_text="What it became."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "person"],
                condition=Q(state=HeldState.WAITING),
                name="an apprentice hands in one reply at a time on a ticket",
            ),
            models.CheckConstraint(
                condition=Q(state=HeldState.WAITING, decided_at__isnull=True)
                | ~Q(state=HeldState.WAITING) & Q(decided_at__isnull=False),
                name="a held reply is decided at a time exactly when it is decided",
            ),
            models.CheckConstraint(
                condition=~Q(state=HeldState.RETURNED) | ~Q(answer=""), name="a reply that is given back says why"
            ),
        ]
        indexes = [
            models.Index(fields=["reviewer", "id"], condition=Q(state=HeldState.WAITING), name="replies_to_read"),
            models.Index(fields=["ticket"], condition=Q(state=HeldState.WAITING), name="replies_held_on_ticket"),
        ]

    def __str__(self) -> str:
        return f"reply of {self.person} on ticket {self.ticket_id}"
