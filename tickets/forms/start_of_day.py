"""What is typed at the start of a day. Each form has its own ids: several stand on one page."""

from datetime import date

from django import forms

from tickets.models import InboxSource, Team
from tickets.source_choices import TOLD, SourceKind
from tickets.sources.exports import LARGEST

WHOLE = "Enter a whole number from 0 to 1,000,000"


class CountForm(forms.Form):
    """How many came, as a person counted them in the source, and who counted."""

    number = forms.IntegerField(
        label="How many came there",
        min_value=0,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": WHOLE, "invalid": WHOLE, "min_value": WHOLE, "max_value": WHOLE},
    )
    held = forms.IntegerField(
        label="How many of them are on tickets here",
        min_value=0,
        max_value=1_000_000,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": WHOLE, "invalid": WHOLE, "min_value": WHOLE, "max_value": WHOLE},
    )
    name = forms.CharField(
        label="Who counted",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter the name of whoever counted", "max_length": "Use at most 120 characters"},
    )

    def __init__(self, *args, source: InboxSource, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "count-%s"
        if source.kind != SourceKind.OTHER:
            del self.fields["held"]


class ExportForm(forms.Form):
    """A source's own list of what came."""

    file = forms.FileField(
        label="Its export",
        help_text="JSON, JSON lines or CSV with an id and the time at which each began. Up to 20 MB.",
        allow_empty_file=True,
        error_messages={"required": "Choose a file", "missing": "Choose a file"},
    )
    on = forms.DateField(
        label="The last day that it holds",
        required=False,
        help_text="Empty: yesterday.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Enter a day like 2026-11-22"},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "export-%s"

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError("The file is larger than 20 MB. Export fewer days at once.")
        return file.read()

    def clean_on(self) -> date | None:
        return self.cleaned_data["on"]


class SourceForm(forms.Form):
    """A place in which customers write. What it is, is said once."""

    name = forms.CharField(
        label="Name",
        help_text="As your people call it, like “Community”.",
        max_length=80,
        error_messages={"required": "Enter a name", "max_length": "Use at most 80 characters"},
    )
    kind = forms.ChoiceField(
        label="What it is",
        choices=[(kind.value, kind.label) for kind in (*TOLD, SourceKind.OTHER)],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is", "invalid_choice": "Choose one from the list"},
    )
    team = forms.ModelChoiceField(
        label="Team",
        queryset=Team.objects.none(),
        required=False,
        empty_label="The first team",
        error_messages={"invalid_choice": "Choose a team from the list"},
    )
    secret = forms.CharField(
        label="Signing secret",
        required=False,
        max_length=500,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"max_length": "Use at most 500 characters"},
    )
    freshness_minutes = forms.IntegerField(
        label="Unknown after so many minutes of silence",
        help_text="Empty: its silence says nothing.",
        required=False,
        min_value=1,
        max_value=10_080,
        initial=15,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Enter minutes from 1 to 10,080, which is a week"
        ),
    )
    is_active = forms.BooleanField(label="Counts every day", required=False, initial=True)

    def __init__(self, *args, source: InboxSource | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        if isinstance(team, forms.ModelChoiceField):
            team.queryset = Team.objects.order_by("name", "pk")
        if source is not None:
            del self.fields["kind"]
            if source.secret:
                self.fields["secret"].help_text = "Stored. Leave it empty to keep it."
        if source is not None and source.kind not in TOLD:
            del self.fields["secret"]
            if source.kind == SourceKind.OTHER:
                del self.fields["freshness_minutes"]
            else:
                for name in ("name", "team"):
                    del self.fields[name]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].replace("\x00", "").split())


class DayRulesForm(forms.Form):
    """When a start of the day is late."""

    late_at = forms.TimeField(
        label="A start of the day is late at",
        help_text="By the clock of the default calendar. Its captain and the leads are told once.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages=dict.fromkeys(("required", "invalid"), "Enter a time like 10:30"),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "rules-%s"

    @property
    def minute(self) -> int:
        """Minutes after midnight."""
        at = self.cleaned_data["late_at"]
        return at.hour * 60 + at.minute
