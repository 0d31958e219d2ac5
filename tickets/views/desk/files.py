"""Bytes that strangers sent: files to download, a mail's formatted version in a sealed frame, a mail as it arrived.

Nothing here is ever shown as a page of ours (security.md S2, S5): files are downloads, the frame has neither scripts
nor a way out, and an image is shown only when its own bytes say that it is one.
"""

import html as entities
import re

from csp.decorators import csp
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.access import can
from mail.models import StoredFile
from mail.parsing.html import sanitise_html
from supportdesk.lib.audience import signed_in, staff_only
from tickets.access import attachment_for, message_for
from tickets.actions.readings import note_reading
from tickets.models import Message, Note
from tickets.picture_types import picture_type

SEALED = "sandbox; default-src 'none'"
CID = re.compile(r'src="cid:([^"]*)"')
FRAME_POLICY = {
    "default-src": ["'none'"],
    "img-src": ["'self'"],
    "style-src": ["'self'"],
    "font-src": ["'self'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"],
}


@require_safe
@signed_in
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file, always as a download, whatever it says it is."""
    attachment = attachment_for(request.user, pk)
    _note(request, attachment.message or attachment.note)
    return as_download(attachment.file, attachment.name or "attachment")


@require_safe
@staff_only
def picture(request: HttpRequest, pk: int) -> HttpResponseBase:
    """An image inside a mail. 404 for anything whose bytes are not a PNG, JPEG, GIF or WebP."""
    attachment = attachment_for(request.user, pk)
    file = _opened(attachment.file)
    content_type = picture_type(file.read(16))
    if content_type is None:
        file.close()
        raise Http404
    file.seek(0)
    return _sealed(FileResponse(file, content_type=content_type, filename="picture"))


@require_safe
@staff_only
@xframe_options_sameorigin
@csp(FRAME_POLICY)  # type: ignore[arg-type]  # django-csp types views without arguments
def formatted(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail's HTML: cleaned again, its own images through our door, nothing from elsewhere."""
    message = message_for(request.user, pk)
    _note(request, message)
    if not message.html:
        raise Http404
    clean, _ = sanitise_html(message.html)
    return render(request, "tickets/desk/formatted.html", {"html": with_own_pictures(clean, message)})


@require_safe
@staff_only
def source(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The mail as it arrived, to look at in a mail program."""
    message = message_for(request.user, pk)
    _note(request, message)
    if message.raw is None:
        raise Http404
    return as_download(message.raw.file, f"message-{message.pk}.eml")


def _note(request: HttpRequest, words: Message | Note | None) -> None:
    """What an observer takes out of a ticket is a reading of it; of others nothing is asked."""
    if words is not None and not can(request.user, "tickets.work"):
        note_reading(ticket=words.ticket, by=request.user, now=timezone.now())


def is_picture(file: StoredFile) -> bool:
    """Whether the bytes are those of a picture that a mail shows."""
    with _opened(file) as opened:
        return picture_type(opened.read(16)) is not None


def with_own_pictures(clean: str, message: Message) -> str:
    """Sanitised HTML in which `cid:` leads to the message's own attachment, or nowhere."""
    known = {row.content_id.strip("<>"): row.pk for row in message.attachments.exclude(content_id="")}

    def address(found: re.Match) -> str:
        pk = known.get(entities.unescape(found[1]).strip("<>"))
        return f'src="{reverse("desk:picture", args=[pk])}"' if pk else ""

    return CID.sub(address, clean)


def as_download(file: StoredFile, name: str) -> HttpResponseBase:
    return _sealed(
        FileResponse(_opened(file), as_attachment=True, filename=name, content_type="application/octet-stream")
    )


def _opened(file: StoredFile):
    try:
        return file.open()
    except FileNotFoundError:
        raise Http404 from None


def _sealed(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SEALED
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
