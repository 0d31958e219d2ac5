"""What somebody may do, and what they do in our processes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.choices import Role
from accounts.models.people import Person


class Grant(models.Model):
    """A role given to a person. Taking it away keeps the row."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=10, choices=Role)
    granted_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(revoked_at__isnull=True), name="a person holds a role once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a grant has a known role"),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=models.F("person")),
                name="nobody grants themselves a role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.person}"


class WorkRole(models.Model):
    """What somebody does in our processes: purchasing, dispatcher, project manager. It gives no rights (R74, R76).

    When nobody active is left in a role, what it owns goes to `escalates_to` at once (D7).
    """

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80, unique=True)
    about = models.CharField(max_length=255, blank=True)
    escalates_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a work role has a name"),
            models.CheckConstraint(
                condition=Q(escalates_to__isnull=True) | ~Q(escalates_to=models.F("id")),
                name="a work role does not escalate to itself",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkRoleMember(models.Model):
    """A person in a work role."""

    role = models.ForeignKey(WorkRole, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="work_roles")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "person"], name="a person is in a work role once")]

    def __str__(self) -> str:
        return f"{self.person} as {self.role}"
