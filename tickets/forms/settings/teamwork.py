"""How a team shares its tickets and reminds its customers, as it is typed."""

from typing import Any

from django import forms

from tickets.choices import Distributing
from tickets.forms.durations import UnreadableDuration, format_minutes, parse_minutes
from tickets.models import Distribution, NudgePlan, TeamMember


class DistributionForm(forms.Form):
    """How a team's tickets find their people."""

    mode = forms.ChoiceField(
        label="Who gets the next ticket?",
        choices=Distributing.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who gets it", "invalid_choice": "Choose from the list"},
    )
    returns_from_absent = forms.BooleanField(
        label="Take tickets back from people who are away",
        required=False,
        help_text="Tickets whose customer waits go to the next person, or back to the team.",
    )
    returns_after_hours = forms.BooleanField(
        label="Take unanswered tickets back at closing time",
        required=False,
        help_text="Whoever is there first on the next day gets them.",
    )
    idle = forms.CharField(
        label="Take a ticket back when its owner does nothing for",
        required=False,
        max_length=30,
        help_text="Open time, like 4 h, while the customer waits. Empty: never.",
        error_messages={"max_length": "Write a time like 30 min or 4 h"},
    )

    def __init__(self, data=None, *, kept: Distribution, members: list[TeamMember]) -> None:
        shown: dict[str, Any] = {
            "mode": kept.mode,
            "returns_from_absent": kept.returns_from_absent,
            "returns_after_hours": kept.returns_after_hours,
            "idle": format_minutes(kept.idle_minutes) if kept.idle_minutes else "",
        }
        self.members = members
        for one in members:
            shown |= {f"most_{one.pk}": one.most_open, f"skills_{one.pk}": ", ".join(one.skills)}
        super().__init__(data, initial=shown)
        for one in members:
            self.fields[f"most_{one.pk}"] = forms.IntegerField(
                label=f"Most open tickets of {one.person.shown_name}",
                widget=forms.NumberInput(attrs={"placeholder": "No end"}),
                required=False,
                min_value=0,
                max_value=999,
                error_messages={
                    "invalid": "Enter a number, or leave it empty",
                    "min_value": "Enter 0 or more",
                    "max_value": "Enter 999 or less",
                },
            )
            self.fields[f"skills_{one.pk}"] = forms.CharField(
                label=f"Tags that {one.person.shown_name} knows best",
                widget=forms.TextInput(attrs={"placeholder": "Knows anything"}),
                required=False,
                max_length=600,
                error_messages={"max_length": "Write at most 600 characters"},
            )

    def clean_idle(self) -> int | None:
        """Minutes, None for never."""
        try:
            return parse_minutes(self.cleaned_data["idle"])
        except UnreadableDuration:
            raise forms.ValidationError("Write a time like 30 min or 4 h, or leave it empty") from None

    def member_rows(self) -> list[tuple[TeamMember, forms.BoundField, forms.BoundField]]:
        """Each member with the two fields about them."""
        return [(one, self[f"most_{one.pk}"], self[f"skills_{one.pk}"]) for one in self.members]

    def entered(self) -> dict[str, Any]:
        """What `actions.setup.teamwork.set_distribution` takes."""
        typed = self.cleaned_data
        members = {one.pk: (typed[f"most_{one.pk}"], _tags(typed[f"skills_{one.pk}"])) for one in self.members}
        return {
            "mode": typed["mode"],
            "returns_from_absent": typed["returns_from_absent"],
            "returns_after_hours": typed["returns_after_hours"],
            "idle_minutes": typed["idle"],
            "members": members,
        }


def _tags(text: str) -> list[str]:
    tags = (" ".join(tag.split()).lower().lstrip("#")[:60] for tag in text.replace("\x00", "").split(","))
    return [tag for tag in tags if tag]


def _days(label: str, hint: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=hint,
        min_value=1,
        max_value=90,
        error_messages={
            "required": "Enter a number of days",
            "invalid": "Enter a number of days",
            "min_value": "Enter 1 day or more",
            "max_value": "Enter 90 days or less",
        },
    )


def _words(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=4000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": "Write at most 4,000 characters"},
    )


class NudgeForm(forms.Form):
    """How a team's customers are reminded."""

    is_enabled = forms.BooleanField(label="Remind customers who do not answer", required=False)
    first_after = _days("First reminder", "Days after our last answer. Days on which the desk is closed do not count.")
    first_text = _words("Words of the first reminder")
    second_after = _days("Second reminder", "Days after the first one.")
    second_text = _words("Words of the second reminder")
    close_after = _days("Close", "Days after the second reminder.")
    close_text = _words("Words when it is closed")

    def __init__(self, data=None, *, kept: NudgePlan) -> None:
        super().__init__(data, initial={name: getattr(kept, name) for name in self.base_fields})

    def entered(self) -> dict[str, Any]:
        """What `actions.setup.teamwork.set_nudges` takes."""
        texts = {name: self.cleaned_data[name].replace("\x00", "").strip() for name in self.fields if "text" in name}
        return self.cleaned_data | texts
