"""Mail that needs a person: set aside on its way in, not delivered on its way out."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mail.models import OutgoingMail, RawMail
from tickets.actions import set_aside
from tickets.queries_desk import mail as reads
from tickets.refusals import Refused
from tickets.views.desk.files import as_download
from tickets.views.desk.pages import complain, go, page, say, worker_only


@require_safe
@worker_only
def quarantine(request: HttpRequest) -> HttpResponse:
    """What was set aside, each with its reason."""
    dismissed = request.GET.get("show") == "dismissed"
    listed = reads.set_aside(below=_number(request.GET.get("below", "")), dismissed=dismissed)
    context = {"page": listed, "dismissed": dismissed, "now": timezone.now(), "section": "mail"}
    return page(request, "tickets/desk/quarantine.html", context)


@require_safe
@worker_only
def set_aside_mail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail that was set aside: why, and what it says, as text."""
    raw = _raw(pk)
    header, body = reads.preview(raw)
    context = {"raw": raw, "header": header, "body": body, "now": timezone.now(), "section": "mail"}
    return page(request, "tickets/desk/set_aside.html", context)


@require_safe
@worker_only
def raw_mail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The mail as it arrived."""
    raw = _raw(pk)
    return as_download(raw.file, f"mail-{raw.pk}.eml")


@require_POST
@worker_only
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it once more."""
    return _decide(request, set_aside.try_again, _raw(pk), "The mail is being read again.")


@require_POST
@worker_only
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Off the list."""
    return _decide(request, set_aside.dismiss, _raw(pk), "The mail is off the list. It is kept among the dismissed.")


@require_safe
@worker_only
def failed(request: HttpRequest) -> HttpResponse:
    """What did not arrive, each with its reason."""
    listed = reads.undelivered(below=_number(request.GET.get("below", "")))
    context = {"page": listed, "now": timezone.now(), "section": "mail"}
    return page(request, "tickets/desk/failed_mail.html", context)


@require_POST
@worker_only
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it again."""
    mail = get_object_or_404(OutgoingMail, pk=pk)
    try:
        set_aside.send_again(mail=mail, by=request.user, now=timezone.now())
        say(request, f"The mail to {mail.to_address} is being sent again.")
    except Refused as refusal:
        complain(request, refusal)
    return go(reverse("desk:failed_mail"))


def _decide(request: HttpRequest, act, raw: RawMail, done: str) -> HttpResponse:
    try:
        act(raw=raw, by=request.user, now=timezone.now())
        say(request, done)
    except Refused as refusal:
        complain(request, refusal)
    return go(reverse("desk:quarantine"))


def _raw(pk: int) -> RawMail:
    kept = RawMail.objects.filter(state__in=["quarantined", "dismissed", "pending"])
    return get_object_or_404(kept.select_related("file", "mailbox"), pk=pk)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
