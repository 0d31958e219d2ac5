"""Business calendars and service levels, as people write them."""

from datetime import date

from django import forms

from accounts.models import Person
from accounts.zones import zone_names
from supportdesk.lib.public_holidays import countries
from tickets.choices import Priority
from tickets.forms.durations import UnreadableDuration, format_minutes, parse_minutes
from tickets.forms.opening_hours import UnreadableHours, check_week, format_day, parse_day
from tickets.forms.settings.desk import PersonChoice, name_field, offer
from tickets.models import BusinessCalendar, ServiceLevel
from tickets.models.service import WEEKDAYS

CLOCKS = {
    "first_response_minutes": "First reply",
    "next_response_minutes": "Next reply",
    "resolution_minutes": "Solution",
}


def time_zones() -> list[tuple[str, str]]:
    """Every zone that people live in, by name."""
    return [(zone, zone.replace("_", " ")) for zone in zone_names()]


class CalendarForm(forms.Form):
    """A business calendar. One line of hours a day; own days one a line."""

    name = name_field("Name", length=80, missing="Enter a name for the calendar")
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zones,
        initial="UTC",
        error_messages={"required": "Choose a time zone", "invalid_choice": "Choose a time zone from the list"},
    )
    country = forms.CharField(
        label="Public holidays of",
        help_text="Two letters, like CA for Canada. Empty: no public holidays.",
        required=False,
        max_length=2,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": "4"}),
        error_messages={"max_length": "Use the two letters of the country, like CA"},
    )
    subdivision = forms.CharField(
        label="Province or state",
        help_text="As short as on a letter, like AB for Alberta. Empty: the whole country.",
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": "6"}),
        error_messages={"max_length": "Use the short form of the province or state, like AB"},
    )
    own_days = forms.CharField(
        label="More closed days",
        help_text="One a line: the date, then its name. Like 2026-12-24 Christmas Eve.",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for weekday, label in WEEKDAYS:
            self.fields[f"hours_{weekday}"] = forms.CharField(
                label=label,
                required=False,
                max_length=200,
                widget=forms.TextInput(attrs={"placeholder": "Closed", "autocomplete": "off"}),
                error_messages={"max_length": "Use at most 200 characters"},
            )

    @property
    def hour_fields(self) -> list[forms.BoundField]:
        """Monday to Sunday."""
        return [self[f"hours_{weekday}"] for weekday, _ in WEEKDAYS]

    def clean_country(self) -> str:
        code = self.cleaned_data["country"].strip().upper()
        if code and code not in countries():
            raise forms.ValidationError(f"We know no public holidays for {code}. Use two letters, like CA or DE")
        return code

    def clean_own_days(self) -> dict[date, str]:
        days: dict[date, str] = {}
        for number, line in enumerate(self.cleaned_data["own_days"].splitlines(), start=1):
            if line.strip():
                day_on, name = _own_day(line.strip(), number)
                days[day_on] = name
        return days

    def clean(self) -> dict:
        super().clean()
        cleaned = self.cleaned_data
        self._clean_subdivision(cleaned)
        week = {}
        for weekday, _ in WEEKDAYS:
            try:
                week[weekday] = parse_day(cleaned.get(f"hours_{weekday}", ""))
            except UnreadableHours as error:
                self.add_error(f"hours_{weekday}", str(error))
                week[weekday] = []
        if not self.errors:
            self._check_week(week)
        cleaned["week"] = week
        return cleaned

    def _clean_subdivision(self, cleaned: dict) -> None:
        code, part = cleaned.get("country", ""), cleaned.get("subdivision", "").strip().upper()
        cleaned["subdivision"] = part
        if not part:
            return
        if not code:
            if "country" not in self.errors:
                self.add_error("country", "Enter the country of the province or state")
            return
        known = countries().get(code, [])
        if part not in known:
            some = ", ".join(known[:15]) or "none"
            self.add_error("subdivision", f"{code} has no {part}. We know: {some}")

    def _check_week(self, week: dict[int, list[tuple[int, int]]]) -> None:
        collision = check_week(week)
        if collision is not None:
            weekday, reason = collision
            self.add_error(f"hours_{weekday}", reason)
        elif not any(week.values()):
            self.add_error("hours_0", "Enter hours for at least one day")

    @staticmethod
    def initial_for(calendar: BusinessCalendar) -> dict:
        """What the form shows for a calendar that exists."""
        week: dict[int, list[tuple[int, int]]] = {weekday: [] for weekday, _ in WEEKDAYS}
        for interval in calendar.intervals.order_by("weekday", "opens"):
            week[interval.weekday].append((interval.opens, interval.closes))
        own = calendar.holidays.order_by("day_on").values_list("day_on", "name")
        return {
            "name": calendar.name,
            "time_zone": calendar.time_zone,
            "country": calendar.country,
            "subdivision": calendar.subdivision,
            "own_days": "\n".join(f"{day_on.isoformat()} {name}" for day_on, name in own),
            **{f"hours_{weekday}": format_day(intervals) for weekday, intervals in week.items()},
        }


def _own_day(line: str, number: int) -> tuple[date, str]:
    written, _, name = line.partition(" ")
    try:
        day_on = date.fromisoformat(written)
    except ValueError as error:
        raise forms.ValidationError(f"Line {number}: start with a date like 2026-12-24") from error
    name = name.strip()
    if len(name) > 80:
        raise forms.ValidationError(f"Line {number}: use at most 80 characters for the name")
    return day_on, name or "Closed"


class LevelForm(forms.Form):
    """A service level: a promise for each clock at each priority."""

    name = name_field("Name", length=80, missing="Enter a name for the service level")
    calendar = forms.ModelChoiceField(
        label="Calendar",
        help_text="Only open hours count.",
        queryset=BusinessCalendar.objects.none(),
        empty_label="Choose a calendar",
        error_messages={"required": "Choose a calendar", "invalid_choice": "Choose a calendar from the list"},
    )
    warn_at_percent = forms.IntegerField(
        label="Warn when this much of the time has passed",
        help_text="In percent, from 1 to 99. The assignee and the team lead are told.",
        min_value=1,
        max_value=99,
        initial=75,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": "Enter a percentage from 1 to 99",
            "invalid": "Enter a whole number from 1 to 99",
            "min_value": "Enter a percentage from 1 to 99",
            "max_value": "Enter a percentage from 1 to 99",
        },
    )
    escalate_to = PersonChoice(
        label="Tell when a promise breaks",
        help_text="Nobody chosen: the lead of the ticket's team.",
        queryset=Person.objects.none(),
        required=False,
        empty_label="The lead of the team",
        error_messages={"invalid_choice": "Choose somebody from the list"},
    )
    is_default = forms.BooleanField(label="Use it for every team without one of its own", required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "calendar", BusinessCalendar.objects.order_by("name", "pk"))
        offer(self, "escalate_to", Person.objects.staff().order_by("name", "email", "pk"))
        for priority in Priority:
            for clock, words in CLOCKS.items():
                self.fields[f"{priority}_{clock}"] = DurationField(label=f"{words}, {priority.label.lower()} priority")

    @property
    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """(priority, its fields in the order of the clocks), most urgent first."""
        return [
            (priority.label, [self[f"{priority}_{clock}"] for clock in CLOCKS]) for priority in reversed(list(Priority))
        ]

    @property
    def clocks(self) -> list[str]:
        """The headings of the columns."""
        return list(CLOCKS.values())

    def promises(self) -> dict[str, dict[str, int | None]]:
        """Minutes by priority and clock, as entered; a priority without any promise is left out."""
        entered = {
            str(priority): {clock: self.cleaned_data[f"{priority}_{clock}"] for clock in CLOCKS}
            for priority in Priority
        }
        return {priority: minutes for priority, minutes in entered.items() if any(minutes.values())}

    @staticmethod
    def initial_for(level: ServiceLevel) -> dict:
        """What the form shows for a level that exists."""
        shown = {
            "name": level.name,
            "calendar": level.calendar_id,
            "warn_at_percent": level.warn_at_percent,
            "escalate_to": level.escalate_to_id,
            "is_default": level.is_default,
        }
        for target in level.targets.order_by("pk"):
            for clock in CLOCKS:
                minutes = getattr(target, clock)
                shown[f"{target.priority}_{clock}"] = "" if minutes is None else format_minutes(minutes)
        return shown


class DurationField(forms.CharField):
    """Open time like "30 min", "4 h" or "1 h 30 min"; empty promises nothing. Cleans to minutes or None."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=40,
            widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "No promise"}),
            error_messages={"max_length": "Write a time like 30 min or 4 h"},
        )

    def clean(self, value) -> int | None:
        text = super().clean(value)
        try:
            return parse_minutes(text)
        except UnreadableDuration as error:
            raise forms.ValidationError(str(error)) from error
