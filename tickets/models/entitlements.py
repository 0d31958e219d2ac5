"""Who is entitled to more than the standard queue, how that was shown on a ticket, and what was asked to show it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import Organisation, Person
from billing.models import OrderLine, Product, Subscription
from supportdesk.lib.vault import SealedField
from tickets.choices import Channel
from tickets.models.desk import ReplyTemplate
from tickets.models.service import ServiceLevel
from tickets.models.ticket import Ticket
from tickets.support_choices import PROVING, CheckMethod, CheckResult


class SupportRules(models.Model):
    """What the desk says and trusts about entitlements. One row; without it no site signs anybody in.

    Two secrets hold for a day after a new one was made, so that a site can change over.
    """

    identity_secret = SealedField(blank=True, default="", help_text="Sites sign their users with it. Shown once.")
    old_identity_secret = SealedField(blank=True, default="")
    old_identity_secret_until = models.DateTimeField(null=True, blank=True)
    offer_template = models.ForeignKey(
        ReplyTemplate, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="What is said to somebody who asks for a call and is not entitled. Empty: words of our own.",
    )  # fmt: skip

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="there is one row of rules about support")]

    def __str__(self) -> str:
        return "Rules about support"


class PriorityOffer(models.Model):
    """A product of the store that brings priority: a plan while it runs, or a pack of incidents."""

    product = models.OneToOneField(Product, models.PROTECT, related_name="priority_offer")
    incidents = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many one of it brings. Empty: any number, while the plan runs."
    )
    lasts_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How long a pack can be used.")
    channels = ArrayField(
        models.CharField(max_length=10, choices=Channel), default=list, blank=True, help_text="Empty: every channel."
    )
    level = models.ForeignKey(ServiceLevel, models.PROTECT, null=True, blank=True, related_name="+")
    most_contacts = models.PositiveSmallIntegerField(default=3, help_text="How many people may be named.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(incidents__isnull=True) | Q(incidents__gte=1), name="a pack brings an incident"
            ),
            models.CheckConstraint(condition=Q(most_contacts__gte=1), name="an offer is for somebody"),
            models.CheckConstraint(
                condition=Q(lasts_days__isnull=True) | Q(lasts_days__gte=1), name="a pack lasts a day"
            ),
        ]

    def __str__(self) -> str:
        return f"priority with {self.product_id}"


class Entitlement(models.Model):
    """Priority for named people of an organisation, or for one person: from a day on, up to a day (not included).

    Whether it holds is read from its dates and from those of its plan, never kept. Nobody inherits it: who is not named
    in `contacts` is not entitled, whichever organisation they belong to.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="entitlements")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="entitlements")
    name = models.CharField(max_length=120)
    offer = models.ForeignKey(PriorityOffer, models.PROTECT, null=True, blank=True, related_name="entitlements")
    subscription = models.OneToOneField(Subscription, models.PROTECT, null=True, blank=True, related_name="entitlement")
    order_line = models.OneToOneField(OrderLine, models.PROTECT, null=True, blank=True, related_name="entitlement")
    channels = ArrayField(models.CharField(max_length=10, choices=Channel), default=list, blank=True)
    level = models.ForeignKey(ServiceLevel, models.PROTECT, null=True, blank=True, related_name="+")
    most_contacts = models.PositiveSmallIntegerField(default=3)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="The first moment that is not covered any more.")
    incidents = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: any number.")
    incidents_used = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True, help_text="Why it was given by hand.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=True, person__isnull=False)
                | Q(organisation__isnull=False, person__isnull=True),
                name="an entitlement is an organisation's or a person's",
            ),
            models.CheckConstraint(
                condition=Q(incidents__isnull=True) | Q(incidents_used__lte=F("incidents")),
                name="no incident is used that was not bought",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="an entitlement ends after it starts",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="an entitlement has a name"),
        ]
        indexes = [models.Index(fields=["organisation", "id"], name="entitlements_of_organisation")]

    def __str__(self) -> str:
        return self.name

    @property
    def owner_name(self) -> str:
        """The organisation or the person that is entitled."""
        owner = self.organisation or self.person
        return self.name if owner is None else getattr(owner, "shown_name", "") or getattr(owner, "name", "")

    @property
    def incidents_left(self) -> int | None:
        """None: any number."""
        return None if self.incidents is None else self.incidents - self.incidents_used


class EntitlementContact(models.Model):
    """Somebody who may use an entitlement."""

    entitlement = models.ForeignKey(Entitlement, models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="entitled_by")
    added_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entitlement", "person"], name="a contact is named once")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id} by {self.entitlement_id}"


class EntitlementCheck(models.Model):
    """What was shown, or only said, about an entitlement on a ticket. Only added to.

    What a ticket was found entitled to it keeps, whatever ends meanwhile (N3). A check that `spends` took an incident.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="checks")
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, null=True, blank=True, related_name="checks")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", help_text="Of whom it was shown or said."
    )
    method = models.CharField(max_length=10, choices=CheckMethod)
    result = models.CharField(max_length=10, choices=CheckResult)
    spends = models.BooleanField(default=False)
    words = models.CharField(max_length=300, blank=True, help_text="Why an agent vouches for it.")
    by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(result=CheckResult.ENTITLED), name="a ticket is found entitled once"
            ),
            models.CheckConstraint(
                condition=~Q(result=CheckResult.ENTITLED) | Q(entitlement__isnull=False, method__in=PROVING),
                name="what was only said entitles nobody",
            ),
            models.CheckConstraint(
                condition=~Q(spends=True) | Q(result=CheckResult.ENTITLED), name="only who is entitled uses an incident"
            ),
            models.CheckConstraint(
                condition=~Q(method=CheckMethod.ATTESTED) | (~Q(words="") & Q(by__isnull=False)),
                name="whoever vouches says why",
            ),
        ]
        indexes = [models.Index(fields=["ticket", "id"], name="checks_of_ticket")]

    def __str__(self) -> str:
        return f"{self.result} on {self.ticket_id}"


class PriorityClaim(models.Model):
    """The contacts of an entitlement were asked by mail whether a ticket is theirs. It works for a day (N2)."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="claims")
    entitlement = models.ForeignKey(Entitlement, models.PROTECT, related_name="claims")
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    is_theirs = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True, is_theirs__isnull=True)
                | Q(answered_at__isnull=False, answered_by__isnull=False, is_theirs__isnull=False),
                name="a claim is answered by somebody at a time",
            )
        ]
        indexes = [models.Index(fields=["ticket", "-id"], name="claims_of_ticket")]

    def __str__(self) -> str:
        return f"claim on {self.ticket_id}"


class ClaimLink(models.Model):
    """The link that one contact got. Only its hash is kept (S36)."""

    claim = models.ForeignKey(PriorityClaim, models.CASCADE, related_name="links")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["claim", "person"], name="a contact gets a link once")]

    def __str__(self) -> str:
        return f"link of {self.person_id}"
