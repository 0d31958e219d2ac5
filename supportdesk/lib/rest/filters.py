"""Filters of lists, each declared by name. They read text from the address and refuse what they cannot read (S25)."""

from django import forms
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from supportdesk.lib.rest.fields import LARGEST_ID, read_moment

__all__ = ["FilterSet", "IdFilter", "MomentFilter", "PlainField", "SeveralFilter", "TextFilter"]

FilterSet = filters.FilterSet


class PlainField(forms.CharField):
    """Text as it stands in the address; "" when the parameter is not there."""

    def __init__(self, **options) -> None:
        super().__init__(strip=False, **options)


class _IdField(PlainField):
    def clean(self, value):
        value = super().clean(value)
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) <= LARGEST_ID):
            raise forms.ValidationError("Give the number of one row.")
        return int(value)


class _MomentField(PlainField):
    def clean(self, value):
        value = super().clean(value)
        found = read_moment(value) if value else None
        if value and found is None:
            raise forms.ValidationError("Write a time with its zone, like 2026-03-04T09:30:00Z.")
        return found


class _SeveralField(PlainField):
    def __init__(self, *, choices, **options) -> None:
        super().__init__(**options)
        self.words = [word for word, _ in choices]

    def clean(self, value):
        value = super().clean(value)
        chosen = value.split(",") if value else []
        if any(word not in self.words for word in chosen):
            raise forms.ValidationError(f"Give one or several of {', '.join(self.words)}, with commas between.")
        return chosen


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": LARGEST_ID})
class IdFilter(filters.Filter):
    """The number of a row."""

    field_class = _IdField


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(filters.Filter):
    """A time with its zone."""

    field_class = _MomentField


@extend_schema_field({"type": "string", "minLength": 1})
class TextFilter(filters.Filter):
    """Words as they are."""

    field_class = PlainField


class SeveralFilter(filters.Filter):
    """One or several words with commas between."""

    field_class = _SeveralField

    def __init__(self, field_name: str, *, choices) -> None:
        super().__init__(field_name, choices=choices)
        one = "|".join(word for word, _ in choices)
        extend_schema_field({"type": "string", "pattern": f"^({one})(,({one}))*$"})(self)

    def filter(self, queryset, value):
        return queryset.filter(**{f"{self.field_name}__in": value}) if value else queryset
