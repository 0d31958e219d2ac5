"""The desk's own contact forms: as a page here, and inside a page of another site (docs/decisions/contact-form.md)."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import hit
from tickets import customer_queries
from tickets.actions import ask, links
from tickets.actions.attach import CannotAttach, store_upload
from tickets.actions.entitling import identity
from tickets.actions.entitling.at_opening import NO_PROOF, Proof
from tickets.actions.intake import CannotOpenTicket
from tickets.choices import FormLanguage
from tickets.contact_words import WORDS
from tickets.forms.contact import ContactQuestionForm
from tickets.models import ContactForm
from tickets.support_choices import CheckMethod
from tickets.views.customer.help import FOR_ADDRESS, FROM_NETWORK
from tickets.views.customer.suggesting import Addresses, answer, keep_solved, typed_so_far, wants_to_look

THEMES = ("light", "dark")
SCRIPT = "static/embed/contact.js"
SIGNED = ("signed_user", "signed_at", "signature")
LONGEST_SIGNED = 320


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A form on a page of its own."""
    asked = _form(slug)
    if asked is None:
        return render(request, "tickets/customer/contact_gone.html", {"words": WORDS["en"]}, status=404)
    at = Addresses(request, asked)
    if wants_to_look(request):
        return _shown(request, "tickets/customer/contact.html", asked, looking(request, asked), at)
    form, receipt = _answered(request, asked)
    if receipt:
        return redirect("customer:received", receipt)
    return _shown(request, "tickets/customer/contact.html", asked, form, at)


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Shown inside pages of the form's own sites and nowhere else.

    No cookie counts here: a browser that keeps third parties' cookies away sends none, and whoever is signed in at the
    desk is a stranger in a frame. That is why a form needs no token; it must come from the frame itself all the same.
    """

    @wraps(view)
    def sealed(request: HttpRequest, slug: str, **more: str) -> HttpResponse:
        if request.method == "POST" and not _is_from_here(request):
            raise PermissionDenied
        asked = _form(slug)
        response = view(request, asked, **more)
        sites = ["'self'", *asked.origins] if asked else ["'none'"]
        response._csp_replace = {"frame-ancestors": sites}  # type: ignore[attr-defined]
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # Not "no-referrer": the frame's own form would then come from nowhere.
        response["Referrer-Policy"] = "same-origin"
        return response

    return xframe_options_exempt(sealed)


@public
@csrf_exempt
@framed
@require_http_methods(["GET", "HEAD", "POST"])
def frame(request: HttpRequest, asked: ContactForm | None) -> HttpResponse:
    """The form inside a page of another site."""
    if asked is None:
        return render(request, "tickets/customer/embed_gone.html", {"words": WORDS["en"]}, status=404)
    at = Addresses(request, asked, is_framed=True)
    if wants_to_look(request):
        return _shown(request, "tickets/customer/embed.html", asked, looking(request, asked), at)
    form, receipt = _answered(request, asked)
    if receipt:
        theme = _theme(request)
        return redirect(f"/embed/{asked.slug}/received/{receipt}/{f'?theme={theme}' if theme else ''}")
    return _shown(request, "tickets/customer/embed.html", asked, form, at)


@public
@framed
@require_safe
def frame_received(request: HttpRequest, asked: ContactForm | None, token: str) -> HttpResponse:
    """“We have your question”, in the frame."""
    if asked is None:
        return render(request, "tickets/customer/embed_gone.html", {"words": WORDS["en"]}, status=404)
    try:
        link = links.open_link(token, purpose=links.CONFIRM_RECEIPT, now=timezone.now())
    except (links.UnknownLink, links.SpentLink):
        return redirect(f"/embed/{asked.slug}/")
    context = {"asked": asked, "words": WORDS[asked.language], "ticket": link.ticket, "token": token}
    with timezone.override(customer_queries.zone_for(link.person, link.ticket)):
        return render(request, "tickets/customer/embed_received.html", context | {"theme": _theme(request)})


@public
@csrf_exempt
@framed
@require_POST
def frame_list(request: HttpRequest, asked: ContactForm | None) -> HttpResponse:
    """Answers that may spare the visitor the question."""
    return answer(request, asked, is_framed=True) if asked else HttpResponse(status=404)


@public
@csrf_exempt
@framed
@require_POST
def frame_solved(request: HttpRequest, asked: ContactForm | None) -> HttpResponse:
    """“This solved it”, in the frame."""
    if asked is None:
        return render(request, "tickets/customer/embed_gone.html", {"words": WORDS["en"]}, status=404)
    return keep_solved(request, asked, "tickets/customer/embed_solved.html")


@public
@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The one script that a site loads. The same for every form and everybody."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@lru_cache(maxsize=1)
def _script() -> bytes:
    return (settings.BASE_DIR / SCRIPT).read_bytes()


def _form(slug: str) -> ContactForm | None:
    rows = ContactForm.objects.select_related("team", "reason").filter(is_active=True)
    return rows.filter(slug=slug).first() if len(slug) <= 40 else None


def _answered(request: HttpRequest, asked: ContactForm) -> tuple[ContactQuestionForm, str]:
    """The form, and the token of its confirmation once it opened a ticket; "" before."""
    if request.method != "POST":
        return ContactQuestionForm(asked=asked), ""
    form, now = ContactQuestionForm(request.POST, request.FILES, asked=asked), timezone.now()
    if not form.is_valid():
        return form, ""
    waits = [(FROM_NETWORK, network_of(client_ip(request))), (FOR_ADDRESS, form.cleaned_data["address"])]
    if max(hit(limit, part, now=now) for limit, part in waits):
        form.add_error(None, f"{form.words['many']}, {settings.DEFAULT_MAIL_FROM}")
        return form, ""
    try:
        return form, _open(request, asked, form, now)
    except CannotAttach:
        form.add_error("attachments", form.words["attachments.refused"])
    except CannotOpenTicket:
        form.add_error("text", form.words["text.required"])
    return form, ""


def _open(request: HttpRequest, asked: ContactForm, form: ContactQuestionForm, now: datetime) -> str:
    typed, fields = form.cleaned_data, form.own_values()
    return ask.ask_as_stranger(
        address=typed["address"],
        name=typed["name"],
        subject=typed["subject"],
        text=typed["text"],
        uploads=[store_upload(upload=each, now=now) for each in typed.get("attachments", ())],
        receipt=request.POST.get("receipt", ""),
        by_form=ask.ByForm(asked, typed.get("topic")),
        fields=fields,
        suggested=request.POST.get("suggest", ""),
        proof=_proof(request, now),
        now=now,
    )


def _signed(request: HttpRequest) -> dict[str, str]:
    """Whom the site around the frame says that it signed: shown by nothing but its signature."""
    return {name: request.POST.get(name, "").replace("\x00", "")[:LONGEST_SIGNED] for name in SIGNED}


def _proof(request: HttpRequest, now: datetime) -> Proof:
    """Priority of whoever is signed in on the site, if it signed them. A wrong signature keeps nobody from asking."""
    said = _signed(request)
    at = said["signed_at"]
    if not said["signature"] or not (at.isascii() and at.isdigit() and len(at) < 13):
        return NO_PROOF
    try:
        person = identity.person_signed(
            address=said["signed_user"], signed_at=int(at), signature=said["signature"], now=now
        )
    except identity.NotSigned:
        return NO_PROOF
    return Proof(CheckMethod.HMAC, person=person) if person else NO_PROOF


def looking(request: HttpRequest, asked: ContactForm) -> ContactQuestionForm:
    """The form as it stands, with nothing wrong in it yet."""
    return ContactQuestionForm(asked=asked, initial=typed_so_far(request, ContactQuestionForm(asked=asked)))


def _shown(
    request: HttpRequest, template: str, asked: ContactForm, form: ContactQuestionForm, at: Addresses
) -> HttpResponse:
    receipt = request.POST.get("receipt", "")
    context = {
        "asked": asked,
        "form": form,
        "words": form.words,
        "receipt": receipt if links.is_token(receipt) else links.new_token(),
        "signed": _signed(request),
        "theme": _theme(request),
        "is_english": asked.language == FormLanguage.ENGLISH,
        **at.context(),
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _theme(request: HttpRequest) -> str:
    theme = request.GET.get("theme", "")
    return theme if theme in THEMES else ""


def _is_from_here(request: HttpRequest) -> bool:
    """The post comes from the frame, whose origin is ours; a browser says so, and a form elsewhere cannot claim it."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return origin == f"{request.scheme}://{request.get_host()}" or origin == _origin_of(settings.SITE_URL)


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
