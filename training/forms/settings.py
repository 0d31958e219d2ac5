"""How trainings and trainers are set up. Input only."""

import re
from itertools import pairwise

from django import forms

from accounts.choices import Role
from accounts.models import Person
from accounts.zones import zone_names
from billing.choices import ProductKind, ProductState
from billing.models import Product
from training.actions.setup import Terms
from training.choices import WEEKDAYS, Payment
from training.forms.desk import day_field
from training.models import SessionType, Trainer

MINUTES_A_DAY = 24 * 60
_SPAN = re.compile(r"\s*(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?\s*", re.ASCII)
STEPS = [(minutes, f"Every {minutes} minutes") for minutes in (5, 10, 15, 20, 30, 60)]


class SpansField(forms.CharField):
    """Hours of a day, as in "9-12, 13:00-17:00": pairs of minutes after midnight. Empty: none."""

    def clean(self, value) -> list[tuple[int, int]]:
        text = super().clean(value)
        found = []
        for part in (text or "").replace(";", ",").split(","):
            if part.strip():
                found.append(self._span(part))
        found.sort()
        if any(ends > begins for (_, ends), (begins, _) in pairwise(found)):
            raise forms.ValidationError("These hours overlap. Write each once.")
        return found

    def _span(self, part: str) -> tuple[int, int]:
        match = _SPAN.fullmatch(part)
        if match:
            hour, minute, until, past = (int(one or 0) for one in match.groups())
            opens, closes = hour * 60 + minute, until * 60 + past
            if minute < 60 and past < 60 and opens < closes <= MINUTES_A_DAY:
                return opens, closes
        raise forms.ValidationError("Write hours of one day, such as 9-12, 13:00-17:00.")


def spans_words(spans) -> str:
    """The same as somebody would type it."""
    return ", ".join(f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}" for opens, closes in spans)


def _number(label: str, least: int, most: int, initial: int, hint: str = "") -> forms.IntegerField:
    words = f"Enter a number from {least} to {most}."
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, initial=initial, help_text=hint,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
        widget=forms.NumberInput(attrs={"class": "input few", "inputmode": "numeric"}),
    )  # fmt: skip


class TypeForm(forms.Form):
    """A training that can be booked."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        error_messages={"required": "Enter a name.", "max_length": "Write at most 120 characters."},
    )
    summary = forms.CharField(
        label="In one line (optional)", max_length=255, required=False,
        error_messages={"max_length": "Write at most 255 characters."},
    )  # fmt: skip
    minutes = _number("Minutes", 5, 720, 60)
    after_buffer = _number("Minutes free afterwards", 0, 240, 15)
    every_minutes = forms.TypedChoiceField(
        label="Begins", choices=STEPS, coerce=int, initial=15, error_messages={"invalid_choice": "Choose one of these."}
    )
    notice_hours = _number("Booked at least so many hours ahead", 0, 720, 24)
    horizon_days = _number("Booked at most so many days ahead", 1, 365, 60)
    change_hours = _number("Customers move or cancel it until so many hours before", 0, 720, 24)
    seats = _number("Seats", 1, 500, 1, "One: customers choose the time. More: a class, at dates that trainers set.")
    payment = forms.ChoiceField(
        label="What it takes",
        choices=Payment.choices,
        widget=forms.RadioSelect,
        initial=Payment.FREE,
        error_messages={"required": "Choose what it takes.", "invalid_choice": "Choose one of these."},
    )
    product = forms.ModelChoiceField(
        Product.objects.none(), label="The training of the store that pays for it", required=False, empty_label="None",
        error_messages={"invalid_choice": "Choose a training from the list."},
    )  # fmt: skip
    place = forms.CharField(
        label="Where (optional)",
        help_text="Such as “At your school”. Empty: where its trainer gives it.",
        max_length=255,
        required=False,
        error_messages={"max_length": "Write at most 255 characters."},
    )
    trainers = forms.ModelMultipleChoiceField(
        Trainer.objects.none(), label="Who gives it", widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one trainer.", "invalid_choice": "Choose from the list.",
            "invalid_pk_value": "Choose from the list.",
        },
    )  # fmt: skip
    is_offered = forms.BooleanField(label="Customers can book it", required=False, initial=True)
    use_required_attribute = False

    def __init__(self, data=None, *, type: SessionType | None = None) -> None:
        super().__init__(data, label_suffix="", initial=_as_typed(type) if type else None)
        for name, rows in (
            (
                "product",
                Product.objects.filter(kind=ProductKind.TRAINING).exclude(state=ProductState.ARCHIVED).order_by("name"),
            ),
            ("trainers", Trainer.objects.filter(is_active=True).select_related("person").order_by("person__name")),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    @property
    def terms(self) -> Terms:
        """Once the form is clean."""
        typed = dict(self.cleaned_data)
        return Terms(**typed | {"payment": Payment(typed["payment"]), "trainers": list(typed["trainers"])})


def _as_typed(type: SessionType) -> dict:
    names = ("name", "summary", "minutes", "after_buffer", "every_minutes", "notice_hours", "horizon_days",
             "change_hours", "seats", "payment", "product", "is_offered", "place")  # fmt: skip
    return {**{name: getattr(type, name) for name in names}, "trainers": list(type.trainers.all())}


def _zone(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        error_messages={"invalid_choice": "Choose a time zone from the list.", "required": "Choose a time zone."},
    )  # fmt: skip


class NewTrainerForm(forms.Form):
    """Who teaches from now on."""

    person = forms.ModelChoiceField(
        Person.objects.none(), label="Who", empty_label=None,
        error_messages={"required": "Choose somebody.", "invalid_choice": "Choose somebody from the list."},
    )  # fmt: skip
    time_zone = _zone("Their time zone")
    place = forms.CharField(
        label="Where (optional)",
        help_text="A video link, or a room. Customers read it.",
        max_length=255,
        required=False,
        error_messages={"max_length": "Write at most 255 characters."},
    )
    use_required_attribute = False

    def __init__(self, data=None, **more) -> None:
        super().__init__(data, label_suffix="", **more)
        field = self.fields["person"]
        if isinstance(field, forms.ModelChoiceField):
            staff = Person.objects.filter(
                is_active=True, grants__revoked_at__isnull=True, grants__role__in=(Role.AGENT, Role.LEAD, Role.ADMIN)
            )
            field.queryset = staff.filter(trainer__isnull=True).distinct().order_by("name", "pk")


class TrainerForm(forms.Form):
    """A trainer's zone, place and week."""

    time_zone = _zone("Time zone")
    place = forms.CharField(
        label="Where (optional)",
        help_text="A video link, or a room. Customers read it.",
        max_length=255,
        required=False,
        error_messages={"max_length": "Write at most 255 characters."},
    )
    is_active = forms.BooleanField(label="Gives trainings", required=False)
    use_required_attribute = False

    def __init__(self, data=None, *, trainer: Trainer, week) -> None:
        initial = {"time_zone": trainer.time_zone, "place": trainer.place, "is_active": trainer.is_active}
        super().__init__(data, label_suffix="", initial=initial)
        for weekday, name in WEEKDAYS:
            self.fields[f"day{weekday}"] = SpansField(
                label=name, required=False, max_length=200, initial=spans_words(week[weekday]),
                error_messages={"max_length": "Write at most 200 characters."},
            )  # fmt: skip

    @property
    def days(self):
        """The fields of the week."""
        return [self[f"day{weekday}"] for weekday, _ in WEEKDAYS]

    @property
    def week(self) -> list[list[tuple[int, int]]]:
        """Once the form is clean."""
        return [self.cleaned_data[f"day{weekday}"] for weekday, _ in WEEKDAYS]


class DayForm(forms.Form):
    """Other hours on one day."""

    day_on = day_field("Day")
    spans = SpansField(
        label="Hours on that day",
        required=False,
        max_length=40,
        help_text="Such as 9-12; empty: none at all.",
        error_messages={"max_length": "Write at most 40 characters."},
    )
    words = forms.CharField(
        label="Why (optional)",
        required=False,
        max_length=120,
        error_messages={"max_length": "Write at most 120 characters."},
    )
    use_required_attribute = False

    def __init__(self, data=None) -> None:
        super().__init__(data, label_suffix="")

    def clean_spans(self) -> list[tuple[int, int]]:
        spans = self.cleaned_data["spans"]
        if len(spans) > 1:
            raise forms.ValidationError("Write one stretch of hours, such as 9-12.")
        return spans
