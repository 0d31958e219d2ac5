"""Articles beside a ticket: what may answer it, a link to one in the reply, what is wrong with one, a new one."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import NotAllowed, can
from accounts.door import may
from accounts.requests import PersonRequest
from knowledgebase.access import articles_for, may_write, spaces_for
from knowledgebase.actions import flagging
from knowledgebase.models import Article
from knowledgebase.refusals import Refused as WikiRefused
from supportdesk.lib.palette import Asked, Found
from tickets.access import ticket_for, tickets_for
from tickets.actions.articles import NowhereToWrite, begin_article
from tickets.queries_desk.articles import address_of, offered, read_before, sendable_to
from tickets.views.desk.pages import Place, complain, go, page, worker_only
from tickets.views.desk.saved_replies import keep_with

LONGEST = 400


class FlagForm(forms.Form):
    """What is wrong with an article."""

    words = forms.CharField(
        label="What is wrong with it?",
        max_length=flagging.LONGEST - 60,
        help_text="Its owner reads this, with the number of this ticket.",
        error_messages={"required": "Say what is wrong with it"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_safe
@may("tickets.see")
def beside(request: PersonRequest, pk: int) -> HttpResponse:
    """What may answer the ticket, or what `?q=` finds: a panel, a dialog, or a page."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    words = request.GET.get("find", "")[:LONGEST].replace("\0", "").strip()
    context = {
        "ticket": ticket,
        "place": place,
        "section": "inbox",
        "words": words,
        "offered": offered(request.user, ticket, words),
        "before": None if words else read_before(request.user, ticket),
        "may_work": can(request.user, "tickets.work"),
        "may_write": can(request.user, "articles.write"),
    }
    in_dialog = request.headers.get("HX-Target") == "dialog-body" or request.GET.get("at") == "dialog"
    context["at"] = "dialog" if in_dialog else "panel"
    is_part = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") != "dialog-body"
    if is_part:
        response = render(request, "tickets/desk/_articles.html", context)
    else:
        response = page(request, "tickets/desk/articles.html", context | {"back": place.ticket_address(ticket.pk)})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@worker_only
def insert(request: PersonRequest, pk: int, article: int) -> HttpResponse:
    """Put a link to an article below what was written so far; only one that the customer may read."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    chosen = sendable_to(ticket).filter(pk=article).first() if 0 < article < 2**63 else None
    if chosen is None:
        if _article(request, article) is None:
            raise Http404
        complain(request, f"{ticket.requester.shown_name} may not read that article, so no link to it was inserted.")
        return go(f"{place.ticket_address(ticket.pk)}?write=reply")
    trouble = keep_with(request, ticket, f"{chosen.title}\n{address_of(chosen)}")
    if trouble:
        complain(request, trouble)
    return go(f"{place.ticket_address(ticket.pk)}?write=reply")


@require_http_methods(["GET", "HEAD", "POST"])
@may("tickets.see")
def flag(request: PersonRequest, pk: int, article: int) -> HttpResponse:
    """Say what is wrong with an article that came up here."""
    ticket, found = ticket_for(request.user, pk), _article(request, article)
    if found is None:
        raise Http404
    form = FlagForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            flagging.flag(
                article=found, words=form.cleaned_data["words"], ticket_id=ticket.pk, by=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except WikiRefused as refusal:
            form.add_error("words", str(refusal))
        else:
            messages.success(request, f"{found.owner.shown_name} is told what is wrong with “{found.title}”.")
            return redirect("desk:short_address", ticket.pk)
    context = {"section": "inbox", "ticket": ticket, "article": found, "form": form}
    return render(request, "tickets/desk/flag_article.html", context, status=422 if form.errors else 200)


@require_POST
@may("articles.write")
def begin(request: PersonRequest, pk: int) -> HttpResponse:
    """Begin an article with what was answered here."""
    ticket = ticket_for(request.user, pk)
    space = next((one for one in _spaces(request) if may_write(request.user, one)), None)
    try:
        draft = begin_article(ticket=ticket, space=space, by=request.user, now=timezone.now())
    except (NowhereToWrite, WikiRefused, NotAllowed) as refusal:
        messages.error(request, str(refusal))
        return redirect("desk:short_address", ticket.pk)
    return redirect("wiki:draft", draft.pk)


def in_palette(person, asked: Asked, now) -> list[Found]:
    """Articles of which a link may go into the reply, on the ticket where somebody asks."""
    if not asked.ticket or len(asked.words) < 2 or not can(person, "tickets.work"):
        return []
    ticket = tickets_for(person).select_related("requester").filter(pk=asked.ticket).first()
    if ticket is None:
        return []
    return [
        Found(f"Insert a link: {one.article.title}", f"/desk/tickets/{ticket.pk}/articles/{one.article.pk}/insert/",
              "link", one.article.space.name, posts=True)
        for one in offered(person, ticket, asked.words)[:3]
        if one.may_send
    ]  # fmt: skip


def _article(request: PersonRequest, pk: int) -> Article | None:
    return articles_for(request.user).select_related("owner").filter(pk=pk).first() if 0 < pk < 2**63 else None


def _spaces(request: PersonRequest) -> list:
    """Public ones first: what was answered to one customer helps the next."""
    return sorted(spaces_for(request.user), key=lambda space: not space.is_public_side)
