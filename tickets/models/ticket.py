"""The ticket, who takes part, and what happened to it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from tickets.choices import Category, Channel, NextAction, Priority, Role, TicketType
from tickets.querysets import TicketQuerySet


class Ticket(models.Model):
    """One conversation about one thing. Its number is its key.

    `next_action_at` is never empty while the ticket is unsolved: nothing waits without a date.
    `visit` counts how often the ticket was (re)opened or its clocks were started afresh; timers carry it.
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
    resolution_left_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Open seconds left on the resolution clock while it is paused."
    )
    sla_due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest running clock.")
    sla_started_at = models.DateTimeField(null=True, blank=True)
    visit = models.PositiveIntegerField(default=0)

    next_action_at = models.DateTimeField(null=True, blank=True)
    next_action = models.CharField(max_length=20, choices=NextAction, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)

    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="closed_tickets"
    )
    contact_reason = models.ForeignKey("tickets.ContactReason", models.SET_NULL, null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_here")

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
            models.Index("closed_at", "id", name="ticket_closed", condition=Q(category=Category.CLOSED)),
            models.Index("requester", "id", name="ticket_requester"),
            models.Index("organisation", "id", name="ticket_organisation"),
            GinIndex("tags", name="ticket_tags"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

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
