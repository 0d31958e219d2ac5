"""Where providers post. A wrong caller gets 401, a wrong post 400, and while we cannot keep a mail 503."""

import hashlib
import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mail.actions.store import store_raw, which_mailbox
from mail.actions.track import track
from mail.choices import Door
from mail.webhooks import PROVIDERS, BadPost, NotTheProvider, Provider, TooLarge, prove, take_body
from supportdesk.lib.audience import public

logger = logging.getLogger(__name__)
PLAIN = "text/plain; charset=utf-8"


@public
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def inbound(request: HttpRequest, name: str) -> HttpResponse:
    """A mail arrived at a provider. The same post three times at once is one mail (F18)."""
    provider = _provider(name)
    if request.method == "HEAD":  # how some providers check an address while it is being set up
        return HttpResponse()
    return _in_words(_take, request, provider)


@public
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def tracking(request: HttpRequest, name: str) -> HttpResponse:
    """A provider says what became of mail that we sent. Known events count once; unknown mails are not ours."""
    provider = _provider(name)
    if request.method == "HEAD":
        return HttpResponse()
    return _in_words(_track, request, provider)


def _provider(name: str) -> Provider:
    if name not in settings.MAIL_WEBHOOK_PROVIDERS or name not in PROVIDERS:
        raise Http404
    return PROVIDERS[name]


def _in_words(work, request: HttpRequest, provider: Provider) -> HttpResponse:
    try:
        take_body(request)
        work(request, provider)
    except TooLarge as error:
        return HttpResponse(str(error), status=413, content_type=PLAIN)
    except NotTheProvider as error:
        return HttpResponse(str(error), status=401, content_type=PLAIN, headers={"WWW-Authenticate": "Basic"})
    except BadPost as error:
        return HttpResponse(str(error), status=400, content_type=PLAIN)
    except (DatabaseError, InterfaceError, OSError):
        logger.exception("A provider's post could not be kept")
        return HttpResponse("We cannot keep this just now. Please try again.", status=503, content_type=PLAIN)
    return HttpResponse()


def _take(request: HttpRequest, provider: Provider) -> None:
    prove(provider.inbound, request)
    try:
        arrived = provider.arrived(request)
    except (KeyError, ValueError, TypeError) as error:
        raise error if isinstance(error, BadPost) else BadPost("There is no raw mail in this post.") from error
    for mail in arrived:
        recipients = [one.strip() for one in mail.recipients if isinstance(one, str) and one.strip()]
        store_raw(
            raw=mail.raw,
            mailbox=which_mailbox(recipients),
            door=Door.WEBHOOK,
            now=timezone.now(),
            envelope_from=str(mail.sender or ""),
            envelope_to=recipients[0] if recipients else "",
        )


def _track(request: HttpRequest, provider: Provider) -> None:
    view = prove(provider.tracking, request)
    try:
        events = view.parse_events(request)
    except (DatabaseError, OSError):
        raise
    except Exception as error:  # somebody else's parser, on somebody's post
        raise BadPost("These events cannot be read.") from error
    digest = hashlib.sha256(request.body).hexdigest()
    for place, event in enumerate(events):
        track(
            event_type=str(event.event_type),
            message_id=str(getattr(event, "message_id", None) or ""),
            recipient=str(getattr(event, "recipient", None) or ""),
            words=str(getattr(event, "mta_response", None) or getattr(event, "description", None) or ""),
            event_id=f"{view.esp_name}:{event.event_id or f'{digest}:{place}'}",
            now=timezone.now(),
        )
