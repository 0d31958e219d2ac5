"""Saved views: keeping a search under a name, changing, ordering and removing it, and how many tickets each holds."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets.access import saved_view_for, tickets_for
from tickets.actions import saved_views as verbs
from tickets.choices import Sharing, ViewOrder
from tickets.forms.saved_views import SavedViewForm
from tickets.models import SavedView, Team
from tickets.queries_desk.inbox import shown_count
from tickets.queries_desk.saved_views import counts_of, seen_by
from tickets.views.desk.pages import Place, complain, form_page, go, page, say, worker_only


@require_safe
@staff_only
def view_list(request: PersonRequest) -> HttpResponse:
    """Every view that the reader sees, by who else sees it."""
    groups: dict[str, list[tuple[SavedView, bool]]] = {}
    for view in seen_by(request.user).select_related("team", "owner"):
        title = view.team.name if view.team else Sharing(view.sharing).label
        groups.setdefault(title, []).append((view, verbs.may_change(view, request.user)))
    works = can(request.user, "tickets.work")
    return page(request, "tickets/desk/saved_views.html", {"groups": groups, "section": "inbox", "may_work": works})


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def new_view(request: PersonRequest) -> HttpResponse:
    """Keep a search."""
    start = {"q": request.GET.get("q", ""), "order": ViewOrder.NEWEST, "whom": "mine"}
    form = _form(request, start)
    if request.method == "POST" and form.is_valid():
        try:
            view = verbs.save_view(**form.cleaned_data, by=request.user, now=timezone.now())
            return go(_address(view))
        except verbs.CannotSaveView as refusal:
            form.add_error("name", str(refusal))
    context = {"form": form, "section": "inbox", "back": _back(start["q"]), "action": reverse("desk:new_view")}
    return form_page(request, "tickets/desk/saved_view.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def change_view(request: PersonRequest, pk: int) -> HttpResponse:
    """Another name, search, order or circle."""
    view = saved_view_for(request.user, pk)
    form = _form(request, SavedViewForm.start(view), view)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.change_view(view=view, **form.cleaned_data, by=request.user, now=timezone.now())
            return go(_address(view))
        except verbs.CannotSaveView as refusal:
            form.add_error("name", str(refusal))
    context = {"form": form, "view": view, "section": "inbox", "back": _address(view), "action": request.path}
    return form_page(request, "tickets/desk/saved_view.html", context)


@require_POST
@worker_only
def remove_view(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget it. Its tickets stay."""
    view = saved_view_for(request.user, pk)
    try:
        verbs.remove_view(view=view, by=request.user, now=timezone.now())
        say(request, f"{view.name} is removed. Its tickets are where they were.")
    except verbs.CannotSaveView as refusal:
        complain(request, refusal)
    return go(reverse("desk:saved_views"))


@require_POST
@worker_only
def move_view(request: PersonRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    view = saved_view_for(request.user, pk)
    try:
        verbs.move_view(view=view, up=request.POST.get("to") == "up", by=request.user, now=timezone.now())
    except verbs.CannotSaveView as refusal:
        complain(request, refusal)
    return go(reverse("desk:saved_views"))


@require_safe
@staff_only
def counts(request: HttpRequest) -> HttpResponse:
    """`{"saved:12": "8"}`: what could be counted quickly. Asked for by an open screen, so that no page waits for it."""
    views = list(seen_by(request.user))
    found = counts_of(views, tickets_for(request.user), person=request.user, now=timezone.now()) if views else {}
    return JsonResponse({f"saved:{pk}": shown_count(number) for pk, number in found.items() if number is not None})


def _form(request: PersonRequest, start: dict, view: SavedView | None = None) -> SavedViewForm:
    teams = Team.objects.order_by("name", "pk")
    if not can(request.user, "tickets.export"):  # leads and admins share with any team
        teams = teams.filter(members__person=request.user)
    known = list(teams)
    if view and view.team and view.team not in known:
        known.append(view.team)
    typed = request.POST if request.method == "POST" else None
    return SavedViewForm(typed, initial=start, teams=known, writer=request.user)


def _address(view: SavedView) -> str:
    return Place(f"saved:{view.pk}").list_address()


def _back(q: str) -> str:
    return Place("search", q=q).list_address()
