"""The desk's own fields as a form, for agents and for customers. Input only."""

from collections.abc import Sequence
from typing import Any

from django import forms

from tickets.choices import FieldKind
from tickets.custom_fields import LONGEST_ADDRESS, LONGEST_LINE, LONGEST_TEXT, BadValue, clean_value
from tickets.models import CustomField

PREFIX = "field_"
PLAIN = {"autocomplete": "off"}


class OwnField(forms.Field):
    """A field of the desk's own. Its value is what is stored on a ticket, None when it is empty."""

    def __init__(self, field: CustomField, widget: forms.Widget, **options) -> None:
        self.definition = field
        help_text = field.help_text or HINTS.get(FieldKind(field.kind), "")
        super().__init__(label=field.name, help_text=help_text, required=False, widget=widget, **options)

    def clean(self, value: Any) -> Any:
        try:
            return clean_value(self.definition, value)
        except BadValue as refusal:
            _, _, words = str(refusal).partition(": ")
            raise forms.ValidationError((words[:1].upper() + words[1:]).rstrip(".")) from None


HINTS = {FieldKind.ADDRESS: "With https:// in front"}


def form_field(field: CustomField, *, kept: Any = None) -> OwnField:
    """The form field for a definition. `kept` is the present value, so that a retired option can stay."""
    kind = FieldKind(field.kind)
    if kind == FieldKind.TRUTH:
        return OwnField(field, forms.Select(choices=[("", "Not said"), ("yes", "Yes"), ("no", "No")]))
    if kind in (FieldKind.CHOICE, FieldKind.SEVERAL):
        keys = kept if isinstance(kept, list) else [kept]
        offered = [(each["key"], each["label"]) for each in field.options if each["is_active"] or each["key"] in keys]
        if kind == FieldKind.SEVERAL:
            return OwnField(field, forms.CheckboxSelectMultiple(choices=offered))
        return OwnField(field, forms.Select(choices=[("", "Not said"), *offered]))
    if kind == FieldKind.LONG:
        return OwnField(field, forms.Textarea({"rows": 4, "maxlength": LONGEST_TEXT}))
    if kind == FieldKind.DATE:
        return OwnField(field, forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    if kind == FieldKind.NUMBER:
        return OwnField(field, forms.TextInput({**PLAIN, "inputmode": "decimal"}))
    if kind == FieldKind.ADDRESS:
        return OwnField(field, forms.URLInput({**PLAIN, "maxlength": LONGEST_ADDRESS}))
    return OwnField(field, forms.TextInput({**PLAIN, "maxlength": LONGEST_LINE}))


def initial_of(field: CustomField, value: Any) -> Any:
    """A stored value as its widget shows it."""
    if field.kind == FieldKind.TRUTH and value is not None:
        return "yes" if value else "no"
    return value


class FieldsForm(forms.Form):
    """`fields` in their order, by `field_<key>`."""

    def __init__(
        self,
        *args,
        fields: Sequence[CustomField],
        values: dict[str, Any] | None = None,
        needed: bool = False,
        **options,
    ) -> None:
        """`values` are what the ticket holds. `needed`: those that are required at close have to be filled in."""
        values = values or {}
        super().__init__(*args, **options)
        self.needed = needed
        for field in fields:
            value = values.get(field.key)
            self.fields[PREFIX + field.key] = form_field(field, kept=value)
            self.initial[PREFIX + field.key] = initial_of(field, value)

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        for name, field in self.fields.items():
            definition = field.definition  # type: ignore[attr-defined]  # every field is an OwnField
            if (
                self.needed
                and definition.is_required_at_close
                and cleaned.get(name) is None
                and name not in self.errors
            ):
                self.add_error(name, "Fill this in before closing")
        return cleaned

    def values(self) -> dict[str, Any]:
        """What was typed, by key."""
        return {name.removeprefix(PREFIX): self.cleaned_data.get(name) for name in self.fields}
