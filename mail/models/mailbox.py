"""Our own addresses, and how mail gets in and out of them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from mail.choices import Authentication, Security
from mail.querysets import MailboxQuerySet
from supportdesk.lib.vault import SealedField


class Mailbox(models.Model):
    """An address of ours. An app above decides what becomes of its mail."""

    address = models.CharField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True, help_text="Shown as the sender's name.")
    is_active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False, help_text="Takes mail that names no address of ours.")
    acknowledges = models.BooleanField(default=True, help_text="Answers a new mail with “we have it”.")
    signature = models.TextField(blank=True)
    trusted_authserv_ids = models.JSONField(
        default=list, blank=True, help_text="Names under which our own mail servers write Authentication-Results."
    )

    imap_host = models.CharField(max_length=255, blank=True)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=10, choices=Security, default=Security.TLS)
    imap_authentication = models.CharField(max_length=10, choices=Authentication, default=Authentication.PASSWORD)
    imap_username = models.CharField(max_length=255, blank=True)
    imap_secret = SealedField(blank=True, default="")
    imap_folder = models.CharField(max_length=255, default="INBOX")

    smtp_host = models.CharField(max_length=255, blank=True, help_text="Empty: the server in EMAIL_URL.")
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.CharField(max_length=10, choices=Security, default=Security.STARTTLS)
    smtp_authentication = models.CharField(max_length=10, choices=Authentication, default=Authentication.PASSWORD)
    smtp_username = models.CharField(max_length=255, blank=True)
    smtp_secret = SealedField(blank=True, default="")

    oauth_token_url = models.URLField(blank=True, help_text="Where a refresh token becomes an access token.")
    oauth_client_id = models.CharField(max_length=255, blank=True)
    oauth_client_secret = SealedField(blank=True, default="")

    last_uid = models.PositiveBigIntegerField(default=0)
    uid_validity = models.PositiveBigIntegerField(null=True, blank=True)
    last_fetched_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mailboxes"
        constraints = [
            models.CheckConstraint(condition=Q(address=Lower(F("address"))), name="a mailbox address is lower case"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="there is one default mailbox"
            ),
        ]

    def __str__(self) -> str:
        return self.address


class MailboxAlias(models.Model):
    """Another address whose mail ends in the same mailbox. Replies go out from the one the customer wrote to."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="aliases")
    address = models.CharField(max_length=254, unique=True)

    class Meta:
        verbose_name_plural = "mailbox aliases"
        constraints = [
            models.CheckConstraint(condition=Q(address=Lower(F("address"))), name="an alias is lower case"),
        ]

    def __str__(self) -> str:
        return self.address
