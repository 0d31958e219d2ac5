"""Whom we mean, in the product's words."""

from datetime import datetime

from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef

from accounts.addresses import normalise
from accounts.choices import Role


class PersonQuerySet(models.QuerySet):
    """Chainable; nothing here sorts."""

    def active(self):
        """People who may sign in and be written to by name."""
        return self.filter(is_active=True)

    def staff(self):
        """Active people with at least one role now."""
        return self.active().filter(Exists(self._grants()))

    def with_role(self, *roles: Role):
        """Active people who hold one of these roles now."""
        return self.active().filter(Exists(self._grants().filter(role__in=roles)))

    def by_address(self, address: str):
        """The one person with this address, or nobody. Raises NotAnAddress."""
        return self.filter(email=normalise(address))

    def with_roles(self):
        """Each person with their roles, in the same query."""
        return self.annotate(granted_roles=ArraySubquery(self._grants().order_by("role").values("role")))

    def _grants(self):
        grants = apps.get_model("accounts", "Grant").objects  # the models import this module
        return grants.filter(person=OuterRef("pk"), revoked_at__isnull=True)


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    """What Django's own commands and allauth expect of a user's manager."""

    def create_user(self, email: str, password: str | None = None, **fields):
        """Make a person. Without a password they sign in by code."""
        person = self.model(email=normalise(email), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, email: str):
        return self.get(email=normalise(email))


class InviteQuerySet(models.QuerySet):
    """Invitations."""

    def open(self, now: datetime):
        """Neither used nor withdrawn nor too old."""
        return self.filter(used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now)


class ApiTokenQuerySet(models.QuerySet):
    """Tokens of the API."""

    def live(self, now: datetime):
        """Neither revoked nor too old."""
        return self.filter(revoked_at__isnull=True).exclude(expires_at__lte=now)
