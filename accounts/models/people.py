"""A person with a mail address, their company, and what else reaches us in their name."""

from functools import cached_property

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower, Upper
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.addresses import NO_MAIL
from accounts.choices import HandleSort, NotificationKind, NotificationWay, UndoWindow
from accounts.querysets import PersonManager


class Person(AbstractBaseUser):
    """Anyone with a mail address: a stranger who wrote once, a customer, a member of staff.

    A person who only wrote is unverified (S10): the row allows nothing until the address is proven at sign-in.
    """

    email = models.EmailField(max_length=320, unique=True, help_text="In lower case, see accounts.addresses.")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    email_changed_at = models.DateTimeField(null=True, blank=True, help_text="When staff last put another one here.")
    name = models.CharField(max_length=255, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    undo_send_seconds = models.PositiveSmallIntegerField(choices=UndoWindow, default=UndoWindow.TEN)
    single_keys_enabled = models.BooleanField(default=True, help_text="WCAG 2.1.4: plain letters act as shortcuts.")
    signature = models.TextField(blank=True, max_length=2000)
    must_read = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="A local address that they are asked to read."
    )
    session_version = models.PositiveIntegerField(default=0, help_text="Raised to end every session at once.")
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower(Collate("email", "C"))), name="an address is kept in lower case"
            ),
            models.CheckConstraint(
                condition=Q(is_active=True, deactivated_at__isnull=True)
                | Q(is_active=False, deactivated_at__isnull=False),
                name="deactivated_at is set exactly while inactive",
            ),
            models.CheckConstraint(
                condition=Q(undo_send_seconds__in=UndoWindow.values), name="an undo window is one of four"
            ),
        ]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="person_name_parts"),
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="person_address_parts"),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """The name, or the address of somebody who gave none."""
        return self.name or self.email

    @property
    def has_mail(self) -> bool:
        """Gave an address; somebody who only rang or chatted did not."""
        return not self.email.endswith(f"@{NO_MAIL}")

    @property
    def first_name(self) -> str:
        """The first word of the name, for a greeting. Empty when we know only an address."""
        return self.name.split(" ")[0]

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles held now, kept for the life of this instance. Nobody inactive holds any."""
        if not self.is_active:
            return frozenset()
        granted = getattr(self, "granted_roles", None)
        if granted is None:
            granted = self.grants.filter(revoked_at__isnull=True).values_list("role", flat=True)
        return frozenset(granted)

    @property
    def is_staff_member(self) -> bool:
        """Holds at least one role."""
        return bool(self.roles)

    def forget_roles(self) -> None:
        """Read the roles afresh at their next use."""
        self.__dict__.pop("roles", None)
        self.__dict__.pop("granted_roles", None)

    def get_session_auth_hash(self) -> str:
        """Sessions made before a new password or a raised `session_version` end on their next request."""
        return self._session_hash(settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self):
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str) -> str:
        value = f"{self.session_version}:{self.password}"
        return salted_hmac("accounts.session", value, secret=secret, algorithm="sha256").hexdigest()


class Organisation(models.Model):
    """A customer's company. Its domain only suggests a membership; a person makes it."""

    name = models.CharField(max_length=255)
    domain = models.CharField(max_length=255, blank=True)
    notes = models.TextField(blank=True)

    class Meta:
        indexes = [GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="organisation_name_parts")]
        constraints = [
            models.UniqueConstraint(
                Lower("domain"), condition=~Q(domain=""), name="a domain belongs to one organisation"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="an organisation has a name"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person of an organisation. Seeing the tickets of colleagues is a right of its own."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    sees_colleagues_tickets = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="a person is in an organisation once")
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.organisation}"


class Handle(models.Model):
    """A telephone or a chat visitor that reaches us, and whom we take it for.

    A handle proves no mail address and signs nobody in: a number can be forged and a chat says what it likes. Until
    staff say whose it is (`linked_by`), it belongs to a person of its own whom no mail reaches. A number that another
    desk had (`told`) finds people and may be several people's; nothing that comes from it is taken for theirs.
    """

    sort = models.CharField(max_length=10, choices=HandleSort)
    value = models.CharField(max_length=200, help_text="In one spelling: see accounts.phones.")
    tail = models.CharField(max_length=8, blank=True, db_index=True, help_text="The last digits of a number.")
    person = models.ForeignKey(Person, models.CASCADE, related_name="handles")
    created_at = models.DateTimeField()
    linked_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    linked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sort", "value"], condition=~Q(sort=HandleSort.TOLD), name="a handle belongs to one person"
            ),
            models.UniqueConstraint(
                fields=["person", "value"], condition=Q(sort=HandleSort.TOLD), name="a number is told of a person once"
            ),
            models.CheckConstraint(condition=Q(sort__in=HandleSort.values), name="a handle is of a known sort"),
            models.CheckConstraint(condition=~Q(value=""), name="a handle is not empty"),
        ]

    def __str__(self) -> str:
        return self.value


class NotificationChoice(models.Model):
    """What somebody of the staff wants to be told, where they said so. `accounts.notifications` reads it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=NotificationKind)
    way = models.CharField(max_length=10, choices=NotificationWay)
    is_wanted = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "way"], name="a notification is chosen once"),
            models.CheckConstraint(
                condition=Q(kind__in=NotificationKind.values, way__in=NotificationWay.values),
                name="a notification choice is known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.way} for {self.person_id}"
