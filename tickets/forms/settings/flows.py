"""Flows as they are typed: one form for the flow, one for its draft, one for a stage with its reminders."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import WorkRole
from tickets.flow_choices import BeginsOn, CountsFrom, ExitOn, OnExhausted, ReminderFrom, ReminderSort
from tickets.forms.durations import UnreadableDuration, format_minutes, parse_minutes
from tickets.forms.settings.desk import name_field, offer
from tickets.models import Flow, FlowVersion, Stage, StageReminder

MOST_REMINDERS = 8
LONGEST = 20_000
HOURS = "Open hours, like 30 min, 4 h or 40 h."


class OpenHours(forms.CharField):
    """Open time as people write it; minutes, or None for nothing."""

    def __init__(self, label: str, hint: str = HOURS, *, zero: bool = False) -> None:
        self.zero = zero
        super().__init__(label=label, help_text=hint, required=False, max_length=30, error_messages={
            "max_length": "Write a time like 30 min or 4 h"
        })  # fmt: skip

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if self.zero and text.strip() in ("", "0", "0 h", "0 min"):
            return 0
        try:
            return parse_minutes(text)
        except UnreadableDuration:
            raise forms.ValidationError("Write a time like 30 min or 4 h, at most 8,760 h") from None


def _words(label: str, hint: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=LONGEST, strip=False,
        widget=forms.Textarea(attrs={"rows": 6}), error_messages={"max_length": "Write at most 20,000 characters"},
    )  # fmt: skip


def _one_of(label: str, choices: list[tuple[str, str]], hint: str = "", initial: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, help_text=hint, choices=choices, initial=initial or choices[0][0], required=False,
        error_messages={"invalid_choice": "Choose from the list"},
    )  # fmt: skip


def _row(label: str, hint: str = "", empty: str = "None") -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=label, help_text=hint, required=False, queryset=WorkRole.objects.none(), empty_label=empty,
        error_messages={"invalid_choice": "Choose from the list"},
    )  # fmt: skip


class FlowForm(forms.Form):
    """What is true of a flow in every version."""

    name = name_field("Name", length=80, missing="Enter a name for the flow", hint="Staff and customers read it.")
    about = forms.CharField(
        label="What it is for", required=False, max_length=255,
        error_messages={"max_length": "Use at most 255 characters"},
    )  # fmt: skip
    begins_on = forms.ChoiceField(
        label="What begins it?", choices=BeginsOn.choices, initial=BeginsOn.MANUAL, widget=forms.RadioSelect,
        error_messages={"required": "Choose what begins it", "invalid_choice": "Choose from the list"},
    )  # fmt: skip
    is_enabled = forms.BooleanField(
        label="New cases may begin", required=False, initial=True, help_text="Cases that run go on either way."
    )


class VersionForm(forms.Form):
    """What a draft says beside its stages."""

    subject = forms.CharField(
        label="Subject of the ticket", required=False, max_length=200,
        help_text="Where the flow opens a ticket by itself. {order_number} and {organisation} may stand in it.",
        error_messages={"max_length": "Use at most 200 characters"},
    )  # fmt: skip
    after_minutes = OpenHours("Last mail after", "Open hours after everything is done. Empty: at once.")
    after_template = _row("Its template", "A published template of the wiki.", "No template")
    after_words = _words("Or its words", "Where no template is chosen. Empty: no mail.")

    def __init__(self, data=None, *, version: FlowVersion, templates) -> None:
        shown = {
            "subject": version.subject, "after_template": version.after_template_id, "after_words": version.after_words,
            "after_minutes": format_minutes(version.after_minutes) if version.after_minutes else "",
        }  # fmt: skip
        super().__init__(data, initial=shown)
        offer(self, "after_template", templates)


class StageForm(forms.Form):
    """A stage. Its reminders are rows of fields, numbered from 0."""

    name = name_field("Name", length=80, missing="Enter a name for the stage", hint="Like “Parts ordered”.")
    customer_label = forms.CharField(
        label="What the customer reads", required=False, max_length=120,
        help_text="On their page, as one of the steps. Empty: they do not see this stage.",
        error_messages={"max_length": "Use at most 120 characters"},
    )  # fmt: skip
    owner_role = _row("Who owns it", "The role that brings it on.", "Choose a role")
    how = _row("How it is done", "A page of the wiki.", "No page")
    template = _row("Template of the mail", "Sent when the stage begins.", "No template")
    words = _words("Or its words", "Where no template is chosen. Placeholders stand in braces.")
    due_minutes = OpenHours("Due after")
    due_from = _one_of("Counted from", [*CountsFrom.choices])
    due_days = forms.IntegerField(
        label="Days after the date", required=False, min_value=0, max_value=365, initial=0,
        help_text="Where it is counted from the date: open days, and closing time of the last.",
        error_messages={
            "invalid": "Enter a number of days", "min_value": "Enter 0 or more", "max_value": "Enter 365 or less"
        },
    )  # fmt: skip
    escalate_minutes = OpenHours("Goes to another role after", f"{HOURS} Empty: never.")
    escalate_role = _row("To which role", "", "Whom the owner escalates to")
    exit_on = _one_of("What ends it?", [*ExitOn.choices], "People of the role may end it by hand, too.")
    date_label = forms.CharField(
        label="What the date is", required=False, max_length=80,
        help_text="Where a date ends it, like “Supplier's date”.",
        error_messages={"max_length": "Use at most 80 characters"},
    )  # fmt: skip
    child_flow = _row("The flow that it starts", "Where it waits for another flow.", "None")
    exhausted_minutes = OpenHours("Give up after", f"{HOURS} Empty: never.")
    on_exhausted = _one_of("And then", [*OnExhausted.choices])
    exhausted_words = forms.CharField(
        label="Reason, or what is to be done", required=False, max_length=200,
        error_messages={"max_length": "Use at most 200 characters"},
    )  # fmt: skip
    checks_scope = forms.BooleanField(
        label="Its owner says whether we do this at all", required=False,
        help_text="Nobody is declined before a lead agreed and alternatives are named.",
    )  # fmt: skip

    def __init__(self, data=None, *, stage: Stage | None, flow: Flow, templates, pages, more: bool = False) -> None:
        kept = list(stage.reminders.order_by("no")) if stage else []
        super().__init__(data, initial=_shown(stage, kept) if stage else None)
        roles = WorkRole.objects.order_by("name", "pk")
        offer(self, "owner_role", roles)
        offer(self, "escalate_role", roles)
        offer(self, "template", templates)
        offer(self, "how", pages)
        offer(self, "child_flow", Flow.objects.exclude(pk=flow.pk).order_by("name"))
        self.count = min(_typed_rows(data, len(kept)) + more, MOST_REMINDERS)
        for number in range(self.count):
            self._add_reminder(f"r{number}", roles, templates)

    def _add_reminder(self, name: str, roles, templates) -> None:
        self.fields |= {
            f"{name}_sort": _one_of("What it is", [("", "None"), *ReminderSort.choices]),
            f"{name}_after": OpenHours("After", "Empty: at once.", zero=True),
            f"{name}_from": _one_of("Counted from when", [*ReminderFrom.choices]),
            f"{name}_role": _row("Whose it is", "", "The owner's"),
            f"{name}_template": _row("Template", "For a mail.", "No template"),
            f"{name}_words": _words("Or its words", "What is to be done, or the mail."),
            f"{name}_due": OpenHours("A task may take", "Empty: 4 h."),
            f"{name}_asks": forms.BooleanField(
                label="It asks the customer again", required=False,
                help_text="Stops when they answer, and counts in the report.",
            ),
        }  # fmt: skip
        offer(self, f"{name}_role", roles)
        offer(self, f"{name}_template", templates)

    @property
    def reminder_rows(self) -> list[list[forms.BoundField]]:
        """The bound fields of each reminder."""
        parts = ("sort", "after", "from", "role", "template", "words", "due", "asks")
        return [[self[f"r{number}_{part}"] for part in parts] for number in range(self.count)]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if bool(typed.get("on_exhausted")) != bool(typed.get("exhausted_minutes")) and not {
            "on_exhausted", "exhausted_minutes"
        } & set(self.errors):  # fmt: skip
            self.add_error("exhausted_minutes", "Say when it gives up and what follows, or neither")
        for number in range(self.count):
            sort, words = typed.get(f"r{number}_sort"), typed.get(f"r{number}_words") or ""
            if sort and not (words.strip() or typed.get(f"r{number}_template")):
                self.add_error(f"r{number}_words", "Write what is to be done, or what the mail says")
            if sort == ReminderSort.TASK and len(" ".join(words.split())) > 300:
                self.add_error(f"r{number}_words", "A task is one sentence, of at most 300 characters")
        return typed

    def entered(self) -> dict[str, Any]:
        """The stage's own columns."""
        typed = self.cleaned_data
        names = [
            "name", "customer_label", "owner_role", "how", "template", "words", "due_minutes", "due_from",
            "escalate_minutes", "escalate_role", "exit_on", "date_label", "child_flow", "exhausted_minutes",
            "on_exhausted", "exhausted_words", "checks_scope",
        ]  # fmt: skip
        return {name: typed[name] for name in names} | {"due_days": typed["due_days"] or 0}

    def reminders(self) -> list[dict[str, Any]]:
        """The columns of each reminder that says what it is."""
        typed = self.cleaned_data
        rows = []
        for number in range(self.count):
            one = {part: typed[f"r{number}_{part}"] for part in ("sort", "after", "from", "role", "due", "asks")}
            if one["sort"]:
                words = typed[f"r{number}_words"]
                rows.append({
                    "sort": one["sort"], "after_minutes": one["after"], "counts_from": one["from"], "role": one["role"],
                    "template": typed[f"r{number}_template"], "due_minutes": one["due"], "follows_up": one["asks"],
                    "words": " ".join(words.split()) if one["sort"] == ReminderSort.TASK else words,
                })  # fmt: skip
        return rows


def _typed_rows(data: Mapping[str, Any] | None, kept: int) -> int:
    wanted = str(data.get("reminder_rows", "")) if data is not None else ""
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 3 else kept


def _shown(stage: Stage, reminders: list[StageReminder]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": stage.name, "customer_label": stage.customer_label, "owner_role": stage.owner_role_id,
        "how": stage.how_id, "template": stage.template_id, "words": stage.words, "due_from": stage.due_from,
        "due_days": stage.due_days, "escalate_role": stage.escalate_role_id, "exit_on": stage.exit_on,
        "date_label": stage.date_label, "child_flow": stage.child_flow_id, "on_exhausted": stage.on_exhausted,
        "exhausted_words": stage.exhausted_words, "checks_scope": stage.checks_scope,
    }  # fmt: skip
    for name in ("due_minutes", "escalate_minutes", "exhausted_minutes"):
        shown[name] = format_minutes(minutes) if (minutes := getattr(stage, name)) else ""
    for number, one in enumerate(reminders):
        shown |= {
            f"r{number}_sort": one.sort, f"r{number}_after": format_minutes(one.after_minutes),
            f"r{number}_from": one.counts_from, f"r{number}_role": one.role_id, f"r{number}_words": one.words,
            f"r{number}_template": one.template_id, f"r{number}_asks": one.follows_up,
            f"r{number}_due": format_minutes(one.due_minutes) if one.due_minutes else "",
        }  # fmt: skip
    return shown


class WelcomeForm(forms.Form):
    """How somebody is welcomed whose account was made."""

    is_enabled = forms.BooleanField(label="Welcome people whose account was made", required=False)
    subject = name_field("Subject", length=200, missing="Enter a subject")
    template = _row("Template", "A published template of the wiki.", "No template")
    words = _words("Or its words", "Where no template is chosen.")

    def __init__(self, data=None, *, initial: dict[str, Any], templates) -> None:
        super().__init__(data, initial=initial)
        offer(self, "template", templates)
