"""The ticket, who takes part, and what happened to it."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from tickets.choices import Category, Channel, Clock, NextAction, Notice, Priority, Role, TicketType
from tickets.querysets import TicketQuerySet
from tickets.support_choices import Support, Verdict, Wish

_NOTE_ASSIGNEES = """
INSERT INTO tickets_assignee (ticket_id, person_id, since)
SELECT NEW.id, who, NEW.updated_at FROM unnest(ARRAY[OLD.assignee_id, NEW.assignee_id]) AS who
WHERE who IS NOT NULL ON CONFLICT DO NOTHING;
RETURN NULL;
"""


class Ticket(models.Model):
    """One conversation about one thing. Its number is its key.

    `next_action_at` is never empty while the ticket is unsolved: nothing waits without a date.
    `visit` rises whenever its dates change; a timer that carries an older visit has nothing to do.
    """

    subject = models.CharField(max_length=998)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets")
    organisation = models.ForeignKey("accounts.Organisation", models.SET_NULL, null=True, blank=True)
    team = models.ForeignKey("tickets.Team", models.PROTECT)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_tickets"
    )
    mailbox = models.ForeignKey("mail.Mailbox", models.SET_NULL, null=True, blank=True)
    status = models.ForeignKey("tickets.Status", models.PROTECT)
    category = models.CharField(max_length=10, choices=Category, default=Category.NEW)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    type = models.CharField(max_length=10, choices=TicketType, default=TicketType.QUESTION)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.MAIL)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    snippet = models.CharField(max_length=200, blank=True)
    last_message_at = models.DateTimeField()
    last_message_id = models.BigIntegerField(default=0, help_text="Rises with every public message.")
    is_unread = models.BooleanField(default=True, help_text="The customer wrote and no agent has looked.")
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="The customer's oldest unanswered message.")

    service_level = models.ForeignKey("tickets.ServiceLevel", models.PROTECT, null=True, blank=True)
    first_response_due_at = models.DateTimeField(null=True, blank=True)
    first_responded_at = models.DateTimeField(null=True, blank=True)
    next_response_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    clocks_paused_at = models.DateTimeField(null=True, blank=True, help_text="Clocks stand still since then.")
    sla_due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest running clock.")
    sla_started_at = models.DateTimeField(null=True, blank=True)
    state_since = models.DateTimeField(null=True, blank=True, help_text="When it got its state. Empty: when it came.")
    visit = models.PositiveIntegerField(default=0)

    next_action_at = models.DateTimeField(null=True, blank=True)
    next_action = models.CharField(max_length=20, choices=NextAction, blank=True)
    follow_up_at = models.DateTimeField(null=True, blank=True, help_text="When somebody asked to look at it again.")
    steps_due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest open step of its processes.")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    wakes_on = models.CharField(
        max_length=80, blank=True, help_text="What ends the snooze earlier: “answer”, or a condition and its subject."
    )
    stays_snoozed = models.BooleanField(default=False, help_text="A mere thank-you does not end the snooze.")
    came_back = models.CharField(max_length=60, blank=True, help_text="Why it returned to the list, in words.")
    has_failed_delivery = models.BooleanField(default=False, help_text="A reply of ours did not arrive.")
    may_continue = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", help_text="A suggested match, unproven."
    )

    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="closed_tickets"
    )
    closed_unanswered = models.BooleanField(default=False, help_text="Closed while the customer waited for an answer.")
    contact_reason = models.ForeignKey("tickets.ContactReason", models.SET_NULL, null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_here")
    is_kept_apart = models.BooleanField(default=False, help_text="Merged, and its customer does not read the survivor.")
    is_watched = models.BooleanField(default=False, help_text="Somebody on the staff wants to be told.")
    custom = models.JSONField(default=dict, blank=True, help_text="Values of the desk's own fields, by their keys.")
    support = models.CharField(
        max_length=10, choices=Support, blank=True, default="", db_default="", help_text="Found entitled to this."
    )
    support_level = models.ForeignKey(
        "tickets.ServiceLevel", models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        help_text="Promised since `entitled_at`, whatever its team promises.",
    )  # fmt: skip
    entitled_at = models.DateTimeField(null=True, blank=True, help_text="When it was shown: clocks of priority start.")
    scope = models.CharField(
        max_length=12, choices=Verdict, blank=True, default="", db_default="", help_text="How far we help with it."
    )
    wish = models.CharField(
        max_length=10, choices=Wish, blank=True, default="", db_default="", help_text="More than an answer in writing."
    )
    imported_at = models.DateTimeField(
        null=True, blank=True, help_text="Came from another desk then: what happened earlier sets nothing off here."
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(category=Category.CLOSED) | Q(next_action_at__isnull=False),
                name="an unsolved ticket has a next action",
            ),
            models.CheckConstraint(
                condition=Q(category=Category.CLOSED, closed_at__isnull=False)
                | (~Q(category=Category.CLOSED) & Q(closed_at__isnull=True)),
                name="closed_at is set exactly while closed",
            ),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="a ticket has a known category"),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="a ticket is not merged into itself"),
        ]
        indexes = [
            models.Index(
                "assignee",
                "next_action_at",
                "id",
                name="ticket_mine",
                condition=~Q(category=Category.CLOSED),
            ),
            models.Index(
                "team",
                "next_action_at",
                "id",
                name="ticket_team",
                condition=~Q(category=Category.CLOSED),
            ),
            models.Index(
                "category", "next_action_at", "id", name="ticket_open", condition=~Q(category=Category.CLOSED)
            ),
            models.Index(
                "next_action_at",
                "id",
                name="ticket_due",
                condition=~Q(category=Category.CLOSED),
            ),
            models.Index(
                "next_action_at",
                "id",
                name="ticket_unassigned",
                condition=Q(category__in=["new", "open"], assignee__isnull=True),
            ),
            models.Index("updated_at", "id", name="ticket_updated"),
            models.Index("closed_at", "id", name="ticket_closed", condition=Q(category=Category.CLOSED)),
            models.Index("id", name="ticket_undelivered", condition=Q(has_failed_delivery=True)),
            models.Index("snoozed_until", "id", name="ticket_snoozed", condition=Q(snoozed_until__isnull=False)),
            models.Index("wakes_on", name="ticket_wakes_on", condition=~Q(wakes_on="")),
            models.Index("sla_due_at", name="ticket_overdue", condition=Q(category__in=["new", "open"])),
            models.Index("requester", "id", name="ticket_requester"),
            models.Index("organisation", "id", name="ticket_organisation"),
            GinIndex("tags", name="ticket_tags"),
            GinIndex(fields=["custom"], name="ticket_custom", opclasses=["jsonb_path_ops"]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="assignees_are_noted",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("assignee_id"),
                condition=pgtrigger.Q(old__assignee__df=pgtrigger.F("new__assignee")),
                func=_NOTE_ASSIGNEES,
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    @property
    def promised_level_id(self) -> int | None:
        """The service level of its clocks: what its customer is entitled to goes before what its team says."""
        return self.support_level_id or self.service_level_id

    @property
    def subject_key(self) -> str:
        """How mail and timers name this ticket."""
        return f"ticket:{self.pk}"


class Participant(models.Model):
    """A person who takes part in a ticket. Mailed copies never become participants by themselves (security.md S9)."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="participations")
    role = models.CharField(max_length=10, choices=Role)
    added_at = models.DateTimeField()
    seen_message_id = models.BigIntegerField(
        default=0, db_default=0, help_text="The newest message that a customer has looked at, signed in."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "person"], name="a person takes part in a ticket once")
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.ticket_id}"


class TicketEvent(models.Model):
    """A line in the thread that is nobody's words: assigned, closed, overdue, came back."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    is_public = models.BooleanField(default=False, help_text="Shown to the customer too.")

    class Meta:
        indexes = [models.Index("ticket", "id", name="event_thread")]

    def __str__(self) -> str:
        return self.text


class ClockNotice(models.Model):
    """A warning before a promise breaks, the breach, or a date left lying. Each is noted once a due time."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="notices")
    clock = models.CharField(max_length=20, choices=Clock)
    kind = models.CharField(max_length=10, choices=Notice)
    due_at = models.DateTimeField()
    noticed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "clock", "kind", "due_at"], name="a clock is noticed once for each due time"
            )
        ]
        indexes = [models.Index("noticed_at", "kind", name="notice_by_day")]

    def __str__(self) -> str:
        return f"{self.clock} of {self.ticket_id} {self.kind}"


class AccessLink(models.Model):
    """Lets its bearer read one ticket's new public words and answer, and nothing else (security.md S36, S37)."""

    purpose = models.CharField(max_length=20)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="links")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.purpose} link to {self.ticket_id}"
