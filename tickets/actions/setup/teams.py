"""Teams: who shares a queue, who leads it, what it promises."""

from collections.abc import Collection
from datetime import datetime

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.contact_forms import forms_of
from tickets.actions.setup.door import by_admin
from tickets.actions.setup.recompute import ask_to_recompute
from tickets.choices import Sourcing
from tickets.models import MailboxRoute, ServiceLevel, Team, TeamMember, Ticket
from tickets.refusals import Refused


class CannotChangeTeam(Refused):
    """The message may be shown to the admin who asked."""


@by_admin
def create_team(
    *,
    name: str,
    lead: Person | None,
    members: Collection[Person],
    service_level: ServiceLevel | None,
    by: Person,
    now: datetime,
    sourcing: str = Sourcing.INHOUSE,
) -> Team:
    """Make a team. Its lead need not be a member."""
    _check_name(name, None)
    _check_staff(lead, members)
    team = Team.objects.create(name=name, lead=lead, service_level=service_level, sourcing=sourcing)
    _put_members(team, members)
    journal.record(by=by, action="tickets.create_team", subject=_subject(team), data=_data(team, members), now=now)
    return team


@by_admin
def change_team(
    *,
    team: Team,
    name: str,
    lead: Person | None,
    members: Collection[Person],
    service_level: ServiceLevel | None,
    by: Person,
    now: datetime,
    sourcing: str = Sourcing.INHOUSE,
) -> Team:
    """Set everything about a team. Another service level recomputes its open tickets in the background."""
    team = Team.objects.select_for_update().get(pk=team.pk)
    _check_name(name, team)
    _check_staff(lead, members)
    level_before = team.service_level_id
    team.name, team.lead, team.service_level, team.sourcing = name, lead, service_level, sourcing
    team.save(update_fields=["name", "lead", "service_level", "sourcing"])
    _put_members(team, members)
    journal.record(by=by, action="tickets.change_team", subject=_subject(team), data=_data(team, members), now=now)
    if team.service_level_id != level_before:
        _recompute(level_before, team.service_level_id, now=now)
    return team


@by_admin
def remove_team(*, team: Team, by: Person, now: datetime) -> None:
    """Remove a team that has neither tickets nor a mailbox. Raises CannotChangeTeam."""
    team = Team.objects.select_for_update().get(pk=team.pk)
    if Ticket.objects.filter(team=team).exists():
        raise CannotChangeTeam(f"{team.name} has tickets. Rename the team instead, or give its tickets to another one.")
    if MailboxRoute.objects.filter(team=team).exists():
        raise CannotChangeTeam(f"A mailbox feeds {team.name}. Send its mail to another team first.")
    if forms := forms_of(team):
        raise CannotChangeTeam(f"The contact form {forms[0]} leads to {team.name}. Lead it to another team first.")
    journal.record(by=by, action="tickets.remove_team", subject=_subject(team), data={"name": team.name}, now=now)
    team.delete()


def _recompute(*levels: int | None, now: datetime) -> None:
    """Tickets that stood under the level before, and those that stand under the new one. None is the default level."""
    default = ServiceLevel.objects.filter(is_default=True).values_list("pk", flat=True).first()
    for level_id in sorted(level for level in {each or default for each in levels} if level is not None):
        ask_to_recompute(level_id=level_id, now=now)


def _put_members(team: Team, members: Collection[Person]) -> None:
    wanted = {person.pk for person in members}
    team.members.exclude(person__in=wanted).delete()
    present = set(team.members.values_list("person_id", flat=True))
    TeamMember.objects.bulk_create(TeamMember(team=team, person_id=pk) for pk in sorted(wanted - present))


def _check_name(name: str, team: Team | None) -> None:
    if Team.objects.filter(name__iexact=name).exclude(pk=team.pk if team else 0).exists():
        raise CannotChangeTeam(f"There is already a team called {name}")


def _check_staff(lead: Person | None, members: Collection[Person]) -> None:
    for person in [*members, *([lead] if lead else [])]:
        if not person.is_staff_member:
            raise CannotChangeTeam(f"{person.shown_name} has no role at this desk. Grant one first.")


def _subject(team: Team) -> str:
    return f"tickets.team:{team.pk}"


def _data(team: Team, members: Collection[Person]) -> dict:
    return {
        "name": team.name,
        "lead": team.lead_id,
        "service_level": team.service_level_id,
        "sourcing": team.sourcing,
        "members": sorted(person.pk for person in members),
    }
