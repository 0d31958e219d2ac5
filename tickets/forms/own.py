"""The desk's own fields on the forms that customers fill in, where an admin said so."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from tickets.choices import FieldKind, TicketType
from tickets.custom_fields import all_fields
from tickets.forms.fields import PREFIX, form_field
from tickets.models import CustomField


class WithOwnFields(forms.Form):
    """Call `ask_own_fields` once the team is known; what was typed is `own_values()`."""

    def ask_own_fields(
        self,
        team: int | None,
        chosen: Sequence[Mapping[str, Any]] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        """Add the fields that are for customers, for questions, and for this team or for every one. One query.

        `chosen` ({key, label, options: {key: label}}) says which of them, in which order, and what they and their
        options are called here; None: all of them. `words` are those of another language, for Yes, No and Not said.
        """
        known = {field.key: field for field in all_fields() if _is_asked(field, team)}
        asked: Sequence[Mapping[str, Any]] = [{"key": key} for key in known] if chosen is None else chosen
        for one in asked:
            field = known.get(one["key"])
            if field is not None:
                self.fields[PREFIX + field.key] = form_field(field)
                self.fields[PREFIX + field.key].label = one.get("label") or field.name
                _translate(self.fields[PREFIX + field.key], field, one.get("options") or {}, words or {})

    @property
    def own(self) -> list[forms.BoundField]:
        """The bound fields, for the page."""
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def own_values(self) -> dict[str, Any]:
        """What was typed, by key; nothing that was left empty."""
        found = {
            name.removeprefix(PREFIX): self.cleaned_data.get(name) for name in self.fields if name.startswith(PREFIX)
        }
        return {key: value for key, value in found.items() if value is not None}


def _translate(shown: forms.Field, field: CustomField, options: Mapping[str, str], words: Mapping[str, str]) -> None:
    """What can be chosen, and our own hint, in the language of the form. What is kept stays the option's key."""
    own = {"": words.get("not_said", "")}
    if field.kind == FieldKind.TRUTH:
        own |= {"yes": words.get("yes", ""), "no": words.get("no", "")}
    if isinstance(shown.widget, forms.Select | forms.CheckboxSelectMultiple):
        called = {**own, **options}
        shown.widget.choices = [(key, called.get(key) or label) for key, label in shown.widget.choices]
    if field.kind == FieldKind.ADDRESS and not field.help_text:
        shown.help_text = words.get("address_field_hint") or shown.help_text


def _is_asked(field: CustomField, team: int | None) -> bool:
    teams = getattr(field, "team_ids", [])
    is_for_questions = not field.types or TicketType.QUESTION in field.types
    return field.is_for_customers and is_for_questions and (not teams or team in teams)
