"""How tickets of a team find their people, how its customers are reminded, and who is at work."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import can
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets import placeholders
from tickets.actions.setup import teamwork
from tickets.forms.settings.teamwork import DistributionForm, NudgeForm
from tickets.models import Team
from tickets.queries_desk import automation
from tickets.views.settings.door import may, page, saved

REFUSALS = (teamwork.CannotChangeTeamwork,)


@staff_only
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Each team: who gets the next ticket, who is away, and whether customers are reminded."""
    now = timezone.now()
    away = automation.absent_people(now)
    teams = [
        (team, [(one, away.get(one.person_id)) for one in team.members.all()]) for team in automation.teams_at_work()
    ]
    return page(request, "teamwork", "teamwork", teams=teams, may_change=can(request.user, "desk.automate"))


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def distribution(request: PersonRequest, pk: int) -> HttpResponse:
    """Who gets the next ticket of a team, and when one goes back."""
    team = get_object_or_404(Team, pk=pk)
    members = list(team.members.select_related("person").order_by("person__name", "pk"))
    form = DistributionForm(
        request.POST if request.method == "POST" else None, kept=automation.rotation_of(team), members=members
    )

    def change(entered: dict) -> None:
        teamwork.set_distribution(team=team, **form.entered(), by=request.user, now=timezone.now())

    words = f"{team.name} hands out its tickets like this from now on."
    if saved(request, form, change, refusals=REFUSALS, words=words):
        return redirect("settings:teamwork")
    return page(request, "distribution_form", "teamwork", form=form, team=team)


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: PersonRequest, pk: int) -> HttpResponse:
    """Nudge, nudge, close."""
    team = get_object_or_404(Team, pk=pk)
    form = NudgeForm(request.POST if request.method == "POST" else None, kept=automation.reminders_of(team))

    def change(entered: dict) -> None:
        teamwork.set_nudges(team=team, **form.entered(), by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words=f"The reminders of {team.name} are set."):
        return redirect("settings:teamwork")
    context = {"team": team, "placeholders": placeholders.PLACEHOLDERS.items()}
    return page(request, "nudge_form", "teamwork", form=form, **context)
