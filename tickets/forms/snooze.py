"""When a ticket comes back: a letter's word, a time in words, or something that happens."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from supportdesk.lib.business_hours import Calendar, NeverOpens, next_opening
from tickets.conditions import Offer
from tickets.forms.times import MORNING, TypedMomentField, moment_in

LONGEST = timedelta(days=14)
LATER = timedelta(hours=3)
ANSWER = "answer"
ON_CONDITION = "paid"
WORDS = ("later", "tomorrow", "week", "longest", ANSWER)
SOONER = "A ticket can be snoozed for 14 days at most."


class SnoozeForm(forms.Form):
    """One of WORDS, a condition that was offered, or a time in words. `stays`: a thank-you does not end it."""

    until = forms.ChoiceField(choices=[(word, word) for word in (*WORDS, ON_CONDITION, "at")], required=False)
    condition = forms.CharField(max_length=80, required=False)
    at = TypedMomentField(
        label="Another time",
        help_text="In words: “in 3 days”, “next monday 9am”, “27 nov”, at most 14 days ahead",
        required=False,
        max_length=80,
        error_messages={"max_length": "Write the time in fewer words"},
        unknown="Write the time like 2026-11-27 09:00, “in 3 days” or “next monday 9am”",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "next monday 9am"}),
    )
    stays = forms.BooleanField(required=False, label="Leave it there when the answer is only a thank-you")

    def __init__(self, *args, calendar: Calendar | None = None, offers: list[Offer] | None = None, **options) -> None:
        super().__init__(*args, **options)
        self.calendar, self.offers = calendar, offers or []

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        condition = cleaned.get("condition", "")
        chosen = cleaned["until"] = cleaned.get("until") or (ON_CONDITION if condition else "")
        if chosen in ("", "at", None) and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", "Choose when the ticket comes back")
        if chosen == ON_CONDITION and condition not in [offer.condition for offer in self.offers]:
            self.add_error(None, "That cannot be waited for any more. Choose a time.")
        return cleaned

    def moment(self, now: datetime) -> datetime:
        """The chosen time. What waits for something that happens waits as long as there is."""
        chosen = self.cleaned_data["until"]
        if chosen == ON_CONDITION:
            return now + LONGEST
        return moments(now, self.calendar).get(chosen) or moment_in(self.cleaned_data["at"], now) or now

    @property
    def wakes_on(self) -> str:
        """What brings it back earlier, as `tickets.actions.snooze` keeps it."""
        chosen = self.cleaned_data["until"]
        return {ANSWER: ANSWER, ON_CONDITION: self.cleaned_data["condition"]}.get(chosen, "")


def moments(now: datetime, calendar: Calendar | None = None) -> dict[str, datetime]:
    """What the words mean at `now` in the reader's zone: a morning is nine o'clock, or the first open minute then."""
    local = timezone.localtime(now)
    morning = local.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    fortnight = morning + LONGEST
    return {
        "later": (local + LATER).replace(second=0, microsecond=0),
        "tomorrow": _open(calendar, morning + timedelta(days=1), now),
        "week": _open(calendar, morning + timedelta(days=7 - local.weekday()), now),
        "longest": fortnight if fortnight <= now + LONGEST else fortnight - timedelta(days=1),
        ANSWER: now + LONGEST,
    }


def _open(calendar: Calendar | None, at: datetime, now: datetime) -> datetime:
    """`at`, or the next opening after it unless that is further away than a snooze may last."""
    try:
        opening = next_opening(calendar, at) if calendar else at
    except NeverOpens:
        return at
    return opening if opening <= now + LONGEST else at
