"""What an address of the reports asks for. Anything strange means the usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from insights.choices import Dimension
from insights.desk import desk_zone
from insights.forms import PeriodForm
from insights.periods import PRESETS, Period, asks_for_days, read_preset
from insights.queries_reports import Scope
from tickets.models import Team

DIMENSIONS = [one for one in Dimension if one != Dimension.ALL]


@dataclass(frozen=True)
class Asked:
    """A scope, by what it is broken down, and the form with what was typed."""

    scope: Scope
    form: PeriodForm
    dimension: str
    teams: list[Team]

    @property
    def context(self) -> dict:
        """What every report page shows around its figures."""
        period = self.scope.period
        return {
            "section": "reports",
            "asked": self,
            "form": self.form,
            "period": period,
            "previous": period.previous,
            "presets": PRESETS,
            "teams": self.teams,
            "team": next((team for team in self.teams if team.pk == self.scope.team), None),
            "dimensions": DIMENSIONS,
            "dimension": Dimension(self.dimension),
            "query": self.query,
        }

    @property
    def query(self) -> str:
        """The same question in an address, without its breakdown."""
        period = self.scope.period
        asked = {"period": period.preset} if period.preset else period.address
        return urlencode({**asked, **({"team": self.scope.team} if self.scope.team else {})})


def read(request: HttpRequest, *, now: datetime) -> Asked:
    """Two queries: the desk's zone, its teams."""
    zone, get = desk_zone(), request.GET
    teams = list(Team.objects.order_by("name", "pk"))
    preset = read_preset(get.get("period", ""), now=now, zone=zone)
    form = PeriodForm(get if _has_chosen_days(get, preset) else None)
    if form.is_bound and form.is_valid():
        period = Period(form.cleaned_data["since"], form.cleaned_data["until"], zone)
    else:
        period = preset
    if not form.is_bound:
        form = PeriodForm(initial={"since": period.since, "until": period.until})
    team = get.get("team", "")
    chosen = next((one.pk for one in teams if str(one.pk) == team), None)
    by = get.get("by", "")
    dimension = by if by in DIMENSIONS else Dimension.TEAM.value
    return Asked(Scope(period, chosen), form, dimension, teams)


def _has_chosen_days(get: Mapping[str, str], preset: Period) -> bool:
    """Whether the days count and not the period's name: it is none, or it was left as it was and the days were not."""
    if not asks_for_days(get) or not get.get("period"):
        return asks_for_days(get)
    typed = {"since": get.get("since", ""), "until": get.get("until", "")}
    return get.get("was") == get.get("period") and typed != preset.address


def is_key(text: str) -> bool:
    """Whether an address names a row by its number."""
    return text.isascii() and text.isdigit() and len(text) < 19


def read_place(text: str) -> tuple[datetime, int] | None:
    """Where the page before ended; anything strange is the beginning."""
    at, _, key = text.replace(" ", "+").partition("_")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    return (moment, int(key)) if moment and moment.tzinfo and is_key(key) else None
