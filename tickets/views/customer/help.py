"""Ask us something, signed in or not, and see that we have it."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit
from tickets import customer_queries
from tickets.actions import ask, links
from tickets.actions.attach import CannotAttach, store_upload
from tickets.actions.entitling.at_opening import Proof
from tickets.actions.intake import CannotOpenTicket
from tickets.entitlements import purchase_path, sells_priority, status
from tickets.forms.customer import Bought, QuestionForm, StrangerQuestionForm
from tickets.support_choices import CheckMethod, Support
from tickets.views.customer.suggesting import Addresses, typed_so_far, wants_to_look

FROM_NETWORK = Limit("tickets opened from a network", times=30, seconds=3600)
FOR_ADDRESS = Limit("tickets opened for an address", times=10, seconds=3600)


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def open_ticket(request: HttpRequest) -> HttpResponse:
    """The form, and what it opens."""
    now = timezone.now()
    form_class = QuestionForm if request.user.is_authenticated else StrangerQuestionForm
    bought = _bought(request, now)
    if request.method != "POST":
        return _form(request, form_class(bought=bought))
    if wants_to_look(request):
        return _form(request, form_class(initial=typed_so_far(request, form_class(bought=bought)), bought=bought))
    form = form_class(request.POST, request.FILES, bought=bought)
    if not form.is_valid():
        return _form(request, form, status=422)
    wait = _seconds_to_wait(request, form, now)
    if wait:
        return _too_many(request, form, wait)
    try:
        receipt = _open(request, form, now)
    except CannotAttach as refusal:
        form.add_error("attachments", str(refusal))
    except CannotOpenTicket as refusal:
        form.add_error("text", str(refusal))
    else:
        return redirect("customer:received", receipt)
    return _form(request, form, status=422)


@public
@private
@require_safe
def received(request: HttpRequest, token: str) -> HttpResponse:
    """“We have it”: the number, what happens next and by when. A bookmark; it opens nothing else."""
    try:
        link = links.open_link(token, purpose=links.CONFIRM_RECEIPT, now=timezone.now())
    except links.UnknownLink:
        return render(request, "tickets/customer/received_gone.html", status=404)
    except links.SpentLink:
        return render(request, "tickets/customer/received_gone.html", status=410)
    is_own = request.user.is_authenticated and request.user.pk == link.ticket.requester_id
    context = {"ticket": link.ticket, "is_own": is_own, "kept_until": link.expires_at}
    if is_own and link.ticket.support == Support.ENDED:
        context["renewal"] = purchase_path()
    with timezone.override(customer_queries.zone_for(link.person, link.ticket)):
        return render(request, "tickets/customer/received.html", context)


def _open(request: HttpRequest, form: QuestionForm, now: datetime) -> str:
    cleaned = form.cleaned_data
    words = {
        "subject": cleaned["subject"],
        "text": cleaned["text"],
        "uploads": [store_upload(upload=each, now=now) for each in cleaned["attachments"]],
        "receipt": request.POST.get("receipt", ""),
        "fields": form.own_values(),
        "suggested": request.POST.get("suggest", ""),
        "now": now,
    }
    if request.user.is_authenticated:
        return ask.ask(person=request.user, proof=_shown(request, form), **words)
    return ask.ask_as_stranger(address=cleaned["address"], name=cleaned["name"], proof=form.claim(), **words)


def _shown(request: HttpRequest, form: QuestionForm) -> Proof:
    """Signed in with a proven address shows who it is; without one it is a claim like any other."""
    is_proven = request.user.is_authenticated and request.user.email_verified_at is not None
    method = CheckMethod.SESSION if is_proven else CheckMethod.CLAIM
    return replace(form.claim(), method=method)


def _bought(request: HttpRequest, now: datetime) -> Bought:
    """What the form asks about priority: nothing on a desk that sells none."""
    if request.user.is_authenticated:
        return Bought(status(request.user, now), sells_priority())
    return Bought(is_sold=sells_priority())


def _seconds_to_wait(request: HttpRequest, form: QuestionForm, now: datetime) -> int:
    """Counted alike for every address, known or not (S45)."""
    address = request.user.email if request.user.is_authenticated else form.cleaned_data["address"]
    limits = [(FROM_NETWORK, network_of(client_ip(request))), (FOR_ADDRESS, address)]
    return max(hit(limit, part, now=now) for limit, part in limits)


def _too_many(request: HttpRequest, form: QuestionForm, wait: int) -> HttpResponse:
    minutes = timedelta(seconds=wait) // timedelta(minutes=1) + 1
    form.add_error(
        None,
        "Many tickets came from here in a short time, so this one was not opened. "
        f"What you wrote is still here: send it again in {minutes} minute{'s' if minutes != 1 else ''}, "
        f"or mail it to {settings.DEFAULT_MAIL_FROM}",
    )
    response = _form(request, form, status=429)
    response["Retry-After"] = str(wait)
    return response


def _form(request: HttpRequest, form: QuestionForm, status: int = 200) -> HttpResponse:
    receipt = request.POST.get("receipt", "")
    context = {
        "section": "help",
        "form": form,
        "receipt": receipt if links.is_token(receipt) else links.new_token(),
        **Addresses(request).context(),
    }
    return render(request, "tickets/customer/help.html", context, status=status)
