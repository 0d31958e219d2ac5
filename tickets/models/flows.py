"""Flows: what happens to an order or a proposal, stage by stage, as data. A case is a customer on their way."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import WorkRole
from tickets.flow_choices import (
    LIVE,
    BeginsOn,
    CaseState,
    CountsFrom,
    ExitOn,
    How,
    OnExhausted,
    ReminderFrom,
    ReminderSort,
)

LONGEST_WORDS = 20_000

# A stage of a published version, and whatever belongs to one, never changes: cases run on it (D6).
_PUBLISHED = """
IF EXISTS (SELECT 1 FROM tickets_flowversion WHERE id = {version} AND published_at IS NOT NULL) THEN
    RAISE EXCEPTION 'pgtrigger: a published flow never changes';
END IF;
IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
RETURN NEW;
"""


class Flow(models.Model):
    """A way of doing things for customers. New cases follow `published`; those that run keep the version they have."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    about = models.CharField(max_length=255, blank=True)
    begins_on = models.CharField(max_length=12, choices=BeginsOn, default=BeginsOn.MANUAL)
    is_enabled = models.BooleanField(default=True, help_text="New cases may begin.")
    published = models.ForeignKey(
        "tickets.FlowVersion", models.PROTECT, null=True, blank=True, related_name="+", help_text="For new cases."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a flow has a name"),
            models.CheckConstraint(condition=Q(begins_on__in=BeginsOn.values), name="a flow begins on something known"),
        ]

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """A flow as it stands or stood. Published, it never changes again; each flow has one draft at most."""

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    subject = models.CharField(
        max_length=200, blank=True, help_text="What a ticket is about that this flow opens by itself."
    )
    after_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Open minutes after a case is done, when a last mail goes out."
    )
    after_template = models.ForeignKey("knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+")
    after_words = models.TextField(blank=True, max_length=LONGEST_WORDS)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flow", "number"], name="a version of a flow stands once"),
            models.UniqueConstraint(
                fields=["flow"], condition=Q(published_at__isnull=True), name="a flow has one draft"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="a_published_flow_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.flow}, version {self.number}"


class Stage(models.Model):
    """A step of a flow: who owns it, when it is due, what the customer is told and reads, and what ends it.

    All times are open minutes of the desk's calendar. A stage that counts from a date is due at closing time so many
    open days after it.
    """

    version = models.ForeignKey(FlowVersion, models.CASCADE, related_name="stages")
    no = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    customer_label = models.CharField(max_length=120, blank=True, help_text="What the customer reads. Empty: nothing.")
    owner_role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    template = models.ForeignKey("knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True, max_length=LONGEST_WORDS, help_text="The mail, where no template is chosen.")
    due_minutes = models.PositiveIntegerField(null=True, blank=True)
    due_from = models.CharField(max_length=5, choices=CountsFrom, default=CountsFrom.ENTRY)
    due_days = models.PositiveSmallIntegerField(default=0, help_text="Open days after the date.")
    escalate_minutes = models.PositiveIntegerField(null=True, blank=True)
    escalate_role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    exit_on = models.CharField(max_length=20, choices=ExitOn, default=ExitOn.MANUAL)
    date_label = models.CharField(max_length=80, blank=True, help_text="What the date is that ends the stage.")
    exhausted_minutes = models.PositiveIntegerField(null=True, blank=True)
    on_exhausted = models.CharField(max_length=10, choices=OnExhausted, blank=True)
    exhausted_words = models.CharField(max_length=200, blank=True, help_text="The reason, or what is to be done.")
    checks_scope = models.BooleanField(default=False, help_text="Its owner says whether we do this at all (D9).")
    child_flow = models.ForeignKey(Flow, models.PROTECT, null=True, blank=True, related_name="+")
    how = models.ForeignKey("knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "no"], name="stages of a flow are numbered"),
            models.UniqueConstraint(fields=["version", "key"], name="a stage's key stands once in its flow"),
            models.CheckConstraint(condition=~Q(name=""), name="a stage has a name"),
            models.CheckConstraint(condition=Q(exit_on__in=ExitOn.values), name="a stage has a known exit"),
            models.CheckConstraint(
                condition=Q(on_exhausted=OnExhausted.NOTHING, exhausted_minutes__isnull=True)
                | (~Q(on_exhausted=OnExhausted.NOTHING) & Q(exhausted_minutes__isnull=False)),
                name="a stage is exhausted after some time",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="stages_of_a_published_flow_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_PUBLISHED.format(version="OLD.version_id"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.no}. {self.name}"


class StageReminder(models.Model):
    """So long after a stage began, or is due, and while it lasts: a mail to the customer, or a task for a role.

    A task after 0 minutes is there from the start. `role`: whose follow-up it is, for tasks and mails alike (D10).
    """

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="reminders")
    no = models.PositiveSmallIntegerField()
    sort = models.CharField(max_length=4, choices=ReminderSort)
    after_minutes = models.PositiveIntegerField(default=0)
    counts_from = models.CharField(max_length=5, choices=ReminderFrom, default=ReminderFrom.ENTRY)
    template = models.ForeignKey("knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True, max_length=LONGEST_WORDS)
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    due_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="For a task: how long it may take.")
    follows_up = models.BooleanField(default=False, help_text="It asks the customer again, and counts in the report.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage", "no"], name="reminders of a stage are numbered"),
            models.CheckConstraint(condition=Q(sort__in=ReminderSort.values), name="a reminder is of a known sort"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="reminders_of_a_published_flow_stay",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_PUBLISHED.format(version="(SELECT version_id FROM tickets_stage WHERE id = OLD.stage_id)"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.sort} {self.no} of {self.stage_id}"


class Case(models.Model):
    """A customer on their way through a flow. It lives on a ticket, on which they write and are written to.

    `visit` rises with each stage entered: a timer or form that names an older one has nothing to do. `role` owns the
    stage now, which is not the stage's own role where that one is empty or was too slow (D7).
    """

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="cases")
    version = models.ForeignKey(FlowVersion, models.PROTECT, related_name="cases")
    ticket = models.ForeignKey("tickets.Ticket", models.PROTECT, related_name="cases")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    customer = models.ForeignKey("billing.Customer", models.PROTECT, null=True, blank=True, related_name="+")
    order = models.ForeignKey("billing.Order", models.PROTECT, null=True, blank=True, related_name="cases")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=CaseState)
    visit = models.PositiveIntegerField(default=0)
    entered_at = models.DateTimeField(help_text="The present stage.")
    due_at = models.DateTimeField(null=True, blank=True)
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    moved_why = models.CharField(max_length=200, blank=True, help_text="Why another role than the stage's has it.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    date_on = models.DateField(null=True, blank=True, help_text="The date that was entered last.")
    date_words = models.CharField(max_length=120, blank=True)
    scope_said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Says that we do not do this; a lead has to agree.",
    )  # fmt: skip
    scope_why = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was lost or is held up.")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "order"],
                condition=Q(state__in=LIVE, order__isnull=False, parent__isnull=True),
                name="an order is in a flow once at a time",
            ),
            models.UniqueConstraint(
                fields=["flow", "ticket"],
                condition=Q(state__in=LIVE, order__isnull=True, parent__isnull=True),
                name="a ticket is in a flow once at a time",
            ),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="a case has a known state"),
            models.CheckConstraint(
                condition=Q(state__in=LIVE, ended_at__isnull=True) | (~Q(state__in=LIVE) & Q(ended_at__isnull=False)),
                name="ended_at is set exactly when a case is over",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.LOST) | ~Q(reason=""), name="a lost case says why"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="a case is not its own child"),
        ]  # fmt: skip
        indexes = [
            models.Index("role", "due_at", "id", name="case_of_role", condition=Q(state__in=LIVE)),
            models.Index("stage", "due_at", "id", name="case_of_stage", condition=Q(state__in=LIVE)),
            models.Index("ticket", "id", name="case_of_ticket"),
            models.Index(fields=["flow", "-ended_at", "-id"], name="case_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Case {self.pk}"

    @property
    def is_live(self) -> bool:
        """Neither done nor lost."""
        return self.state in LIVE


class CaseVisit(models.Model):
    """A stage that a case was in. The customer's tracker and the reports read these rows."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="visits")
    no = models.PositiveIntegerField()
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    how = models.CharField(max_length=20, choices=How, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    date_on = models.DateField(null=True, blank=True, help_text="The date that ended it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "no"], name="visits of a case are numbered"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True, how="") | (Q(left_at__isnull=False) & ~Q(how="")),
                name="a visit that is over says how it ended",
            ),
        ]
        indexes = [models.Index(fields=["stage", "-left_at"], name="visit_of_stage")]

    def __str__(self) -> str:
        return f"visit {self.no} of {self.case_id}"


class CaseTask(models.Model):
    """Something that a person of a role has to do for a case. `key` is unique in its visit: asked twice, made once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="tasks")
    visit = models.PositiveIntegerField()
    key = models.CharField(max_length=40)
    words = models.CharField(max_length=300)
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField(null=True, blank=True)
    follows_up = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    outcome = models.CharField(max_length=500, blank=True, help_text="What came of it.")
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="Its stage was left before it was done.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "visit", "key"], name="a task of a visit is made once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(dropped_at__isnull=True), name="a task is done or dropped"
            ),
        ]
        indexes = [
            models.Index(
                "role", "due_at", "id", name="task_of_role", condition=Q(done_at__isnull=True, dropped_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.words


class FollowUp(models.Model):
    """The customer was asked again: by a mail of a role, or by somebody of that role. What D10's report counts."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="follow_ups")
    visit = models.PositiveIntegerField()
    key = models.CharField(max_length=40)
    sort = models.CharField(max_length=4, choices=ReminderSort)
    role = models.ForeignKey(WorkRole, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    open_minutes = models.PositiveIntegerField(help_text="Since the stage was entered.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "visit", "key"], name="a follow-up counts once")]

    def __str__(self) -> str:
        return f"{self.sort} to {self.case_id}"


class CaseEvent(models.Model):
    """A line of a case's history. Only ever added. `key`, where there is one, lets an effect happen once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20)
    text = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    visit = models.PositiveIntegerField()
    message_id = models.BigIntegerField(null=True, blank=True, help_text="The message that it is about.")
    key = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "key"], condition=~Q(key=""), name="an effect on a case happens once"
            )
        ]
        indexes = [models.Index("case", "id", name="case_events")]
        triggers = [
            pgtrigger.Protect(name="history_of_cases_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.text


class Welcome(models.Model):
    """Whether and how somebody is welcomed whose account was made (R71). There is one row."""

    is_enabled = models.BooleanField(default=True)
    template = models.ForeignKey("knowledgebase.Article", models.PROTECT, null=True, blank=True, related_name="+")
    subject = models.CharField(max_length=200)
    words = models.TextField(max_length=LONGEST_WORDS)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there is one welcome")]

    def __str__(self) -> str:
        return self.subject


class Welcomed(models.Model):
    """Somebody was welcomed, once and for ever."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} at {self.at}"
