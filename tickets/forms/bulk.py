"""What is done to many tickets. Input only."""

from datetime import datetime
from typing import cast

from django import forms

from accounts.models import Person
from tickets.actions.bulk.verbs import VERBS
from tickets.actions.details import TAG_LENGTH
from tickets.actions.intake import clean_line
from tickets.choices import Priority, TicketType
from tickets.forms.snooze import SnoozeForm
from tickets.models import ContactReason, Macro, Team
from tickets.queries_desk.automation import macros_for
from tickets.queries_desk.people import staff

MOST_TICKED = 500


class ChoiceForm(forms.Form):
    """Which tickets, and what is to be done with them. `all` means everything that the list holds."""

    verb = forms.ChoiceField(
        choices=[(name, name) for name in VERBS], error_messages={"required": "Choose what to do with the tickets"}
    )
    all = forms.BooleanField(required=False)

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        typed = self.data.getlist("ticket") if hasattr(self.data, "getlist") else []
        numbers = {int(one) for one in typed[: MOST_TICKED + 1] if one.isascii() and one.isdigit() and len(one) < 19}
        if len(numbers) > MOST_TICKED:
            self.add_error(None, f"Tick at most {MOST_TICKED:,} tickets, or choose all that match")
        cleaned["tickets"] = sorted(numbers)
        return cleaned


class Arguments(forms.Form):
    """Gives the verb what it needs, as plain JSON."""

    def arguments(self, now: datetime) -> dict:
        """By the names that the verb knows."""
        return {}


class AssignMany(Arguments):
    to = forms.ModelChoiceField(
        Person.objects.none(), required=False, error_messages={"invalid_choice": "Choose somebody who works here"}
    )

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.people = staff()
        to = cast(forms.ModelChoiceField, self.fields["to"])
        to.queryset = Person.objects.filter(pk__in=[person.pk for person in self.people])

    def arguments(self, now: datetime) -> dict:
        to = self.cleaned_data["to"]
        return {"to": to.pk if to else None}


class MoveMany(Arguments):
    team = forms.ModelChoiceField(
        Team.objects.order_by("name"),
        error_messages={"required": "Choose a team", "invalid_choice": "Choose a team of this desk"},
    )

    def arguments(self, now: datetime) -> dict:
        return {"team": self.cleaned_data["team"].pk}


class PriorityOfMany(Arguments):
    priority = forms.ChoiceField(choices=Priority, error_messages={"required": "Choose a priority"})

    def arguments(self, now: datetime) -> dict:
        return {"priority": self.cleaned_data["priority"]}


class TypeOfMany(Arguments):
    type = forms.ChoiceField(choices=TicketType, error_messages={"required": "Choose a type"})

    def arguments(self, now: datetime) -> dict:
        return {"type": self.cleaned_data["type"]}


class TagOnMany(Arguments):
    tag = forms.CharField(
        max_length=TAG_LENGTH + 1,
        label="Tag",
        error_messages={"required": "Write a tag", "max_length": f"A tag has {TAG_LENGTH} characters at most"},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )

    def clean_tag(self) -> str:
        """As tickets carry it."""
        tag = clean_line(self.cleaned_data["tag"]).lower().lstrip("#").strip()
        if not tag or "," in tag:
            raise forms.ValidationError("Write one tag, without a comma")
        return tag[:TAG_LENGTH]

    def arguments(self, now: datetime) -> dict:
        return {"tag": self.cleaned_data["tag"]}


class SnoozeMany(SnoozeForm, Arguments):
    def arguments(self, now: datetime) -> dict:
        until = self.moment(now)
        return {"until": until.isoformat(), "wakes_on": self.wakes_on, "stays": self.cleaned_data["stays"]}


class ReasonOfMany(Arguments):
    reason = forms.ModelChoiceField(
        ContactReason.objects.filter(is_active=True),
        required=False,
        error_messages={"invalid_choice": "Choose one of the reasons"},
    )

    def arguments(self, now: datetime) -> dict:
        reason = self.cleaned_data["reason"]
        return {"reason": reason.pk if reason else None}


class CloseMany(ReasonOfMany):
    """Without a reason, customers who wait are closed over only where that is said."""

    unanswered = forms.BooleanField(required=False)

    def __init__(self, *args, waiting: int, **options) -> None:
        super().__init__(*args, **options)
        self.waiting = waiting

    @property
    def asks_again(self) -> bool:
        """It was sent without a reason, and customers wait."""
        return "unanswered" in self.errors

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if self.waiting and "reason" in cleaned and not (cleaned["reason"] or cleaned.get("unanswered")):
            self.add_error("unanswered", "Customers wait for an answer. Choose a reason, or close them unanswered")
        return cleaned

    def arguments(self, now: datetime) -> dict:
        return {**super().arguments(now), "unanswered": self.cleaned_data["unanswered"]}


class MacroOnMany(Arguments):
    macro = forms.ModelChoiceField(
        Macro.objects.none(),
        error_messages={"required": "Choose a macro", "invalid_choice": "Choose one of your macros"},
    )

    def __init__(self, *args, person: Person, **options) -> None:
        super().__init__(*args, **options)
        self.macros = [macro for macro in macros_for(person) if macro.steps]
        macro = cast(forms.ModelChoiceField, self.fields["macro"])
        macro.queryset = Macro.objects.filter(pk__in=[one.pk for one in self.macros])

    def arguments(self, now: datetime) -> dict:
        return {"macro": self.cleaned_data["macro"].pk}


FORMS: dict[str, type[Arguments]] = {
    "assign": AssignMany,
    "team": MoveMany,
    "priority": PriorityOfMany,
    "type": TypeOfMany,
    "tag": TagOnMany,
    "untag": TagOnMany,
    "snooze": SnoozeMany,
    "close": CloseMany,
    "reason": ReasonOfMany,
    "macro": MacroOnMany,
}
