"""The secure link in our mails: read and answer one ticket without signing in (S36 to S39)."""

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mail.actions.choices import choices_address
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit
from tickets import customer_queries
from tickets.actions import links
from tickets.actions.attach import CannotAttach, store_upload
from tickets.choices import Category
from tickets.forms.customer import AnswerForm, FreshLinkForm
from tickets.models import AccessLink
from tickets.refusals import Refused
from tickets.views.customer.pages import download, shown_picture

ANSWERS = Limit("answers through a link", times=20, seconds=3600)
MADE_UP = Limit("made-up links from a network", times=60, seconds=3600)
FRESH_FROM_NETWORK = Limit("fresh links asked from a network", times=20, seconds=3600)


@public
@private
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The conversation. Opening it changes nothing, however often a mail scanner does (S38)."""
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=timezone.now())
    except Refused as refusal:
        return _gone(request, token, refusal)
    return _page(request, found, token, AnswerForm())


@public
@private
@require_POST
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """An answer, marked "via link": whoever holds the link wrote it."""
    now = timezone.now()
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=now)
    except Refused as refusal:
        return _gone(request, token, refusal)
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, token, form, status=422)
    wait = hit(ANSWERS, str(found.pk), now=now)
    if wait:
        return too_soon(_page(request, found, token, form, status=429, refusal="answers"), wait)
    try:
        _write(found, form, now)
    except CannotAttach as refusal:
        form.add_error("attachments", str(refusal))
        return _page(request, found, token, form, status=422)
    except Refused as refusal:
        form.add_error("text", str(refusal))
        return _page(request, found, token, form, status=422)
    return redirect("customer:link_answered", token)


@public
@private
@require_safe
def answered(request: HttpRequest, token: str) -> HttpResponse:
    """“We have your answer”, with the number and what happens next."""
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=timezone.now())
    except Refused as refusal:
        return _gone(request, token, refusal)
    return _page(request, found, token, AnswerForm(), has_answered=True)


@public
@private
@require_POST
def close(request: HttpRequest, token: str) -> HttpResponse:
    """“My question is answered.”"""
    return _turn(request, token, links.close)


@public
@private
@require_POST
def reopen(request: HttpRequest, token: str) -> HttpResponse:
    """“It is not solved after all.”"""
    return _turn(request, token, links.reopen)


@public
@private
@require_safe
def picture(request: HttpRequest, token: str, file_pk: int) -> HttpResponseBase:
    """A picture of a message that the link shows."""
    now = timezone.now()
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=now)
    except Refused as refusal:
        return _gone(request, token, refusal)
    return shown_picture(customer_queries.attachment_of(found.ticket, file_pk, now=now, since=_since(found)))


@public
@private
@require_safe
def file(request: HttpRequest, token: str, file_pk: int) -> HttpResponseBase:
    """A file of a message that the link shows."""
    now = timezone.now()
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=now)
    except Refused as refusal:
        return _gone(request, token, refusal)
    attachment = customer_queries.attachment_of(found.ticket, file_pk, now=now, since=_since(found))
    if attachment is None:
        raise Http404
    return download(attachment)


@public
@private
@require_POST
def fresh(request: HttpRequest) -> HttpResponse:
    """Mail a fresh link to the address, if it is on file. The answer and its time say nothing about that (S45)."""
    form = FreshLinkForm(request.POST)
    if not form.is_valid():
        return render(request, "tickets/customer/link_gone.html", {"form": form}, status=422)
    wait = hit(FRESH_FROM_NETWORK, network_of(client_ip(request)), now=timezone.now())
    if wait:
        page = render(request, "tickets/customer/link_gone.html", {"form": form, "refusal": "fresh"}, status=429)
        return too_soon(page, wait)
    links.ask_for_fresh_links(address=form.cleaned_data["address"], now=timezone.now())
    return redirect("customer:link_sent")


@public
@private
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """“Look into your mail.”"""
    return render(request, "tickets/customer/link_sent.html")


def _turn(request: HttpRequest, token: str, action: Callable[..., None]) -> HttpResponse:
    """Close or reopen. Whoever is only in copy finds no such page."""
    now = timezone.now()
    try:
        found = links.open_link(token, purpose=links.READ_AND_ANSWER, now=now)
    except Refused as refusal:
        return _gone(request, token, refusal)
    wait = hit(ANSWERS, str(found.pk), now=now)
    if wait:
        return too_soon(_page(request, found, token, AnswerForm(), status=429, refusal="answers"), wait)
    try:
        action(link=found, now=now)
    except Refused as error:
        raise Http404 from error
    return redirect("customer:link", token)


def _write(found: AccessLink, form: AnswerForm, now: datetime) -> None:
    uploads = [store_upload(upload=each, now=now) for each in form.cleaned_data["attachments"]]
    links.answer(link=found, text=form.cleaned_data["text"], attachments=uploads, now=now)


def _since(found: AccessLink) -> datetime | None:
    """Who asked may read it all; a copied person reads from the mail on that brought the link (S9)."""
    return None if found.person_id == found.ticket.requester_id else found.created_at


def _page(
    request: HttpRequest,
    found: AccessLink,
    token: str,
    form: AnswerForm,
    *,
    status: int = 200,
    refusal: str = "",
    has_answered: bool = False,
) -> HttpResponse:
    now, since = timezone.now(), _since(found)
    context = {
        "ticket": found.ticket,
        "thread": customer_queries.thread_for(found.ticket, now=now, since=since, whole="whole" in request.GET),
        "next_step": customer_queries.next_step(found.ticket, now),
        "is_closed": found.ticket.category == Category.CLOSED,
        "is_part": since is not None,
        "token": token,
        "expires_at": found.expires_at,
        "reader": found.person,
        "form": form,
        "refusal": refusal,
        "has_answered": has_answered,
        "choices": choices_address(found.person.email),
        "has_script": True,
    }
    with timezone.override(customer_queries.zone_for(found.person, found.ticket)):
        return render(request, "tickets/customer/link.html", context, status=status)


def _gone(request: HttpRequest, token: str, refusal: Refused) -> HttpResponse:
    """One page for links that are over and links that never were: only the status differs (U29).

    Whoever tries one made-up link after the other is told to wait (S46).
    """
    status = 410 if isinstance(refusal, links.SpentLink) else 404
    if status == 404 and (wait := hit(MADE_UP, network_of(client_ip(request)), now=timezone.now())):
        page = render(request, "tickets/customer/link_gone.html", {"form": FreshLinkForm()}, status=429)
        return too_soon(page, wait)
    return render(request, "tickets/customer/link_gone.html", {"form": FreshLinkForm()}, status=status)
