"""What lets a person or a program in: invitations, codes, tokens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.choices import Role, Scope
from accounts.models.people import Person
from accounts.querysets import ApiTokenQuerySet, InviteQuerySet


class Invite(models.Model):
    """A mailed link that makes a member of staff: single use, 72 hours, kept as a hash (S39, S40)."""

    email = models.EmailField(max_length=320)
    name = models.CharField(max_length=255, blank=True)
    roles = ArrayField(models.CharField(max_length=10, choices=Role), default=list)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InviteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(used_at__isnull=True, withdrawn_at__isnull=True),
                name="an address has one open invitation",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="an invitation ends"),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.email}"


class SignInCode(models.Model):
    """A mailed code. It works in the browser that asked for it, a few times, for a few minutes (S46)."""

    email = models.EmailField(max_length=320)
    name = models.CharField(max_length=255, blank=True, help_text="Given at sign-up; kept once the address is proven.")
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(tries__lte=5), name="a code is tried five times")]

    def __str__(self) -> str:
        return f"code for {self.email}"


class ApiToken(models.Model):
    """Lets a program act as a member of staff, within `scopes`. Only its hash is kept.

    It gives no right of its own: what its person may do is looked up at each request (S28).
    """

    name = models.CharField(max_length=80, help_text="What it is for, in its owner's words.")
    person = models.ForeignKey(Person, models.CASCADE, related_name="api_tokens")
    token_sha256 = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12, help_text="Its first signs, to tell tokens apart.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="a token lives before it ends",
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0, scopes__contained_by=Scope.values), name="a token has known scopes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.person_id}"


class ApiRequest(models.Model):
    """What a request with an Idempotency-Key did. It commits together with its effect, or neither does.

    `fingerprint` is the SHA-256 of method, path and body: the same key with another of these is a mistake.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty only inside the transaction that acts.")
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="a key is used once by a person")]

    def __str__(self) -> str:
        return f"request of {self.person_id}"
