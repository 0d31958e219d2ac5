"""Fields that a desk defines for its tickets, and the tags that it uses."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tickets.choices import FieldKind, TicketType


class CustomField(models.Model):
    """A question that this desk asks about its tickets. Values stand on the ticket, in `Ticket.custom`, by `key`.

    The key never changes and is never used again, so that values outlive a new name and an archived field.
    """

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=FieldKind)
    help_text = models.CharField(max_length=300, blank=True)
    options = models.JSONField(
        default=list, blank=True, help_text="Of a choice: [{key, label, is_active}]. A retired option stays readable."
    )
    smallest = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    largest = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    types = ArrayField(
        models.CharField(max_length=10, choices=TicketType), default=list, blank=True, help_text="Empty: every type."
    )
    teams = models.ManyToManyField("tickets.Team", blank=True, related_name="+")
    is_required_at_close = models.BooleanField(default=False)
    is_for_customers = models.BooleanField(default=False, help_text="Asked on the customer's form.")
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FieldKind.values), name="a field is of a known kind"),
            models.CheckConstraint(condition=~Q(name=""), name="a field has a name"),
            models.CheckConstraint(
                condition=Q(smallest__isnull=True) | Q(largest__isnull=True) | Q(smallest__lte=models.F("largest")),
                name="the smallest number is not above the largest",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A tag that was used. Tickets carry the words themselves; this row offers them and renames them.

    While `becomes` is set, tickets are on their way to that word and nobody is offered the old one.
    """

    name = models.CharField(max_length=60, unique=True)
    becomes = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a tag has a name"),
            models.CheckConstraint(condition=~Q(becomes=models.F("name")), name="a tag becomes another one"),
        ]

    def __str__(self) -> str:
        return self.name
