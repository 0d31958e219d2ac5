"""How allauth writes mail, counts visitors and keeps secrets, in this product."""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import outgoing
from accounts.models import Person
from accounts.second_factor import has_second_factor
from supportdesk.lib.client_address import client_ip

QUIET = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class AccountAdapter(DefaultAccountAdapter):
    """Ours: no open registration by allauth's own pages, mail through the outbox, the visitor's true address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def add_message(self, request, level, message_template=None, message_context=None, extra_tags="", message=None):
        if message_template not in QUIET:
            super().add_message(request, level, message_template, message_context, extra_tags, message)

    def send_notification_mail(
        self, template_prefix: str, user: Person, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        outgoing.queue_template(
            to=email or user.email,
            template=template_prefix,
            now=timezone.now(),
            context={
                "person": user,
                "at": timezone.now(),
                "ip": self.get_client_ip(self.request),
                "user_agent": self.get_http_user_agent(self.request)[:HTTP_USER_AGENT_MAX_LENGTH],
                **(context or {}),
            },
        )

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        outgoing.queue_template(to=email, template=template_prefix, context=context, now=timezone.now())


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps are encrypted with a key that is not in the database."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right. Try the next one.",
        "cannot_delete_authenticator": "Staff of this desk keep a second factor. Add another one first.",
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last factor of staff stays where one is required."""
        person = authenticator.user
        if settings.STAFF_SECOND_FACTOR != "required" or not person.is_staff_member:
            return True
        return has_second_factor(person, besides=authenticator)

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> MultiFernet:
    """Encrypts with SECRET_KEY, reads what older keys encrypted."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(b"accounts.second_factor" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
