"""The door for other desks' programs. What is not signed by the source's secret leaves nothing (S34)."""

import logging

from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from supportdesk.lib.audience import public
from tickets.actions.start_of_day import events
from tickets.models import InboxSource
from tickets.source_choices import TOLD
from tickets.sources.facts import BadPost, NotSigned
from tickets.sources.posts import read_post

logger = logging.getLogger(__name__)
PLAIN = "text/plain; charset=utf-8"
LONGEST = 2 * 1024 * 1024
LONGEST_KEY = 43


@public
@csrf_exempt  # its signature says who sends it
@require_http_methods(["POST", "HEAD"])
def source_hook(request: HttpRequest, key: str) -> HttpResponse:
    """Something happened in a source. The same post three times at once is one event.

    Kept before it is answered: 200 says that it will not be lost. 401: a wrong signature, 400: a wrong post, 413: too
    long, 503: nothing can be kept just now, so that the program tries again.
    """
    source = _source(key)
    if request.method == "HEAD":  # how some programs try an address while it is being set up
        return HttpResponse()
    body = request.read(LONGEST + 1)
    if len(body) > LONGEST:
        return HttpResponse("This is too long for an event.", status=413, content_type=PLAIN)
    try:
        post = read_post(source.kind, secret=source.secret, body=body, headers=request.headers)
    except NotSigned as problem:
        return HttpResponse(str(problem), status=401, content_type=PLAIN)
    except BadPost as problem:
        return HttpResponse(str(problem), status=400, content_type=PLAIN)
    try:
        events.receive(source=source, facts=post.facts, writers=post.writers, said_at=post.at, now=timezone.now())
    except (DatabaseError, InterfaceError):
        logger.exception("A source's post could not be kept")
        return HttpResponse("We cannot keep this just now. Try again.", status=503, content_type=PLAIN)
    return HttpResponse()


def _source(key: str) -> InboxSource:
    known = InboxSource.objects.filter(key=key, kind__in=TOLD, is_active=True) if len(key) <= LONGEST_KEY else None
    found = known.first() if known is not None and "\x00" not in key else None
    if found is None:
        raise Http404
    return found
