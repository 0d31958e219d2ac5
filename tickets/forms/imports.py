"""What is imported, and what its columns mean, as entered."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify

from accounts.zones import zone_names
from tickets.choices import Category
from tickets.custom_fields import all_fields
from tickets.forms.files import FilesInput
from tickets.import_choices import Column, ExportKind, RowsAre
from tickets.import_formats.columns import FIELD
from tickets.import_formats.tables import ENCODINGS
from tickets.models import Team

MOST_FILES = 50
_COLUMNS: dict[str, list[Column]] = {
    RowsAre.TICKETS: [one for one in Column if one != Column.PERSON_ID],
    RowsAre.PEOPLE: [
        Column.NOTHING, Column.PERSON_ID, Column.EMAIL, Column.NAME, Column.ORGANISATION, Column.CREATED,
    ],
}  # fmt: skip


class ManyFiles(forms.FileField):
    """Several files of any size; cleans to a list."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        chosen = data if isinstance(data, list | tuple) else [data]
        files = [super(ManyFiles, self).clean(one, initial) for one in chosen if one]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Choose at most {MOST_FILES} files", code="too_many")
        return files


class ImportForm(forms.Form):
    """Files of another desk, and where their tickets go."""

    kind = forms.ChoiceField(
        label="What you have", choices=ExportKind.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what you have", "invalid_choice": "Choose what you have"},
    )  # fmt: skip
    source = forms.CharField(
        label="Name of the other desk", required=False, max_length=40,
        help_text="Such as Kayako. Its numbers are remembered under this name, so that a second import knows them.",
        error_messages={"max_length": "Use at most 40 characters"},
    )  # fmt: skip
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.none(), empty_label=None,
        help_text="Tickets that name no team of yours go here.",
        error_messages={"required": "Choose a team", "invalid_choice": "Choose a team of the list"},
    )  # fmt: skip
    sent = ManyFiles(
        label="Files", required=False, widget=FilesInput, max_length=255,
        help_text="JSON, mbox or CSV as exported, unpacked, up to 2 GB each. Tickets and people together.",
        error_messages={
            "empty": "This file is empty. Choose one with something in it",
            "max_length": "Choose a file whose name has at most 255 characters",
        },
    )  # fmt: skip
    folder = forms.ChoiceField(
        label="Or a folder of the server", required=False,
        help_text="Attachments in a folder “attachments” beside the export come along.",
        error_messages={"invalid_choice": "Choose a folder of the list"},
    )  # fmt: skip

    def __init__(self, *args: Any, folders: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["team"].queryset = Team.objects.order_by("pk")  # type: ignore[attr-defined] # a ModelChoiceField
        if folders:
            names = [("", "None"), *((name, name) for name in folders)]
            self.fields["folder"].choices = names  # type: ignore[attr-defined] # a ChoiceField
        else:
            del self.fields["folder"]

    def clean(self) -> dict[str, Any]:
        """A file or a folder, and a name that can stand in an address."""
        cleaned = super().clean() or {}
        if not cleaned.get("sent") and not cleaned.get("folder") and "sent" not in self.errors:
            self.add_error("sent", "Choose a file")
        if cleaned.get("sent") and cleaned.get("folder"):
            self.add_error("folder", "Choose files or a folder, not both")
        name = slugify(cleaned.get("source") or "")[:40]
        if cleaned.get("source") and not name:
            self.add_error("source", "Use letters and numbers")
        cleaned["source"] = name or cleaned.get("kind", "")
        return cleaned


class BeginForm(forms.Form):
    """What is asked before an import begins."""

    reasons_from_tags = forms.BooleanField(
        label="Take contact reasons from tags", required=False,
        help_text="A tag that is called as one of your contact reasons becomes the reason of its ticket.",
    )  # fmt: skip


class MappingForm(BeginForm):
    """What each column of a table holds. `head` names them, `mapping` is what is believed so far."""

    rows = forms.ChoiceField(
        label="Each row is", choices=RowsAre.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what a row is", "invalid_choice": "Choose what a row is"},
    )  # fmt: skip
    day_first = forms.ChoiceField(
        label="Dates such as 03/04/2026 are", required=False,
        choices=[("", "4 March: the month comes first"), ("1", "3 April: the day comes first")],
        error_messages={"invalid_choice": "Choose how dates are written"},
    )  # fmt: skip
    zone = forms.ChoiceField(
        label="Times without a zone are those of",
        error_messages={"required": "Choose a time zone", "invalid_choice": "Choose a time zone of the list"},
    )  # fmt: skip
    encoding = forms.ChoiceField(
        label="Signs are written in", required=False,
        choices=[(one, one.upper() or "UTF-8, or else Windows (Western)") for one in ENCODINGS],
        help_text="Another one if accents or letters look wrong above.",
        error_messages={"invalid_choice": "Choose one of the list"},
    )  # fmt: skip

    def __init__(
        self, *args: Any, head: list[str], states: dict[str, str], mapping: dict[str, Any], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.head, self.states, self.mapping = head, list(states), mapping
        self.fields["zone"].choices = [(name, name) for name in zone_names()]  # type: ignore[attr-defined] # a ChoiceField
        believed: dict[str, Any] = {
            "rows": mapping["rows"], "zone": mapping.get("zone") or "UTC", "encoding": mapping.get("encoding", ""),
            "day_first": "1" if mapping.get("day_first") else "",
        }  # fmt: skip
        for name, given in believed.items():
            self.fields[name].initial = given
        rows = self.data.get("rows") if self.is_bound else mapping["rows"]
        found = _COLUMNS[RowsAre.PEOPLE if rows == RowsAre.PEOPLE else RowsAre.TICKETS]
        own = [(f"{FIELD}{one.key}", one.name) for one in all_fields()] if rows != RowsAre.PEOPLE else []
        choices = [*((one.value, one.label) for one in found), *own]
        for no, name in enumerate(head):
            self.fields[f"column_{no}"] = forms.ChoiceField(
                label=f"{name} holds", choices=choices, required=False, initial=mapping["columns"][no],
                error_messages={"invalid_choice": f"Choose again what “{name}” holds"},
            )  # fmt: skip
        meanings = [("", "Open, or closed where there is a closing date"), *Category.choices]
        for no, word in enumerate(self.states):
            self.fields[f"state_{no}"] = forms.ChoiceField(
                label=f"{word} becomes", choices=meanings, required=False, initial=states[word],
                error_messages={"invalid_choice": f"Choose again what “{word}” becomes"},
            )  # fmt: skip

    def found(self) -> dict[str, Any]:
        """The mapping as it was entered."""
        given = self.cleaned_data
        return {
            "rows": given["rows"],
            "columns": [given[f"column_{no}"] for no in range(len(self.head))],
            "states": self.mapping.get("states", {})
            | {word: given[f"state_{no}"] for no, word in enumerate(self.states) if given[f"state_{no}"]},
            "day_first": bool(given["day_first"]),
            "zone": given["zone"],
            "encoding": given["encoding"],
        }
