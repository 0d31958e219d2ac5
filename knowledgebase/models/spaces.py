"""A space: articles that the same people may read, under the same rules."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.choices import Role
from knowledgebase.choices import PUBLIC_SIDE, Visibility


class Space(models.Model):
    """`verify_days`: every article of the space is read word for word again so many days after it was (A8)."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    about = models.CharField(max_length=255, blank=True)
    icon = models.CharField(max_length=20, default="book")
    visibility = models.CharField(max_length=10, choices=Visibility)
    roles = ArrayField(models.CharField(max_length=10, choices=Role), default=list, blank=True)
    needs_approval = models.BooleanField(
        default=True, help_text="A change is published when somebody else approves it."
    )
    verify_days = models.PositiveSmallIntegerField(default=31)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a space has a name"),
            models.CheckConstraint(
                condition=Q(visibility__in=Visibility.values), name="a space has a known visibility"
            ),
            models.CheckConstraint(
                condition=~Q(visibility__in=sorted(PUBLIC_SIDE)) | Q(needs_approval=True),
                name="what customers read is approved by a second person",
            ),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.ROLE) & ~Q(roles=[]) | ~Q(visibility=Visibility.ROLE) & Q(roles=[]),
                name="a space names its roles exactly when it is for roles",
            ),
            models.CheckConstraint(
                condition=Q(verify_days__gte=1, verify_days__lte=31),
                name="nothing stays unread for more than a month",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_public_side(self) -> bool:
        """Whether anybody but staff reads it."""
        return self.visibility in PUBLIC_SIDE
