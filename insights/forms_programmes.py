"""What is entered on the pages of the programmes. Every field is named here; anything else is not read (S26)."""

from datetime import date
from decimal import Decimal

from django import forms
from django.http import QueryDict

from accounts.models import Person
from insights.models import CustomerDayRules
from insights.programme_choices import NEXT_STATES, ActionKind, GoalFigure, ObservationState
from knowledgebase.models import Article
from tickets.forms.settings.desk import PeopleChoice, PersonChoice, offer
from tickets.models import ContactReason

CHOOSE = {"required": "Choose somebody", "invalid_choice": "Choose somebody from the list"}
DAY = {"required": "Choose a day", "invalid": "Enter a day like 2026-09-14"}
MOST_ARTICLES = 2_000


def _day(label: str, hint: str = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=hint, widget=widget, error_messages=DAY)


def _words(label: str, *, most: int, missing: str, hint: str = "", rows: int = 2) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=most, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": missing, "max_length": f"Write at most {most:,} characters"},
    )  # fmt: skip


def _staff():
    return Person.objects.staff().order_by("name", "email", "pk")


class ArticleChoice(forms.ModelChoiceField):
    """A published article by its title and space."""

    def label_from_instance(self, obj: Article) -> str:
        return f"{obj.title} ({obj.space.name})"


class ReasonChoice(forms.ModelChoiceField):
    """A contact reason below its parent."""

    def label_from_instance(self, obj: ContactReason) -> str:
        return f"{obj.parent.name} › {obj.name}" if obj.parent else obj.name


def _article(label: str, hint: str = "") -> ArticleChoice:
    return ArticleChoice(
        label=label, help_text=hint, queryset=Article.objects.none(), required=False, empty_label="None",
        error_messages={"invalid_choice": "Choose an article from the list"},
    )  # fmt: skip


def _articles(person):
    rows = Article.objects.readable_by(person).published().filter(space__archived_at=None)
    return rows.select_related("space").order_by("title", "pk")


class BookForm(forms.Form):
    """A day."""

    date = _day("Day")


class BuddyForm(forms.Form):
    """Who reads what is written."""

    buddy = PersonChoice(label="Buddy", queryset=Person.objects.none(), empty_label=None, error_messages=CHOOSE)

    def __init__(self, *args, people: list[Person], **options) -> None:
        super().__init__(*args, **options)
        keys = [person.pk for person in people]
        offer(self, "buddy", Person.objects.filter(pk__in=keys).order_by("name", "email", "pk"))


class ObservationForm(forms.Form):
    """Something noticed, with who owns it and by when."""

    words = _words("What did you notice?", most=500, missing="Say what you noticed")
    owner = PersonChoice(
        label="Who owns it?", queryset=Person.objects.none(), empty_label="Choose somebody", error_messages=CHOOSE
    )
    due = _day("By when?")

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "owner", _staff())


class HandOverForm(forms.Form):
    """Another owner, or another date."""

    owner = PersonChoice(label="Owner", queryset=Person.objects.none(), empty_label=None, error_messages=CHOOSE)
    due = _day("By when?")

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "owner", _staff())


class MoveForm(forms.Form):
    """How far it is now, and in words why."""

    to = forms.ChoiceField(
        label="How far is it?", widget=forms.RadioSelect,
        error_messages={"required": "Choose how far it is", "invalid_choice": "Choose one of these"},
    )  # fmt: skip
    words = forms.CharField(
        label="In words", help_text="Needed when it is declined, or its effect is verified.", required=False,
        max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "Write at most 500 characters"},
    )  # fmt: skip

    def __init__(self, *args, state: str, **options) -> None:
        super().__init__(*args, **options)
        following = NEXT_STATES.get(ObservationState(state), ())
        self.fields["to"].choices = [(one.value, one.label) for one in following]  # type: ignore[attr-defined]  # a ChoiceField


class DebriefForm(forms.Form):
    """What the day taught."""

    learned = _words("What did the day teach you?", most=5_000, missing="Say in a sentence what it taught you", rows=4)


class CustomerDayRulesForm(forms.Form):
    """How Customer Day is held here."""

    is_enabled = forms.BooleanField(
        label="Hold a Customer Day each quarter", required=False,
        help_text="Invited on the first day, reminded on the 15th, given a date in the third month.",
    )  # fmt: skip
    article = _article("Briefing", "An article that is read before the day. Without one, the words below.")
    briefing = forms.CharField(
        label="Briefing in words", required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": "Write at most 10,000 characters"},
    )  # fmt: skip
    checklist = forms.CharField(
        label="Checklist", help_text="A line each. All of them are ticked before the day begins.", required=False,
        max_length=3_000, widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": "Write at most 3,000 characters"},
    )  # fmt: skip
    most_a_day = forms.IntegerField(label="People on one day", min_value=1, max_value=100)
    alone_after = forms.IntegerField(
        label="Answers until somebody answers alone", min_value=0, max_value=1000,
        help_text="Whoever has answered fewer times answers with review on their Customer Day.",
    )  # fmt: skip
    left_out = PeopleChoice(
        label="Not invited", queryset=Person.objects.none(), required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose people from the list"},
    )  # fmt: skip

    def __init__(self, sent: QueryDict | None, *, of: CustomerDayRules, by: Person) -> None:
        names = ("is_enabled", "article", "briefing", "checklist", "most_a_day", "alone_after")
        initial = {name: getattr(of, name) for name in names} | {"left_out": of.left_out.all()}
        super().__init__(sent, initial=initial)
        offer(self, "article", _articles(by))
        offer(self, "left_out", _staff())
        _whole_numbers(self, "most_a_day", "alone_after")

    def clean_checklist(self) -> str:
        lines = [line.strip() for line in self.cleaned_data["checklist"].splitlines() if line.strip()]
        if len(lines) > 20 or any(len(line) > 300 for line in lines):
            raise forms.ValidationError("Write at most 20 lines of at most 300 characters")
        return "\n".join(lines)


class CoverForm(forms.Form):
    """What answers a contact reason, and whether it is about money."""

    article = _article("Article that answers it", "A public one: customers have to be able to read it.")
    is_money = forms.BooleanField(
        label="It is about money", required=False, help_text="So are the reasons below it. No Customer Day card."
    )

    def __init__(self, *args, by: Person, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "article", _articles(by))


class InvoiceRulesForm(forms.Form):
    """Which reasons are questions about invoices, and who looks after the months."""

    branch = ReasonChoice(
        label="Contact reason", help_text="It and all reasons below it are questions about invoices.",
        queryset=ContactReason.objects.none(), required=False, empty_label="None: nothing is counted",
        error_messages={"invalid_choice": "Choose a reason from the list"},
    )  # fmt: skip
    owner = PersonChoice(
        label="Who looks after it?", help_text="Hears on the 1st of each month.", queryset=Person.objects.none(),
        required=False, empty_label="Nobody in particular", error_messages=CHOOSE,
    )  # fmt: skip

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "branch", ContactReason.objects.select_related("parent").order_by("parent__name", "name", "pk"))
        offer(self, "owner", _staff())


class InvoiceActionForm(forms.Form):
    """What keeps a question from being asked again."""

    kind = forms.ChoiceField(
        label="What is changed?", choices=ActionKind.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what is changed", "invalid_choice": "Choose one of these"},
    )  # fmt: skip
    words = _words("What is done?", most=300, missing="Say what is done")
    article = _article("Article", "Where one was written or changed.")
    owner = PersonChoice(
        label="Who owns it?", queryset=Person.objects.none(), empty_label="Choose somebody", error_messages=CHOOSE
    )

    def __init__(self, *args, by: Person, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "owner", _staff())
        offer(self, "article", _articles(by))


class GoalsForm(forms.Form):
    """What support is for, in words and figures."""

    article = _article("Article", "Its published text is shown. Without one, the words below.")
    text = forms.CharField(
        label="In words", help_text="Markdown.", required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10}), error_messages={"max_length": "Write at most 20,000 characters"},
    )  # fmt: skip
    asks_again = forms.BooleanField(
        label="Ask everybody to read it again", required=False, help_text="New people are asked in any case."
    )

    def __init__(self, *args, by: Person, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "article", _articles(by))
        for figure in GoalFigure:
            self.fields[figure.value] = forms.DecimalField(
                label=figure.label, required=False, min_value=0, max_value=100_000, max_digits=8, decimal_places=2,
                error_messages={
                    "invalid": "Enter a number", "min_value": "Enter a number that is not negative",
                    "max_value": "Enter at most 100,000", "max_digits": "Enter at most six digits and two decimals",
                    "max_decimal_places": "Enter at most two decimals",
                    "max_whole_digits": "Enter at most six digits before the point",
                },
            )  # fmt: skip
            self.fields[figure.value].widget.attrs["inputmode"] = "decimal"

    def targets(self) -> dict[str, Decimal | None]:
        """Each figure with its number, or none."""
        return {figure: self.cleaned_data.get(figure) for figure in GoalFigure.values}

    def goal_fields(self) -> list[forms.BoundField]:
        """The fields of the figures, for the template."""
        return [self[figure] for figure in GoalFigure.values]


def _whole_numbers(form: forms.Form, *names: str) -> None:
    for name in names:
        field = form.fields[name]
        least, most = field.min_value, field.max_value  # type: ignore[attr-defined]  # an IntegerField
        field.error_messages |= {
            "required": "Enter a number", "invalid": "Enter a whole number",
            "min_value": f"Enter at least {least}", "max_value": f"Enter at most {most}",
        }  # fmt: skip
        field.widget.attrs["inputmode"] = "numeric"


def month_in(text: str) -> date | None:
    """The month that an address like 2026-05 names."""
    year, _, number = text.partition("-")
    if not (len(year) == 4 and len(number) == 2 and (year + number).isascii() and (year + number).isdigit()):
        return None
    return date(int(year), int(number), 1) if 2000 <= int(year) <= 2199 and 1 <= int(number) <= 12 else None
