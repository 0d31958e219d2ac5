"""Teams and states."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import setup_queries
from tickets.actions.setup import statuses, teams
from tickets.choices import Category
from tickets.forms.settings.desk import NewStatusForm, StatusNameForm, TeamForm
from tickets.models import Status, Team
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (teams.CannotChangeTeam, statuses.CannotChangeStatus)


@staff_only
@require_safe
def team_list(request: PersonRequest) -> HttpResponse:
    """Who shares which queue."""
    return page(request, "team_list", "teams", teams=setup_queries.teams())


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_team(request: PersonRequest) -> HttpResponse:
    """Make a team."""
    form = TeamForm(request.POST if request.method == "POST" else None)

    def create(entered: dict) -> None:
        teams.create_team(**entered, by=request.user, now=timezone.now())

    if saved(request, form, create, refusals=REFUSALS, field="name", words="The team is ready."):
        return redirect("settings:teams")
    return page(request, "team_form", "teams", form=form, team=None)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a team."""
    row = get_object_or_404(Team, pk=pk)
    shown = {
        "name": row.name,
        "lead": row.lead_id,
        "service_level": row.service_level_id,
        "sourcing": row.sourcing,
        "members": list(row.members.values_list("person_id", flat=True)),
    }
    form = TeamForm(request.POST if request.method == "POST" else None, initial=shown)

    def change(entered: dict) -> None:
        teams.change_team(team=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, field="name", words=f"{row.name} is changed."):
        return redirect("settings:teams")
    return page(request, "team_form", "teams", form=form, team=row)


@may("desk.set_up")
@require_POST
def remove_team(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a team that nothing depends on."""
    row = get_object_or_404(Team, pk=pk)
    done(
        request,
        lambda: teams.remove_team(team=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed.",
    )
    return redirect("settings:teams")


@may("desk.set_up")
@require_POST
def add_status(request: PersonRequest) -> HttpResponse:
    """Add a state to a category."""
    form = NewStatusForm(request.POST)

    def add(entered: dict) -> None:
        statuses.add_status(**entered, by=request.user, now=timezone.now())

    if saved(request, form, add, refusals=REFUSALS, field="name", words="The state is ready."):
        return redirect("settings:statuses")
    return _statuses(request, form)


@staff_only
@require_safe
def status_list(request: PersonRequest) -> HttpResponse:
    """States by category."""
    return _statuses(request, NewStatusForm())


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: PersonRequest, pk: int) -> HttpResponse:
    """Call a state differently."""
    row = get_object_or_404(Status, pk=pk)
    form = StatusNameForm(request.POST if request.method == "POST" else None, initial={"name": row.name})

    def rename(entered: dict) -> None:
        statuses.rename_status(status=row, **entered, by=request.user, now=timezone.now())

    if saved(request, form, rename, refusals=REFUSALS, field="name", words="The state has its new name."):
        return redirect("settings:statuses")
    return page(request, "status_form", "statuses", form=form, status=row)


@may("desk.set_up")
@require_POST
def status_default(request: PersonRequest, pk: int) -> HttpResponse:
    """Let tickets that enter the category get this state."""
    row = get_object_or_404(Status, pk=pk)
    done(
        request,
        lambda: statuses.make_default(status=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is the default of its category.",
    )
    return redirect("settings:statuses")


@may("desk.set_up")
@require_POST
def move_status(request: PersonRequest, pk: int) -> HttpResponse:
    """Move a state up or down within its category."""
    row = get_object_or_404(Status, pk=pk)
    steps = {"up": -1, "down": 1}.get(request.POST.get("to", ""), 0)
    statuses.move_status(status=row, steps=steps, by=request.user, now=timezone.now())
    return redirect("settings:statuses")


@may("desk.set_up")
@require_POST
def remove_status(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a state; its tickets take the default of the category."""
    row = get_object_or_404(Status, pk=pk)
    done(
        request,
        lambda: statuses.remove_status(status=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed. Its tickets have the default state of the category now.",
    )
    return redirect("settings:statuses")


def _statuses(request: PersonRequest, form: NewStatusForm) -> HttpResponse:
    rows = setup_queries.statuses()
    groups = [(category.label, [row for row in rows if row.category == category]) for category in Category]
    return page(request, "status_list", "statuses", form=form, groups=groups)
