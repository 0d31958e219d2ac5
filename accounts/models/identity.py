"""Who somebody is shown to be, and what follows from it: levels, links that set a password, delayed changes."""

from django.db import models
from django.db.models import F, Q

from accounts.choices import IdentityMethod, RequestKind, RequestState
from accounts.models.people import Person

OPEN_REQUESTS = (RequestState.PROPOSED, RequestState.APPROVED)
CHANGES = (RequestKind.CHANGE_EMAIL, RequestKind.CHANGE_PHONE)


class IdentityCheck(models.Model):
    """A code or a number by which somebody shows, for one ticket, that an account is theirs (E4, E5).

    Only a method of `IdentityMethod` gives a level, and each gives its own: no answer to a question ever does. The
    code is kept as a hash; a number is made afresh from `nonce`, for the eyes of the agent who asked.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="identity_checks")
    ticket = models.PositiveBigIntegerField(help_text="The number of the ticket for which the level counts.")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    method = models.CharField(max_length=12, choices=IdentityMethod)
    level = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=120, blank=True, help_text="What the customer reads that it is for.")
    code_hash = models.CharField(max_length=64, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    level_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Another one took its place.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(method=IdentityMethod.MAIL_CODE, level=1) | Q(method=IdentityMethod.OWN_SESSION, level=2),
                name="a level comes from its method and from nothing else",
            ),
            models.CheckConstraint(condition=Q(tries__lte=5), name="an identity check is tried five times"),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, level_until__isnull=True)
                | Q(verified_at__isnull=False, level_until__gt=F("verified_at")),
                name="a level ends",
            ),
            models.CheckConstraint(condition=~Q(by=F("person")), name="nobody checks themselves"),
        ]
        indexes = [models.Index(fields=["person", "-created_at"], name="identity_checks_of_person")]

    def __str__(self) -> str:
        return f"check of {self.person_id} for ticket {self.ticket}"


class ResetLink(models.Model):
    """A mailed link that sets a new password: an hour, once, to the address on file alone (E9).

    An address that nobody has gets a row too, with no person: both ways cost the same (S45).
    """

    email = models.EmailField(max_length=320)
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="reset_links")
    token_hash = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    ticket = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="a reset link ends")]

    def __str__(self) -> str:
        return f"reset link for {self.email}"


class ActionRequest(models.Model):
    """A change of an account that waits: for a second person, for its delay, or both (E6, E7, R87).

    `ticket` is empty where the customer asked in their own session. `old_value` and `new_value` are an address or a
    number; `undo_hash` is the hash of the link with which the customer calls it back; `data` is what else changed with
    it, so that the undo brings back that and nothing more.
    """

    kind = models.CharField(max_length=16, choices=RequestKind)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.PROPOSED)
    person = models.ForeignKey(Person, models.CASCADE, related_name="action_requests")
    ticket = models.PositiveBigIntegerField(null=True, blank=True)
    level = models.PositiveSmallIntegerField(help_text="What the person had shown when it was asked for.")
    reason = models.CharField(max_length=500)
    old_value = models.CharField(max_length=320, blank=True)
    new_value = models.CharField(max_length=320, blank=True)
    data = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_words = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    undo_hash = models.CharField(max_length=64, null=True, blank=True, unique=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(state__in=OPEN_REQUESTS),
                name="an account is changed once at a time",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                name="nobody decides what they proposed",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=CHANGES, state__in=(RequestState.APPROVED, RequestState.EXECUTED))
                | Q(decided_by__isnull=False, level=2),
                name="an address changes by two people and level two",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(RequestState.APPROVED, RequestState.EXECUTED)) | Q(due_at__isnull=False),
                name="what is approved has its day",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_REQUESTS, ended_at__isnull=True)
                | (~Q(state__in=OPEN_REQUESTS) & Q(ended_at__isnull=False)),
                name="what has ended says when",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=RequestKind.values, state__in=RequestState.values),
                name="a request of the back office is known",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a request of the back office has a reason"),
        ]
        indexes = [
            models.Index(fields=["proposed_at", "id"], condition=Q(state__in=OPEN_REQUESTS), name="requests_open"),
            models.Index(fields=["person", "-proposed_at"], name="requests_of_person"),
        ]

    def __str__(self) -> str:
        return f"AR-{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen to it."""
        return self.state in OPEN_REQUESTS
