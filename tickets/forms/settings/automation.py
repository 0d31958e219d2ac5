"""Rules and macros as they are typed. Conditions and steps are rows of plain fields."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from tickets import rule_conditions, steps
from tickets.choices import Happened, RuleMoment
from tickets.forms.durations import UnreadableDuration, format_minutes, parse_minutes
from tickets.forms.settings.desk import name_field
from tickets.models import Macro, Rule, Team
from tickets.rule_conditions import CannotRead

SPARE = 2
LONGEST_TEXT = 20_000
HAPPENS, MOMENT = "happens", "moment"
MOMENTS: dict[str, str] = {**dict(RuleMoment.choices), RuleMoment.CUSTOMER_WAITS: "the customer began to wait for us"}
EVENTS = Happened.choices


class Rows:
    """Which rows of one sort a form has: how many, and what each is called. The form's own hidden field counts them."""

    def __init__(self, sort: str, typed: Mapping[str, Any] | None, kept: int, most: int, more: int = 0) -> None:
        self.sort = sort
        wanted = str(typed.get(f"{sort}_rows", "")) if typed is not None else ""
        count = int(wanted[:3]) if wanted.isascii() and wanted.isdigit() else kept + (1 if kept else SPARE)
        self.count = max(1, min(count + more, most))

    def __iter__(self):
        return iter(range(self.count))


class RowedForm(forms.Form):
    """A form with rows of fields beside its own."""

    def add_row(self, name: str, label: str, choices: list[tuple[str, str]], *, ops: bool) -> None:
        """`name` and its fields: what, how (where `ops`), and the value."""
        self.fields[f"{name}_what"] = forms.ChoiceField(
            label=label, required=False, choices=[("", "Choose"), *choices], error_messages={
                "invalid_choice": "Choose from the list"
            },
        )  # fmt: skip
        if ops:
            self.fields[f"{name}_op"] = forms.ChoiceField(
                label="How", required=False, choices=list(rule_conditions.OPERATORS.items()), error_messages={
                    "invalid_choice": "Choose from the list"
                },
            )  # fmt: skip
        self.fields[f"{name}_value"] = forms.CharField(
            label="Value", required=False, max_length=2000, widget=forms.TextInput(attrs={"autocomplete": "off"}),
            error_messages={"max_length": "Write at most 2,000 characters"},
        )  # fmt: skip

    def row(self, name: str) -> list[forms.BoundField]:
        """The bound fields of a row, in order."""
        return [self[f"{name}_{part}"] for part in ("what", "op", "value") if f"{name}_{part}" in self.fields]

    def rows(self, rows: Rows) -> list[list[forms.BoundField]]:
        """Every row of a sort."""
        return [self.row(f"{rows.sort}_{number}") for number in rows]

    def read_row(self, name: str, read) -> dict | None:
        """What a row says, None for an empty one; what cannot be read becomes an error beside its value."""
        typed = self.cleaned_data
        what, value = typed.get(f"{name}_what", ""), typed.get(f"{name}_value", "")
        if not what:
            if value and f"{name}_what" not in self.errors:
                self.add_error(f"{name}_what", "Choose what this value belongs to")
            return None
        try:
            return read(what, typed.get(f"{name}_op", ""), value)
        except CannotRead as refusal:
            self.add_error(f"{name}_value", str(refusal))
            return None


class RuleForm(RowedForm):
    """A rule. `kept` is the rule as it stands; `more` names the rows of which a further one is wanted."""

    name = name_field("Name", length=80, missing="Enter a name for the rule")
    trigger = forms.ChoiceField(
        label="When does it act?",
        choices=[(HAPPENS, "When something happens"), (MOMENT, "Some time after something")],
        initial=HAPPENS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when it acts", "invalid_choice": "Choose when it acts"},
    )
    events = forms.MultipleChoiceField(
        label="What happens",
        choices=EVENTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list"},
    )
    after = forms.CharField(
        label="How long",
        required=False,
        max_length=30,
        help_text="Like 4 h, 30 min or 72 h. Empty: at once.",
        error_messages={"max_length": "Write a time like 30 min or 4 h"},
    )
    side = forms.ChoiceField(
        label="Before or after",
        choices=[("after", "after"), ("before", "before")],
        required=False,
        error_messages={"invalid_choice": "Choose before or after"},
    )
    moment = forms.ChoiceField(
        label="Since",
        choices=[("", "Choose"), *MOMENTS.items()],
        required=False,
        error_messages={"invalid_choice": "Choose from the list"},
    )
    in_open_hours = forms.BooleanField(
        label="Count open hours only", required=False, help_text="Nights, weekends and holidays do not count."
    )
    stops = forms.BooleanField(
        label="Stop here", required=False, help_text="When this rule acted, the rules below it do not look."
    )

    def __init__(self, data=None, *, kept: Rule | None = None, more: str = "", initial=None) -> None:
        """`initial` is what was typed so far, as it was posted, when only a row is added."""
        typed = data if data is not None else initial
        super().__init__(data, initial=_initial_of(kept) if kept and initial is None else initial)
        held = kept or Rule()
        self.all_rows = Rows("all", typed, len(held.all_of), rule_conditions.MOST, more == "all")
        self.any_rows = Rows("any", typed, len(held.any_of), rule_conditions.MOST, more == "any")
        self.step_rows = Rows("step", typed, len(held.steps), steps.MOST, more == "step")
        asks = [(key, known.label) for key, known in rule_conditions.FIELDS.items()]
        does = [(key, step.label) for key, step in steps.STEPS.items() if step.in_rules]
        for rows in (self.all_rows, self.any_rows):
            for number in rows:
                self.add_row(f"{rows.sort}_{number}", "Condition", asks, ops=True)
        for number in self.step_rows:
            self.add_row(f"step_{number}", "Step", does, ops=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        typed["all_of"] = [one for number in self.all_rows if (one := self.read_row(f"all_{number}", _condition))]
        typed["any_of"] = [one for number in self.any_rows if (one := self.read_row(f"any_{number}", _condition))]
        typed["steps"] = [one for number in self.step_rows if (one := self.read_row(f"step_{number}", _rule_step))]
        if typed.get("trigger") == HAPPENS and not typed.get("events") and "events" not in self.errors:
            self.add_error("events", "Choose what has to happen")
        if typed.get("trigger") == MOMENT:
            self._clean_moment(typed)
        if not typed["steps"] and not any(name.startswith("step_") for name in self.errors):
            self.add_error("step_0_what", "Choose what the rule does")
        return typed

    def _clean_moment(self, typed: dict[str, Any]) -> None:
        if not typed.get("moment") and "moment" not in self.errors:
            self.add_error("moment", "Choose from when it counts")
        if typed.get("side") == "before" and typed.get("moment") not in ("", None, RuleMoment.DUE):
            self.add_error("side", "Only a promise that is due has a time before it. Choose “after”")
        text = typed.get("after", "").strip()
        try:
            typed["minutes"] = 0 if text in ("", "0") else parse_minutes(text) or 0
        except UnreadableDuration:
            self.add_error("after", "Write a time like 30 min, 4 h or 72 h, at most 8,760 h")

    @property
    def shown_all(self) -> list[list[forms.BoundField]]:
        """The conditions that all have to hold."""
        return self.rows(self.all_rows)

    @property
    def shown_any(self) -> list[list[forms.BoundField]]:
        """The conditions of which one has to hold."""
        return self.rows(self.any_rows)

    @property
    def shown_steps(self) -> list[list[forms.BoundField]]:
        """What the rule does."""
        return self.rows(self.step_rows)

    def entered(self) -> dict[str, Any]:
        """What `actions.setup.rules.Definition` takes."""
        typed = self.cleaned_data
        is_moment = typed["trigger"] == MOMENT
        return {
            "name": typed["name"],
            "events": [] if is_moment else [value for value, _ in EVENTS if value in typed["events"]],
            "moment": typed["moment"] if is_moment else "",
            "minutes": typed.get("minutes", 0) if is_moment else 0,
            "is_before": is_moment and typed["side"] == "before",
            "in_open_hours": is_moment and typed["in_open_hours"],
            "all_of": typed["all_of"],
            "any_of": typed["any_of"],
            "steps": typed["steps"],
            "stops": typed["stops"],
        }


def _initial_of(rule: Rule) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": rule.name,
        "trigger": MOMENT if rule.moment else HAPPENS,
        "events": rule.events,
        "after": format_minutes(rule.minutes) if rule.minutes else "",
        "side": "before" if rule.is_before else "after",
        "moment": rule.moment,
        "in_open_hours": rule.in_open_hours,
        "stops": rule.stops,
    }
    for sort, conditions in (("all", rule.all_of), ("any", rule.any_of)):
        for number, one in enumerate(conditions):
            said = rule_conditions.typed(one)
            shown |= {f"{sort}_{number}_{part}": said[key] for part, key in _PARTS.items()}
    return shown | _initial_steps(rule.steps)


_PARTS = {"what": "field", "op": "op", "value": "value"}


def _initial_steps(todo: list[dict]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for number, one in enumerate(todo):
        said = steps.typed(one)
        shown |= {f"step_{number}_what": said["do"], f"step_{number}_value": said["value"]}
    return shown


def _condition(what: str, op: str, value: str) -> dict:
    allowed = rule_conditions.FIELDS[what].operators if what in rule_conditions.FIELDS else {}
    if op not in allowed and allowed:  # the same question, as this field puts it
        negative = op in rule_conditions.NEGATIVE
        op = next(one for one in allowed if (one in rule_conditions.NEGATIVE) == negative)
    return rule_conditions.read(field=what, op=op, value=value)


def _rule_step(what: str, _: str, value: str) -> dict:
    return steps.read(do=what, value=value, for_macro=False)


def _macro_step(what: str, _: str, value: str) -> dict:
    return steps.read(do=what, value=value, for_macro=True)


class MacroForm(RowedForm):
    """A macro: words for the composer, and steps."""

    name = name_field("Name", length=80, missing="Enter a name to find the macro by")
    text = forms.CharField(
        label="Words",
        required=False,
        max_length=LONGEST_TEXT,
        strip=False,
        help_text="Go below what stands in the reply already. Placeholders as in reply templates.",
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"max_length": "Write at most 20,000 characters"},
    )
    audience = forms.ChoiceField(
        label="Who can use it",
        choices=[("own", "Only me")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who can use it", "invalid_choice": "Choose from the list"},
    )

    def __init__(self, data=None, *, kept: Macro | None = None, shared: bool, more: str = "", initial=None) -> None:
        """`shared`: the writer may make macros for others too."""
        typed = data if data is not None else initial
        super().__init__(data, initial=self._kept(kept) if kept and initial is None else initial)
        if shared:
            teams = [(f"team:{team.pk}", f"Everybody in {team.name}") for team in Team.objects.order_by("name", "pk")]
            field = cast("forms.ChoiceField", self.fields["audience"])
            field.choices = [("own", "Only me"), ("all", "Everybody"), *teams]
        self.step_rows = Rows("step", typed, len(kept.steps) if kept else 0, steps.MOST, more == "step")
        does = [(key, step.label) for key, step in steps.STEPS.items() if step.in_macros]
        for number in self.step_rows:
            self.add_row(f"step_{number}", "Step", does, ops=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        typed["steps"] = [one for number in self.step_rows if (one := self.read_row(f"step_{number}", _macro_step))]
        typed["text"] = (typed.get("text") or "").replace("\x00", "").replace("\r\n", "\n").strip("\n")
        return typed

    @property
    def shown_steps(self) -> list[list[forms.BoundField]]:
        """What the macro does."""
        return self.rows(self.step_rows)

    def entered(self) -> dict[str, Any]:
        """What `actions.setup.macros.save_macro` takes."""
        typed = self.cleaned_data
        kind, _, key = typed["audience"].partition(":")
        team = Team.objects.filter(pk=int(key)).first() if kind == "team" else None
        return {
            "name": typed["name"],
            "text": typed["text"],
            "steps": typed["steps"],
            "is_own": kind == "own",
            "team": team,
        }

    @staticmethod
    def _kept(macro: Macro) -> dict[str, Any]:
        audience = "own" if macro.owner_id else f"team:{macro.team_id}" if macro.team_id else "all"
        return {"name": macro.name, "text": macro.text, "audience": audience} | _initial_steps(macro.steps)
