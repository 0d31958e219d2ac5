"""A process of the wiki as it is done on a ticket."""

from django.db import models
from django.db.models import Q

from accounts.models import Person, WorkRole
from knowledgebase.models import Article, Revision, Step
from tickets.choices import SETTLED, ProcessState, StepState
from tickets.models.ticket import Ticket
from tickets.querysets import RunStepQuerySet


class ProcessRun(models.Model):
    """One version of a process on one ticket. It stays on its version until somebody looked at a newer one (A11).

    `visit` rises with every change, so that a page and a preview know whether they are still true.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="runs")
    article = models.ForeignKey(Article, models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ProcessState, default=ProcessState.RUNNING)
    started_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField()
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was stopped.")
    visit = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "article"],
                condition=Q(state=ProcessState.RUNNING),
                name="a process runs once at a time on a ticket",
            ),
            models.CheckConstraint(
                condition=Q(state=ProcessState.RUNNING, ended_at__isnull=True)
                | ~Q(state=ProcessState.RUNNING) & Q(ended_at__isnull=False),
                name="a run has an end exactly when it is over",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProcessState.STOPPED) | ~Q(reason=""), name="a stopped run says why"
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "id"], name="runs_of_ticket"),
            models.Index(fields=["article", "-started_at"], name="runs_of_process"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.revision}"


class RunStep(models.Model):
    """One step of one version on one ticket (U41). When a run follows a newer version, the rows of the older one stay
    as they were and are no longer current; `carried_from` names the one whose tick a row took over.
    """

    run = models.ForeignKey(ProcessRun, models.PROTECT, related_name="steps")
    step = models.ForeignKey(Step, models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=StepState, default=StepState.TODO)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="Who took it, or settled it."
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was skipped.")
    evidence = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty until what it counts from is settled.")
    warned_at = models.DateTimeField(null=True, blank=True, help_text="Its people were told that it is overdue.")
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    objects = RunStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="a step stands once in its run"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(SETTLED), settled_at__isnull=False)
                | ~Q(state__in=sorted(SETTLED)) & Q(settled_at__isnull=True),
                name="a step is settled at a time exactly when it is settled",
            ),
            models.CheckConstraint(
                condition=Q(state=StepState.TODO, person__isnull=True)
                | ~Q(state=StepState.TODO) & Q(person__isnull=False),
                name="a step has a person exactly when somebody took it",
            ),
            models.CheckConstraint(
                condition=~Q(state=StepState.SKIPPED) | ~Q(reason=""), name="a skipped step says why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["role", "due_at", "id"],
                condition=Q(is_current=True, state__in=[StepState.TODO, StepState.CLAIMED]),
                name="open_steps_of_role",
            ),
            models.Index(fields=["person", "id"], condition=Q(state=StepState.CLAIMED), name="steps_taken"),
        ]

    def __str__(self) -> str:
        return f"{self.step} in run {self.run_id}"
