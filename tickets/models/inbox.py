"""What an agent keeps beside the tickets: searches under a name, and where somebody is looking just now."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.choices import Doing, Sharing, ViewOrder


class SavedView(models.Model):
    """A search under a name, at an address of its own. Whoever made it owns it, whomever it is shared with."""

    name = models.CharField(max_length=60)
    q = models.CharField(max_length=600, help_text="As it stands in the search box.")
    order = models.CharField(max_length=10, choices=ViewOrder, default=ViewOrder.NEWEST)
    sharing = models.CharField(max_length=10, choices=Sharing, default=Sharing.MINE)
    team = models.ForeignKey("tickets.Team", models.CASCADE, null=True, blank=True, related_name="saved_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sharing__in=Sharing.values), name="a view is shared in a known way"),
            models.CheckConstraint(condition=Q(order__in=ViewOrder.values), name="a view has a known order"),
            models.CheckConstraint(
                condition=Q(sharing=Sharing.TEAM, team__isnull=False) | (~Q(sharing=Sharing.TEAM) & Q(team=None)),
                name="a view names its team exactly when a team shares it",
            ),
        ]
        indexes = [
            models.Index("owner", "position", "id", name="view_mine", condition=Q(sharing=Sharing.MINE)),
            models.Index("position", "id", name="view_shared", condition=~Q(sharing=Sharing.MINE)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slug(self) -> str:
        """Its name in the inbox's addresses."""
        return f"saved:{self.pk}"


class Presence(models.Model):
    """An open screen of a member of staff, at one ticket, until its lease runs out.

    The table is unlogged: a crash empties it, and screens write themselves in again within seconds. Its keys carry no
    constraint, since checking one would lock, and so write, the ticket's row.
    """

    screen = models.BigIntegerField(help_text="A number that the screen drew for itself.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, related_name="+")
    ticket = models.ForeignKey("tickets.Ticket", models.DO_NOTHING, db_constraint=False, related_name="+")
    doing = models.CharField(max_length=10, choices=Doing)
    until_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "screen"], name="a screen is at one ticket"),
            models.CheckConstraint(condition=Q(doing__in=Doing.values), name="somebody looks or replies"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.ticket_id}"
