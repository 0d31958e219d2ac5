"""What trainers type: leave, a date of a class, why, a note. Times are on the trainer's wall."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django import forms

from training.choosing import YEARS
from training.models import SessionType, Trainer

DAY = "Enter a day, such as 2026-12-24."


def day_field(label: str) -> forms.DateField:
    """A day of a year in which it has a midnight in every zone."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}), validators=[_of_our_years],
        error_messages={"required": "Enter a day.", "invalid": DAY},
    )  # fmt: skip


def _of_our_years(day: date) -> None:
    if day.year not in YEARS:
        raise forms.ValidationError(DAY)


def _time(label: str, *, required: bool = True) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=required, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter a time.", "invalid": "Enter a time, such as 09:00."},
    )  # fmt: skip


def _words(label: str, most: int = 120) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=most, error_messages={"max_length": f"Write at most {most} characters."}
    )  # fmt: skip


class LeaveForm(forms.Form):
    """From when until when somebody is away."""

    from_day = day_field("First day")
    from_time = _time("From")
    to_day = day_field("Last day")
    to_time = _time("Until")
    words = _words("Why (optional)")
    use_required_attribute = False

    def __init__(self, data=None, *, zone: str, **more) -> None:
        super().__init__(data, label_suffix="", **more)
        self.zone = ZoneInfo(zone)

    def at(self, which: str) -> datetime:
        """An end of it, once the form is clean, in UTC."""
        day, time = self.cleaned_data[f"{which}_day"], self.cleaned_data[f"{which}_time"]
        return datetime.combine(day, time, tzinfo=self.zone).astimezone(UTC)


class ClassForm(forms.Form):
    """A date of a class."""

    type = forms.ModelChoiceField(
        SessionType.objects.none(), label="Class", empty_label=None,
        error_messages={"required": "Choose a class.", "invalid_choice": "Choose a class from the list."},
    )  # fmt: skip
    day = day_field("Day")
    time = _time("Begins at")
    use_required_attribute = False

    def __init__(self, data=None, *, trainer: Trainer, **more) -> None:
        super().__init__(data, label_suffix="", **more)
        field = self.fields["type"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = trainer.session_types.filter(seats__gt=1).order_by("position", "name")
        self.zone = ZoneInfo(trainer.time_zone)

    @property
    def starts_at(self) -> datetime:
        """Once the form is clean, in UTC."""
        day, time = self.cleaned_data["day"], self.cleaned_data["time"]
        return datetime.combine(day, time, tzinfo=self.zone).astimezone(UTC)


class ReasonForm(forms.Form):
    """Why something is moved or cancelled: its customer reads it."""

    why = _words("Why? The customer reads it", 255)
    use_required_attribute = False

    def __init__(self, data=None, **more) -> None:
        super().__init__(data, label_suffix="", **more)


class NoteForm(forms.Form):
    """What was done, and the ticket it belongs to."""

    words = forms.CharField(
        label="Note for the staff", max_length=5000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the note.", "max_length": "Write at most 5,000 characters."},
    )  # fmt: skip
    ticket = forms.IntegerField(
        label="Ticket number (optional)", required=False, min_value=1, max_value=2**62,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "Enter a number, such as 4127."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "input few"}),
    )  # fmt: skip
    use_required_attribute = False

    def __init__(self, data=None, **more) -> None:
        super().__init__(data, label_suffix="", **more)
