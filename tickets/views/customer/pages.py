"""What every page about a conversation has in common."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone

from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.throttle import Limit, hit
from tickets.forms.customer import LONGEST_TEXT
from tickets.models import Attachment
from tickets.picture_types import HEAD, picture_type

View = Callable[..., HttpResponseBase]
KEPT = "words_kept"
KEPT_SECONDS = 3600
KEPT_FROM_NETWORK = Limit("words kept while somebody signs in again", times=30, seconds=3600)


def keeps_words(view: View) -> View:
    """Words that were sent after the session had ended come back once their writer has signed in again (U5).

    They lie in the session that signing in goes on with, under the page that they belong to, for an hour; only
    whoever may open that page sees them.
    """

    @wraps(view)
    def keeping(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        words = request.POST.get("text", "").replace("\x00", "") if request.method == "POST" else ""
        if request.user.is_authenticated or not 0 < len(words.strip()) <= LONGEST_TEXT:
            return view(request, *args, **kwargs)
        if hit(KEPT_FROM_NETWORK, network_of(client_ip(request)), now=timezone.now()):
            return view(request, *args, **kwargs)
        page = request.path.rpartition("answer/")[0]
        request.session[KEPT] = {"page": page, "text": words, "at": time.time()}
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}")

    return keeping


def words_kept(request: HttpRequest) -> str:
    """What was sent to this page while nobody was signed in, once; "" otherwise."""
    kept = request.session.get(KEPT)
    if not kept or kept["page"] != request.path:
        return ""
    del request.session[KEPT]
    return kept["text"] if time.time() - kept["at"] < KEPT_SECONDS else ""


def shown_picture(attachment: Attachment | None) -> FileResponse:
    """A picture on the page. 404 for what is none by its own bytes, whatever it says that it is (S2, S23)."""
    if attachment is None:
        raise Http404
    try:
        file = attachment.file.open()
    except FileNotFoundError:
        raise Http404 from None
    content_type = picture_type(file.read(HEAD))
    if content_type is None:
        file.close()
        raise Http404
    file.seek(0)
    return _sealed(FileResponse(file, content_type=content_type, filename="picture"))


def download(attachment: Attachment) -> FileResponse:
    """A file as something to save, whatever it says that it is: a browser never opens it here (S2)."""
    return _sealed(
        FileResponse(
            attachment.file.open(),
            as_attachment=True,
            filename=attachment.name,
            content_type="application/octet-stream",
        )
    )


def _sealed(response: FileResponse) -> FileResponse:
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return response
