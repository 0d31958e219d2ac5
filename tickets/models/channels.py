"""Words that come and go by telephone, SMS and chat: on the same timeline as mail."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from tickets.choices import CallDirection, CallOutcome, Channel, Passing
from tickets.querysets import PassedMessageQuerySet

PASSED = (Channel.SMS, Channel.CHAT)


class Conversation(models.Model):
    """Which ticket further words of a telephone or chat visitor belong to.

    The handle is part of its key: whoever guesses the key of somebody else's conversation starts one of their own.
    """

    channel = models.CharField(max_length=10, choices=Channel)
    handle = models.ForeignKey("accounts.Handle", models.CASCADE, related_name="+")
    key = models.CharField(max_length=200, blank=True, help_text="The provider's name for it. Empty: one a handle.")
    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, null=True, related_name="conversations")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "handle", "key"], name="a conversation is known once"),
            models.CheckConstraint(condition=Q(channel__in=PASSED), name="a conversation is on a passed channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.key or self.handle_id}"


class PassedMessage(models.Model):
    """A message that a program passes between a provider and us, either way.

    Incoming: `provider_id` makes it one message, however often it is passed. Outgoing: whoever claims it holds it until
    `leased_until`, and reports under the number of that claim.
    """

    channel = models.CharField(max_length=10, choices=Channel)
    is_incoming = models.BooleanField()
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="passed")
    message = models.OneToOneField("tickets.Message", models.CASCADE, related_name="passed")
    provider_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=Passing)
    error = models.CharField(max_length=500, blank=True)
    ready_at = models.DateTimeField(help_text="Not passed on before: the end of the writer's undo window.")
    lease = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = PassedMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "provider_id"],
                condition=Q(is_incoming=True),
                name="a message of a provider is taken in once",
            ),
            models.CheckConstraint(
                condition=~Q(is_incoming=True) | (Q(state=Passing.RECEIVED) & ~Q(provider_id="")),
                name="an incoming message was received under an id",
            ),
            models.CheckConstraint(condition=Q(channel__in=PASSED), name="a passed message is on a passed channel"),
        ]
        indexes = [
            models.Index(
                "channel", "ready_at", "id", name="passed_waiting", condition=Q(state__in=["pending", "sending"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class Call(models.Model):
    """A telephone call that somebody wrote down. What was said stands in its message or its note."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="calls")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    number = models.CharField(max_length=16, blank=True)
    direction = models.CharField(max_length=10, choices=CallDirection)
    outcome = models.CharField(max_length=10, choices=CallOutcome)
    began_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=0)
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    message = models.OneToOneField("tickets.Message", models.SET_NULL, null=True, blank=True, related_name="call")
    note = models.OneToOneField("tickets.Note", models.SET_NULL, null=True, blank=True, related_name="call")
    form_key = models.CharField(max_length=43, blank=True, help_text="The form that it came from: logged once.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form_key"], condition=~Q(form_key=""), name="a form logs one call"),
            models.CheckConstraint(
                condition=Q(direction__in=CallDirection.values, outcome__in=CallOutcome.values),
                name="a call has a known direction and outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"call on {self.ticket_id}"
