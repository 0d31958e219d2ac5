"""What tickets of an export refer to here: teams, states, reasons, fields, promises. Read once a slice."""

from datetime import datetime
from functools import cached_property

from django.db.models.base import ModelState

from tickets import clocks
from tickets.actions.imports.files import Beside
from tickets.actions.keeping import default_status
from tickets.actions.many import Promises
from tickets.choices import PAUSED, Category
from tickets.custom_fields import BadValue, all_fields, clean_value
from tickets.import_formats.records import Case, Unreadable, clean
from tickets.models import ContactReason, ServiceLevel, Team, Ticket, TicketImport


class Desk:
    """What tickets refer to here, read once a slice."""

    def __init__(self, run: TicketImport) -> None:
        self.run = run
        self.promises = Promises()
        self.beside = Beside(run)
        self._statuses: dict[str, int] = {}
        self._blanks: dict[int, Ticket] = {}
        self._levels: dict[int, ServiceLevel | None] = {}

    def status(self, category: str) -> int:
        """The state that a ticket of this category is in."""
        if category not in self._statuses:
            self._statuses[category] = default_status(category).pk
        return self._statuses[category]

    @cached_property
    def _teams(self) -> dict[str, Team]:
        rows = Team.objects.select_related("service_level__calendar")
        return {team.name.casefold(): team for team in rows}

    def team(self, name: str) -> Team:
        """The team of this name, else the one that the import goes to."""
        found = self._teams.get(name.casefold())
        return found or next(team for team in self._teams.values() if team.pk == self.run.team_id)

    def blank(self, team: Team) -> Ticket:
        """A ticket of a team that holds nothing yet. Copied, since a model with sixty fields takes its time."""
        if team.pk not in self._blanks:
            level = self.level(team)
            self._blanks[team.pk] = Ticket(team=team, service_level=level, is_unread=False, visit=1)
        ticket = Ticket.__new__(Ticket)
        ticket.__dict__.update(self._blanks[team.pk].__dict__, _state=ModelState())
        return ticket

    def level(self, team: Team):
        """The service level of a team."""
        if team.pk not in self._levels:
            self._levels[team.pk] = clocks.level_for(team)
        return self._levels[team.pk]

    @cached_property
    def _reasons(self) -> dict[str, int]:
        rows = ContactReason.objects.filter(is_active=True).order_by("-pk").values_list("name", "pk")
        return {_plain(name): pk for name, pk in rows}

    def reason(self, case: Case) -> int | None:
        """The contact reason that a record names, or one of its tags does where that is wanted."""
        words = [case.reason, *(case.tags if self.run.reasons_from_tags else ())]
        return next((self._reasons[_plain(word)] for word in words if _plain(word) in self._reasons), None)

    @cached_property
    def _fields(self) -> dict:
        return {field.key: field for field in all_fields()}

    def custom(self, case: Case) -> dict:
        """Values of the desk's own fields. Raises Unreadable."""
        found = {}
        for key, given in case.custom:
            if key in self._fields:
                try:
                    found[key] = clean_value(self._fields[key], clean(given))
                except BadValue as problem:
                    raise Unreadable(str(problem)) from None
        return {key: kept for key, kept in found.items() if kept is not None}


def plan_again(ticket: Ticket, case: Case, desk: Desk, now: datetime) -> None:
    """The next date of a ticket that came from elsewhere: its own, if that lies ahead, or else the usual one."""
    promise = desk.promises(ticket) if ticket.category != Category.CLOSED else None
    ticket.clocks_paused_at = now if ticket.category in PAUSED else None
    ticket.follow_up_at = case.follow_up_at if case.follow_up_at and case.follow_up_at > now else None
    clocks.plan(ticket, promise, now)


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").casefold().split())
