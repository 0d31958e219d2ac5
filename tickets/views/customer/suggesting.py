"""Answers while somebody fills in a form of ours (A10). The list is the wiki's; here it learns which form it is."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from knowledgebase.actions import suggesting
from knowledgebase.choices import Surface
from knowledgebase.views.suggesting import FROM_NETWORK, solving, typed
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import hit
from tickets.contact_words import WORDS
from tickets.models import ContactForm

LIST = "knowledgebase/help/_suggestions.html"


def wants_to_look(request: HttpRequest) -> bool:
    """Without a script one asks for answers by a button; nothing is sent then."""
    return request.method == "POST" and "look" in request.POST


def typed_so_far(request: HttpRequest, form: forms.Form) -> dict[str, str]:
    """What stands in the fields of the form."""
    return {name: request.POST.get(name, "")[:100_000] for name in form.fields if name != "attachments"}


@dataclass(frozen=True)
class Addresses:
    """Where a form asks for answers, and what it shows of them already."""

    request: HttpRequest
    asked: ContactForm | None = None
    is_framed: bool = False

    def context(self) -> dict[str, object]:
        """For the form's template: `suggest`, `suggest_at`, `solved_at`, and `hits` where they were asked for."""
        token = self.request.POST.get("suggest", "")
        token = token if suggesting.is_token(token) else suggesting.new_token()
        context: dict[str, object] = {"suggest": token, "token": token}
        context |= {"suggest_at": self._at("list"), "solved_at": self._at("solved")}
        if not wants_to_look(self.request):
            return context
        return context | {"hits": listed(self.request, token, self.asked, is_framed=self.is_framed), "looked": True}

    def _at(self, what: str) -> str:
        if self.asked is None:
            return reverse("articles:suggestions" if what == "list" else "articles:solved")
        door = "embed" if self.is_framed else "contact"
        return reverse(f"customer:{door}_{'suggestions' if what == 'list' else 'solved'}", args=[self.asked.slug])


def listed(request: HttpRequest, token: str, asked: ContactForm | None, *, is_framed: bool) -> list:
    """What may answer. In a frame everybody is a stranger."""
    now = timezone.now()
    if hit(FROM_NETWORK, network_of(client_ip(request)), now=now):
        return []
    return suggesting.show(
        token=token, person=None if is_framed else request.user, words=typed(request),
        surface=Surface.EMBED if is_framed else Surface.FORM, email=request.POST.get("address", ""),
        reason_id=_reason(request, asked), now=now,
    )  # fmt: skip


def answer(request: HttpRequest, asked: ContactForm, *, is_framed: bool) -> HttpResponse:
    """The list for what stands in a contact form, in its language."""
    token = request.POST.get("suggest", "")
    hits = listed(request, token, asked, is_framed=is_framed)
    shown = token if suggesting.is_token(token) else ""
    return render(request, LIST, {"hits": hits, "token": shown, "words": WORDS[asked.language]})


def keep_solved(request: HttpRequest, asked: ContactForm, template: str) -> HttpResponse:
    """“This solved it”: nothing is sent."""
    suggesting.solved(
        token=request.POST.get("suggest", ""), article=solving(request), email=request.POST.get("address", ""),
        now=timezone.now(),
    )  # fmt: skip
    return render(request, template, {"asked": asked, "words": WORDS[asked.language]})


def _reason(request: HttpRequest, asked: ContactForm | None) -> int | None:
    """Why they write, as the topic that they chose says, else the form."""
    if asked is None:
        return None
    number = request.POST.get("topic", "")
    known = number.isascii() and number.isdigit() and len(number) < 19
    topic = asked.topics.filter(pk=int(number)).first() if known else None
    return (topic.reason_id if topic else None) or asked.reason_id


@public
@private
@require_POST
def contact_list(request: HttpRequest, slug: str) -> HttpResponse:
    """For a contact form on a page of its own."""
    asked = ContactForm.objects.filter(is_active=True, slug=slug[:40]).first()
    return answer(request, asked, is_framed=False) if asked else HttpResponse(status=404)


@public
@private
@require_POST
def contact_solved(request: HttpRequest, slug: str) -> HttpResponse:
    """The same form, solved."""
    asked = ContactForm.objects.filter(is_active=True, slug=slug[:40]).first()
    return keep_solved(request, asked, "tickets/customer/contact_solved.html") if asked else redirect("articles:index")
