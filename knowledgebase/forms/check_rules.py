"""Who reads everything each month, as entered."""

from typing import cast

from django import forms

from accounts.models import Person
from accounts.zones import zone_names
from knowledgebase.choices import ArticleKind
from knowledgebase.models import CampaignRules


class _PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Person) -> str:
        return obj.shown_name


class CheckRulesForm(forms.Form):
    """Every field of the rules."""

    is_enabled = forms.BooleanField(label="Read everything once a month", required=False)
    reviewer = _PersonChoice(
        label="Who reads", queryset=Person.objects.none(), required=False,
        help_text="One person reads every page, so that pages agree with each other.",
        error_messages={"invalid_choice": "Choose somebody who works here"},
    )  # fmt: skip
    deputy = _PersonChoice(
        label="Deputy", queryset=Person.objects.none(), required=False,
        help_text="May take a month over.",
        error_messages={"invalid_choice": "Choose somebody who works here"},
    )  # fmt: skip
    manager = _PersonChoice(
        label="Who is told", queryset=Person.objects.none(), required=False,
        help_text="At 09:00 on the last day, when something is left; and of pages that nobody read for over 31 days.",
        error_messages={"invalid_choice": "Choose somebody who works here"},
    )  # fmt: skip
    zone = forms.ChoiceField(
        label="Time zone", help_text="Where the month begins.",
        error_messages={"invalid_choice": "Choose a time zone of the list"},
    )  # fmt: skip
    staff_kinds = forms.MultipleChoiceField(
        label="Read of what only staff sees", required=False, choices=ArticleKind.choices,
        widget=forms.CheckboxSelectMultiple, help_text="What customers see is always read.",
        error_messages={"invalid_choice": "Choose from the list"},
    )  # fmt: skip
    words_a_minute = forms.IntegerField(
        label="Fastest reading, in words a minute", min_value=100, max_value=2000,
        help_text="Whoever was faster is shown as implausible. People read about 240.",
        error_messages={
            "required": "Enter how many words a minute", "invalid": "Enter a whole number, such as 600",
            "min_value": "Enter at least 100", "max_value": "Enter at most 2,000",
        },
    )  # fmt: skip

    def __init__(self, *args, rules: CampaignRules, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**{name: getattr(rules, name) for name in self.fields}, **self.initial}
        staff = Person.objects.filter(is_active=True, grants__revoked_at=None, grants__isnull=False).distinct()
        for name in ("reviewer", "deputy", "manager"):
            cast("forms.ModelChoiceField", self.fields[name]).queryset = staff.order_by("name", "pk")
        zones = list(zone_names())
        if rules.zone not in zones:
            zones.append(rules.zone)
        cast("forms.ChoiceField", self.fields["zone"]).choices = [(name, name) for name in zones]

    def clean(self) -> dict:
        typed = super().clean() or {}
        if typed.get("is_enabled"):
            for name, words in (("reviewer", "Choose who reads"), ("manager", "Choose who is told")):
                if name not in self.errors and not typed.get(name):
                    self.add_error(name, words)
        return typed
