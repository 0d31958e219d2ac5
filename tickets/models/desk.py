"""What an admin sets up: teams, states, reasons, templates, and which mailbox feeds which team."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tickets.choices import Category, Priority, Sourcing


class Team(models.Model):
    """People who share a queue."""

    name = models.CharField(max_length=80, unique=True)
    service_level = models.ForeignKey("tickets.ServiceLevel", models.PROTECT, null=True, blank=True)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    sourcing = models.CharField(max_length=10, choices=Sourcing, default=Sourcing.INHOUSE)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sourcing__in=Sourcing.values), name="a team is of a known sourcing")
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """A person in a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="members")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="team_memberships")
    most_open = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Gets no further ticket from the desk beyond so many open ones. Empty: no end."
    )
    skills = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="Tags that this person knows best."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "person"], name="a person is in a team once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.team}"


class Status(models.Model):
    """A state as this desk calls it. The category carries the meaning."""

    name = models.CharField(max_length=60, unique=True)
    category = models.CharField(max_length=10, choices=Category)
    is_default = models.BooleanField(default=False, help_text="Used whenever a ticket enters this category.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["category"], condition=Q(is_default=True), name="a category has one default state"
            ),
            models.CheckConstraint(condition=Q(category__in=Category.values), name="a state has a known category"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactReason(models.Model):
    """Why people write, at most three levels deep. Chosen at close."""

    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "name"], name="a reason stands once below its parent", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReplyTemplate(models.Model):
    """Words that agents insert: everybody's, a team's, or one person's own. Placeholders are filled literally, never
    evaluated (security.md S55).
    """

    name = models.CharField(max_length=80)
    body = models.TextField()
    folder = models.CharField(max_length=80, blank=True)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Offered to this team only."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", help_text="Personal."
    )
    uses = models.PositiveIntegerField(default=0, help_text="What is used most is offered first.")

    class Meta:
        constraints = [
            # Across teams: rules name what they mail, and a team that is removed leaves its replies to everybody.
            models.UniqueConstraint(fields=["owner", "name"], name="a reply's name stands once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(owner__isnull=True) | Q(team__isnull=True), name="a reply is a person's or a team's"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailboxRoute(models.Model):
    """What becomes of mail to one of our addresses."""

    mailbox = models.OneToOneField("mail.Mailbox", models.CASCADE, related_name="route")
    team = models.ForeignKey(Team, models.PROTECT)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)

    def __str__(self) -> str:
        return f"{self.mailbox} to {self.team}"
