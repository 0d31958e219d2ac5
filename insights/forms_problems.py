"""What is entered about problems, fixes and contact drivers. Every field is named here; anything else is refused."""

from datetime import date
from decimal import Decimal
from typing import cast

from django import forms
from django.http import QueryDict

from accounts.models import Person
from insights.models import Driver, Problem
from insights.models.problems import LONGEST_FIX
from insights.problem_choices import MOVES, ProblemState
from knowledgebase.models import Article
from supportdesk.lib.strict_forms import StrictForm
from tickets.forms.settings.desk import PersonChoice, offer

LONGEST_TEXT = 20_000
FIRST_DAY = date(2000, 1, 1)


def _day(label: str, *, missing: str, hint: str = "", required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    words = {"required": missing, "invalid": "Enter a day like 2026-09-14"}
    return forms.DateField(label=label, help_text=hint, widget=widget, error_messages=words, required=required)


def _line(label: str, *, most: int, missing: str, hint: str = "", required: bool = True) -> forms.CharField:
    words = {"required": missing, "max_length": f"Write at most {most} characters"}
    return forms.CharField(label=label, max_length=most, help_text=hint, error_messages=words, required=required)


def _text(label: str, *, missing: str = "", hint: str = "", rows: int = 4, required: bool = True) -> forms.CharField:
    words = {"required": missing, "max_length": f"Write at most {LONGEST_TEXT:,} characters"}
    return forms.CharField(
        label=label, max_length=LONGEST_TEXT, help_text=hint, error_messages=words, required=required,
        widget=forms.Textarea(attrs={"rows": rows}),
    )  # fmt: skip


def _owner(*, required: bool, hint: str = "") -> PersonChoice:
    words = {"required": "Choose who is responsible", "invalid_choice": "Choose somebody from the list"}
    return PersonChoice(
        label="Who is responsible", queryset=Person.objects.staff().order_by("name", "email", "pk"),
        required=required, empty_label="Nobody yet", help_text=hint, error_messages=words,
    )  # fmt: skip


class _ArticleChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Article) -> str:
        return f"{obj.title} ({obj.space.name})"


class PlanForm(StrictForm):
    """Who changes what, and until when."""

    use_required_attribute = False
    title = _line("The problem", most=120, missing="Say what the problem is", hint="In the words of those who ask.")
    owner = _owner(required=True)
    fix = _line(
        "What will be changed", most=LONGEST_FIX, missing="Say what will be changed",
        hint="So that nobody has to ask. It marks the charts.",
    )  # fmt: skip
    planned_for = _day("Until", missing="", hint="Leave it empty if nobody knows yet.", required=False)


class ProblemForm(StrictForm):
    """How far a problem is."""

    use_required_attribute = False
    title = _line("The problem", most=120, missing="Say what the problem is")
    owner = _owner(required=False, hint="Compulsory once somebody looks into it.")
    state = forms.ChoiceField(label="How far", error_messages={"invalid_choice": "Choose a state from the list"})
    cause = _text("Cause", hint="Why people have to ask. An error is known once its cause is.", required=False)
    workaround = _ArticleChoice(
        label="What helps meanwhile", queryset=Article.objects.none(), required=False, empty_label="Nothing yet",
        help_text="An article that agents can send. It stands beside linked tickets.",
        error_messages={"invalid_choice": "Choose an article from the list"},
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, problem: Problem, person: Person) -> None:
        start = {name: getattr(problem, name) for name in ("title", "owner", "state", "cause", "workaround")}
        super().__init__(data, initial=start)
        states = [problem.state, *MOVES[problem.state]]
        field = cast("forms.ChoiceField", self.fields["state"])
        field.choices = [(state, ProblemState(state).label) for state in states]
        articles = Article.objects.readable_by(person).published().select_related("space").order_by("title", "pk")
        choice = offer(self, "workaround", articles)
        # What others chose stays, unnamed, where this person may not read it or it is not published just now.
        kept = problem.workaround_id and not articles.filter(pk=problem.workaround_id).exists()
        self._kept = problem.workaround if kept else None
        if kept:
            choice.empty_label = "An article that you cannot choose"

    def clean_workaround(self) -> Article | None:
        """What was chosen; else what was there and could not be."""
        chosen: Article | None = self.cleaned_data["workaround"]
        return chosen or self._kept


class FixedForm(StrictForm):
    """It was changed."""

    use_required_attribute = False
    fix = _line("What was changed", most=LONGEST_FIX, missing="Say what was changed")
    fixed_on = _day("On", missing="Choose the day", hint="The 56 days before are compared with the 28 from it on.")

    def clean_fixed_on(self) -> date:
        """A day that anybody could mean."""
        day: date = self.cleaned_data["fixed_on"]
        if day < FIRST_DAY:
            raise forms.ValidationError("Enter a day after 1 January 2000")
        return day


class AgainForm(StrictForm):
    """The fix was none."""

    use_required_attribute = False
    words = _line("Why", most=300, missing="Say why it is open again")


class EffortForm(StrictForm):
    """Time of engineering."""

    use_required_attribute = False
    on = _day("Day", missing="Choose the day")
    hours = forms.DecimalField(
        label="Hours", min_value=Decimal("0.25"), max_value=1000, max_digits=6, decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": "Enter hours", "invalid": "Enter hours, such as 3.5", "min_value": "Enter at least 0.25",
            "max_value": "Enter at most 1,000", "max_decimal_places": "Enter two digits after the point at most",
            "max_digits": "Enter at most 1,000", "max_whole_digits": "Enter at most 1,000",
        },
    )  # fmt: skip
    words = _line("What for", most=200, missing="", required=False)

    def clean_on(self) -> date:
        """A day that anybody could mean."""
        day: date = self.cleaned_data["on"]
        if not FIRST_DAY <= day <= date(2100, 1, 1):
            raise forms.ValidationError("Enter a day of this century")
        return day

    @property
    def minutes(self) -> int:
        """As they are kept."""
        return int(self.cleaned_data["hours"] * 60)


class AnnounceForm(StrictForm):
    """What customers of linked tickets read."""

    use_required_attribute = False
    text = _text("Message", missing="Write what the customers should know", rows=7)
    closes = forms.BooleanField(
        label="Close the tickets on which nobody waits for an answer", required=False, initial=True,
        help_text="Those that were opened again, or whose customer waits, stay open for a person.",
    )  # fmt: skip
    key = forms.RegexField(
        r"^[0-9a-f]{32}$", widget=forms.HiddenInput,
        error_messages={"required": "Load the page again", "invalid": "Load the page again"},
    )  # fmt: skip


class DriverForm(StrictForm):
    """What the desk says of a contact reason."""

    use_required_attribute = False
    minutes = forms.IntegerField(
        label="Minutes of work for one contact", required=False, min_value=1, max_value=600,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}), help_text="Empty: as measured.",
        error_messages={"invalid": "Enter whole minutes, such as 12", "min_value": "Enter at least 1 minute",
                        "max_value": "Enter at most 600 minutes"},
    )  # fmt: skip
    is_preventable = forms.BooleanField(
        label="Nobody should have to ask this", required=False,
        help_text="With ten contacts a month it becomes a problem that wants an owner.",
    )  # fmt: skip
    is_other = forms.BooleanField(
        label="It says nothing about why somebody wrote", required=False, help_text="Counted as “other”."
    )

    def __init__(self, data: QueryDict | None = None, *, driver: Driver) -> None:
        start = {"minutes": driver.minutes, "is_preventable": driver.is_preventable, "is_other": driver.is_other}
        super().__init__(data, initial=start)


class LinkForm(StrictForm):
    """A problem that a ticket asks about."""

    use_required_attribute = False
    problem = forms.ModelChoiceField(
        label="Problem", queryset=Problem.objects.order_by("title", "pk"), empty_label="Choose a problem",
        error_messages={"required": "Choose a problem", "invalid_choice": "Choose a problem from the list"},
    )  # fmt: skip
