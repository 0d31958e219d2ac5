"""Fields that take exactly what they say: "5" is no number, 1 is no text, a time has its zone."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from django.db import models
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers

LARGEST_ID = 2**63 - 1
_DAY = re.compile(r"(20\d\d|2100)-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(20\d\d|2100)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Text(serializers.CharField):
    """Only a string."""

    def run_validation(self, data=serializers.empty):
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class Number(serializers.IntegerField):
    """Only a whole number, 0 to the largest id unless said otherwise."""

    def __init__(self, **options) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_ID, **options})

    def to_internal_value(self, data):
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Truth(serializers.BooleanField):
    """Only true or false."""

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """Only one of the words."""

    def __init__(self, *, choices, **options) -> None:
        words = ", ".join(word for word, _ in choices)
        super().__init__(choices=choices, error_messages={"invalid_choice": f"Choose one of {words}."}, **options)

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid_choice")
        if data not in self.choices:
            self.fail("invalid_choice")
        return data


class Moment(serializers.DateTimeField):
    """A time with its zone, written `2026-03-04T09:30:00Z`; answered in UTC."""

    default_error_messages = {"invalid": "Write a time with its zone, like 2026-03-04T09:30:00Z."}

    def __init__(self, **options) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value) -> datetime:
        found = read_moment(value) if isinstance(value, str) else None
        if found is None:
            self.fail("invalid")
        return found


def read_moment(text: str) -> datetime | None:
    """The time that `text` names, in UTC, between 2000 and 2100. None for anything else."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


class Day(serializers.DateField):
    """A date, written `2026-03-04`."""

    default_error_messages = {"invalid": "Write a date like 2026-03-04."}

    def to_internal_value(self, value) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")


class Row(serializers.PrimaryKeyRelatedField):
    """The number of a row that exists. `what` names its kind for the sentence."""

    def __init__(self, *, what: str = "row", **options) -> None:
        self.what = what
        super().__init__(**options)

    def to_internal_value(self, data):
        found, rows = None, self.get_queryset()
        if rows is not None and isinstance(data, int) and not isinstance(data, bool) and 0 < data <= LARGEST_ID:
            found = rows.filter(pk=data).first()
        if found is None:
            raise serializers.ValidationError(f"There is no {self.what} with this number.")
        return found


class Body(serializers.Serializer):
    """What a request says. A name that is not declared is refused by that name (S26)."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields or self.fields[name].read_only]
            if unknown:
                raise serializers.ValidationError({name: ["There is no field of this name."] for name in unknown})
        if isinstance(data, MultiValueDict):
            doubled = [name for name, values in data.lists() if len(values) > 1]
            if doubled:
                raise serializers.ValidationError({name: ["Send one at a time."] for name in doubled})
        return super().to_internal_value(data)


class Shown(serializers.ModelSerializer):
    """What an answer says of a row. Every field is named; nothing is ever written through it."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, models.DateTimeField: Moment}

    def get_fields(self):
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields
