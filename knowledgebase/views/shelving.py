"""Staff: where a page stands, what is wrong with it, where it leads."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.door import done
from accounts.requests import PersonRequest
from knowledgebase.actions import flagging, link_checking, shelving
from knowledgebase.forms.shelving import FlagForm, PlaceForm
from knowledgebase.models import Article, Link
from knowledgebase.queries_page import links_of, reasons_of, said_of
from knowledgebase.refusals import Refused
from knowledgebase.views.wiki import page, readable_or_404
from supportdesk.lib.audience import staff_only


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def place(request: PersonRequest, slug: str) -> HttpResponse:
    """Address, space, place in the tree, tags, owner."""
    found = _mine(request, slug)
    form = PlaceForm(request.POST if request.method == "POST" else None, article=found, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            moved = _put(found, form.cleaned_data, request)
        except shelving.CannotShelve as refusal:
            form.add_error(refusal.field or None, str(refusal))
        except Refused as refusal:  # what stands in it cannot be handed in there
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _said(found, moved))
            return redirect("wiki:article", moved.slug)
    found.refresh_from_db()
    return page(request, "place", status=422 if form.errors else 200, article=found, form=form)


@transaction.atomic
def _put(found: Article, wanted: dict, request: PersonRequest) -> Article:
    """All of it or nothing."""
    by, now = request.user, timezone.now()
    row = shelving.rename(article=found, slug=wanted["slug"], by=by, now=now)
    row = shelving.tag(article=row, tags=wanted["tags"], by=by, now=now)
    if wanted["owner"].pk != row.owner_id:
        row = shelving.give(article=row, owner=wanted["owner"], by=by, now=now)
    parent, position = wanted["parent"], wanted["position"] or 0
    if wanted["space"].pk != row.space_id:
        parent = None if parent and parent.space_id != wanted["space"].pk else parent
    if (wanted["space"].pk, parent and parent.pk, position) != (row.space_id, row.parent_id, row.position):
        row = shelving.move(article=row, space=wanted["space"], parent=parent, position=position, by=by, now=now)
    return row


def _said(before: Article, after: Article) -> str:
    if before.published_id and not after.published_id:
        return f"It stands in {after.space.name} now. Readers see it there once somebody else has approved it."
    return "Saved." if before.slug == after.slug else "Saved. The old address leads here."


@require_POST
@staff_only
def archive(request: PersonRequest, slug: str) -> HttpResponse:
    """Put it away."""
    found = _mine(request, slug)
    words = f"{found.title} is archived. Whoever looks after a page that leads to it gets a mail."
    done(
        request,
        lambda: shelving.archive(article=found, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=words,
    )
    return redirect("wiki:article", found.slug)


@require_POST
@staff_only
def unarchive(request: PersonRequest, slug: str) -> HttpResponse:
    """Bring it back."""
    found = _mine(request, slug)
    done(
        request,
        lambda: shelving.unarchive(article=found, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=f"{found.title} is back.",
    )
    return redirect("wiki:article", found.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def flag(request: PersonRequest, slug: str) -> HttpResponse:
    """Say what is wrong with it."""
    found = readable_or_404(request, slug)
    form = FlagForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            flagging.flag(article=found, words=form.cleaned_data["words"], by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error("words", str(refusal))
        else:
            messages.success(request, f"{found.owner.shown_name} looks after this page and hears of it.")
            return redirect("wiki:article", found.slug)
    return page(request, "flag", status=422 if form.errors else 200, article=found, form=form)


@require_POST
@staff_only
def unflag(request: PersonRequest, slug: str) -> HttpResponse:
    """It is right as it is."""
    found = readable_or_404(request, slug)
    done(
        request,
        lambda: flagging.unflag(article=found, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words="The flag is gone.",
    )
    return redirect("wiki:article", found.slug)


@require_safe
@staff_only
def links(request: PersonRequest, slug: str) -> HttpResponse:
    """Where its published text leads, and who leads to it."""
    found = readable_or_404(request, slug)
    return page(request, "links", article=found, links=links_of(request.user, found))


@require_POST
@staff_only
def change_link(request: PersonRequest, slug: str, pk: int) -> HttpResponse:
    """Try it again, or never."""
    found = _mine(request, slug)
    link = Link.objects.filter(article=found, pk=pk, is_outside=True).first() if 0 < pk < 2**63 else None
    if link is None:
        raise Http404
    if request.POST.get("do") == "ignore":
        link_checking.ignore(link=link, now=timezone.now())
        messages.success(request, "It is not tried again.")
    else:
        link_checking.try_again(link=link)
        messages.success(request, "It is tried again within the hour.")
    return redirect("wiki:links", found.slug)


@require_safe
@staff_only
def votes(request: PersonRequest, slug: str) -> HttpResponse:
    """What readers said of the published text."""
    found = readable_or_404(request, slug)
    return page(request, "votes", article=found, said=said_of(found), reasons=reasons_of(request.user, found))


def _mine(request: PersonRequest, slug: str) -> Article:
    """The article, for whoever may move it."""
    found = readable_or_404(request, slug)
    if not shelving.may_shelve(request.user, found):
        raise PermissionDenied("You may not move this page. Ask an editor.")
    return found
