"""What providers post to us: mail that arrived, and what became of mail that we sent.

Anymail proves who is calling (our secret, and the provider's signature where it has one) and reads tracking events. It
never reads an arriving mail: its parser stands on `email.policy.default`, which tiny mails crash and hang (security.md
§0.1). We take the raw MIME out of the post and put it through the same door as every other mail. A provider that does
not post raw MIME is not supported for arriving mail.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.mailersend import MailerSendInboundWebhookView, MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView, MailgunTrackingWebhookView
from anymail.webhooks.mandrill import MandrillCombinedWebhookView
from anymail.webhooks.postal import PostalInboundWebhookView, PostalTrackingWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView, PostmarkTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostInboundWebhookView, SparkPostTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, QueryDict
from django.utils.crypto import constant_time_compare
from django.utils.datastructures import MultiValueDict

MAX_FIELDS = 200
_FIELD_NAME = re.compile(rb'name="([^"\r\n]{1,100})"', re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary="?([^";\s]{1,100})"?', re.IGNORECASE)


class NotTheProvider(Exception):
    """The secret or the signature is missing or wrong."""


class BadPost(ValueError):
    """The post does not look like the provider's. The message says what is missing."""


class TooLarge(ValueError):
    """More than we take."""


class Arrived(NamedTuple):
    """A mail as a provider handed it over."""

    raw: bytes
    sender: str
    recipients: list[str]


@dataclass(frozen=True)
class Provider:
    """A provider: who proves its posts, where its raw mail lies in them, and the settings that its signature needs."""

    inbound: type[AnymailCoreWebhookView]
    tracking: type[AnymailCoreWebhookView]
    arrived: Callable[[HttpRequest], list[Arrived]]
    keys: tuple[str, ...] = ()


def take_body(request: HttpRequest) -> None:
    """Read the whole post, at most what a mail of the largest size needs. Raises TooLarge and OSError.

    Django's own limit for form fields is meant for people; mail is larger. Fields are kept byte for byte, as latin-1.
    """
    most = settings.MAIL_MAX_BYTES * 3 // 2
    body = request.read(most + 1)
    if len(body) > most:
        raise TooLarge("This is more than we take.")
    request._body = body
    fields = QueryDict(mutable=True, encoding="utf-8")
    for name, value in _fields(body, request.META.get("CONTENT_TYPE", "")):
        fields.appendlist(name, value)
    # Django fills these from the body unless they are there.
    setattr(request, "_post", fields)  # noqa: B010
    setattr(request, "_files", MultiValueDict())  # noqa: B010


def prove(view_class: type[AnymailCoreWebhookView], request: HttpRequest) -> AnymailCoreWebhookView:
    """The anymail view that vouches for `request`. Raises NotTheProvider, also when our own secret is not set (S35)."""
    if not settings.WEBHOOK_SECRET or not _has_secret(request):
        raise NotTheProvider("The secret of this address is missing or wrong.")
    try:
        view = view_class(webhook_secret=settings.ANYMAIL["WEBHOOK_SECRET"])
        view.run_validators(request)
    except AnymailWebhookValidationFailure as error:
        raise NotTheProvider("The signature of this post is missing or wrong.") from error
    except (AnymailError, ImproperlyConfigured, KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotTheProvider("The signature of this post cannot be checked.") from error
    return view


def _has_secret(request: HttpRequest) -> bool:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        words = base64.b64decode(given, validate=True).decode()
    except ValueError:
        return False
    return kind.lower() == "basic" and constant_time_compare(words, settings.ANYMAIL["WEBHOOK_SECRET"])


def _fields(body: bytes, content_type: str) -> list[tuple[str, str]]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            return parse_qsl(body.decode("latin-1"), True, encoding="latin-1", max_num_fields=MAX_FIELDS)
        except ValueError as error:
            raise BadPost("The form has too many fields.") from error
    boundary = _BOUNDARY.search(content_type)
    if kind != "multipart/form-data" or not boundary:
        return []
    found = []
    for part in body.split(b"--" + boundary[1].encode("latin-1"))[1 : MAX_FIELDS + 1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _FIELD_NAME.search(head)
        if name:
            found.append((name[1].decode("latin-1"), value.removesuffix(b"\r\n").decode("latin-1")))
    return found


def _loads(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPost("The post is not JSON.") from error


def _json(text: bytes) -> dict:
    value = _loads(text)
    if not isinstance(value, dict):
        raise BadPost("The post is not a JSON object.")
    return value


def _events(text: bytes) -> list[dict]:
    value = _loads(text)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadPost("The post is not a JSON list of events.")
    return value


def _from_mailgun(request: HttpRequest) -> list[Arrived]:
    if "body-mime" not in request.POST:
        raise BadPost("There is no body-mime in this post; let the route end in …/inbound_mime/.")
    post = request.POST
    return [Arrived(post["body-mime"].encode("latin-1"), post.get("sender", ""), post.get("recipient", "").split(","))]


def _from_postmark(request: HttpRequest) -> list[Arrived]:
    event = _json(request.body)
    if not isinstance(event.get("RawEmail"), str):
        raise BadPost("There is no RawEmail in this post; switch “Include raw email content” on.")
    recipients = [event.get("OriginalRecipient", ""), *(one.get("Email", "") for one in event.get("ToFull", []))]
    return [Arrived(_text(event["RawEmail"]), event.get("From", ""), recipients)]


def _from_postal(request: HttpRequest) -> list[Arrived]:
    event = _json(request.body)
    raw = _maybe_base64(event.get("message"), is_base64=event.get("base64") is True)
    return [Arrived(raw, event.get("mail_from") or "", [event.get("rcpt_to") or ""])]


def _from_sparkpost(request: HttpRequest) -> list[Arrived]:
    relays = [event["msys"] for event in _events(request.body) if event.get("msys")]
    return [_sparkpost_mail(relay["relay_message"]) for relay in relays if "relay_message" in relay]


def _sparkpost_mail(relay: dict) -> Arrived:
    content = relay["content"]
    raw = _maybe_base64(content["email_rfc822"], is_base64=bool(content.get("email_rfc822_is_base64")))
    return Arrived(raw, relay.get("msg_from", ""), [relay.get("rcpt_to", "")])


def _from_mandrill(request: HttpRequest) -> list[Arrived]:
    events = _events(request.POST["mandrill_events"].encode("latin-1"))
    arrived = [event["msg"] for event in events if event.get("event") == "inbound"]
    return [Arrived(_text(msg["raw_msg"]), msg.get("from_email", ""), [msg.get("email", "")]) for msg in arrived]


def _from_mailersend(request: HttpRequest) -> list[Arrived]:
    data = _json(request.body)["data"]
    recipients = [one["email"] for one in data.get("recipients", {}).get("rcptTo", [])]
    return [Arrived(_text(data["raw"]), data.get("sender", {}).get("email", ""), recipients)]


def _maybe_base64(value: object, *, is_base64: bool) -> bytes:
    if not isinstance(value, str):
        raise BadPost("There is no raw mail in this post.")
    return base64.b64decode(value) if is_base64 else _text(value)


def _text(value: str) -> bytes:
    # JSON holds characters; a provider that met other bytes has escaped them one by one or lost them before us.
    return value.encode("utf-8", "surrogateescape" if any("\udc80" <= c <= "\udcff" for c in value) else "replace")


PROVIDERS = {
    "mailersend": Provider(
        MailerSendInboundWebhookView, MailerSendTrackingWebhookView, _from_mailersend,
        ("MAILERSEND_INBOUND_SECRET", "MAILERSEND_SIGNING_SECRET"),
    ),
    "mailgun": Provider(
        MailgunInboundWebhookView, MailgunTrackingWebhookView, _from_mailgun, ("MAILGUN_WEBHOOK_SIGNING_KEY",)
    ),
    "mandrill": Provider(
        MandrillCombinedWebhookView, MandrillCombinedWebhookView, _from_mandrill, ("MANDRILL_WEBHOOK_KEY",)
    ),
    "postal": Provider(PostalInboundWebhookView, PostalTrackingWebhookView, _from_postal, ("POSTAL_WEBHOOK_KEY",)),
    "postmark": Provider(PostmarkInboundWebhookView, PostmarkTrackingWebhookView, _from_postmark),
    "sparkpost": Provider(SparkPostInboundWebhookView, SparkPostTrackingWebhookView, _from_sparkpost),
}  # fmt: skip
