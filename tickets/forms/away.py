"""Being away."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from tickets.forms.times import TypedMomentField, moment_in

MORNING = 9


class AwayForm(forms.Form):
    """Until when: one of the usual times, one's own, or until one says so."""

    how = forms.ChoiceField(
        choices=[("day", "Today"), ("week", "This week"), ("open", "Until I say so"), ("at", "Until then")],
        error_messages={
            "required": "Choose until when you are away",
            "invalid_choice": "Choose until when you are away",
        },
    )
    until = TypedMomentField(
        label="Another time",
        required=False,
        max_length=60,
        help_text="Like “tomorrow 9:00”, “next mon” or 2026-11-27.",
        error_messages={"max_length": "Write the time like “tomorrow 9:00”"},
    )

    def clean(self) -> dict:
        typed = super().clean() or self.cleaned_data
        if typed.get("how") == "at" and not typed.get("until") and "until" not in self.errors:
            self.add_error("until", "Write until when you are away")
        return typed

    def until_when(self, now: datetime) -> datetime | None:
        """The chosen end in the reader's zone; None: until they say so."""
        how = self.cleaned_data["how"]
        if how == "open":
            return None
        if how == "at":
            return moment_in(self.cleaned_data["until"], now)
        local = timezone.localtime(now)
        days = 1 if how == "day" else 7 - local.weekday()
        morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0, fold=0)
        return morning + timedelta(days=days)
