"""What is typed on the pages on which articles are written. Input only."""

from django import forms

from accounts.models import Person
from knowledgebase.access import may_write, spaces_for
from knowledgebase.choices import ArticleKind, Significance
from knowledgebase.merging import CHOICES
from knowledgebase.models import Space
from knowledgebase.models.articles import LONGEST_TEXT, LONGEST_TITLE

MOST_NO = 2**31 - 1


def _hidden(most: int = MOST_NO) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=0, max_value=most, widget=forms.HiddenInput)


class Markdown(forms.CharField):
    """A text as it is typed: blanks at its ends stay, too long is said in words."""

    def __init__(self) -> None:
        super().__init__(
            label="Text", strip=False, required=False, max_length=LONGEST_TEXT,
            widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true", "aria-describedby": "formatting"}),
            error_messages={"max_length": f"A page takes {LONGEST_TEXT:,} characters. Make two pages of it."},
        )  # fmt: skip


class EditForm(forms.Form):
    """A page's title and text. `base_no` is the revision that it began from, `known` the version of the draft."""

    title = forms.CharField(
        label="Title", max_length=LONGEST_TITLE,
        error_messages={"required": "Enter a title.", "max_length": f"Use at most {LONGEST_TITLE} characters."},
    )  # fmt: skip
    markdown = Markdown()
    comment = forms.CharField(
        label="What did you change, and why?", max_length=500, required=False,
        help_text="Whoever approves it reads this first.",
        error_messages={"max_length": "Use at most 500 characters."},
    )  # fmt: skip
    significance = forms.ChoiceField(
        label="How much changes?", choices=Significance.choices, required=False, widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose one of the three."},
    )  # fmt: skip
    base_no = _hidden()
    known = _hidden()

    def clean(self) -> dict:
        """Numbers that were not sent are 0; a change is of some facts unless said otherwise."""
        entered = super().clean() or {}
        for name in ("base_no", "known"):
            entered[name] = entered.get(name) or 0
        entered["significance"] = entered.get("significance") or Significance.MEDIUM
        return entered


class NewForm(EditForm):
    """A new page: where it stands and what it is, too. `draft` is the key of the draft that it is written in."""

    kind = forms.ChoiceField(
        label="What is it?", choices=ArticleKind.choices,
        error_messages={"required": "Say what it is.", "invalid_choice": "Choose one from the list."},
    )  # fmt: skip
    below = forms.SlugField(required=False, max_length=120, widget=forms.HiddenInput)
    draft = _hidden(2**63 - 1)

    def __init__(self, data=None, *, person: Person, initial: dict | None = None) -> None:
        super().__init__(data, initial=initial)
        writes = [space.pk for space in spaces_for(person) if may_write(person, space)]
        self.fields["space"] = forms.ModelChoiceField(
            label="Space",
            queryset=Space.objects.filter(pk__in=writes).order_by("position", "name"),
            empty_label=None,
            help_text="Who reads it, and who approves it.",
            error_messages={"required": "Choose a space.", "invalid_choice": "Choose a space from the list."},
        )


class MergeForm(EditForm):
    """A conflict, decided: `head_no` is the revision that stands now, `part-3` what holds in its fourth piece."""

    head_no = forms.IntegerField(min_value=1, max_value=MOST_NO, widget=forms.HiddenInput)

    def choices(self) -> dict[int, str]:
        """What was chosen, by the number of the piece."""
        found = {}
        for name, value in self.data.items():
            number = name.removeprefix("part-")
            if number != name and number.isascii() and number.isdigit() and len(number) < 7 and value in CHOICES:
                found[int(number)] = value
        return found


class AnswerForm(forms.Form):
    """Why a suggestion is not accepted."""

    answer = forms.CharField(
        label="Why not?", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Its author gets these words by mail.",
        error_messages={
            "required": "Say why, so that its author can do better.", "max_length": "Use at most 500 characters.",
        },
    )  # fmt: skip


class CompareForm(forms.Form):
    """Which two versions."""

    old = forms.IntegerField(label="Version", min_value=1, max_value=MOST_NO)
    new = forms.IntegerField(label="with version", min_value=1, max_value=MOST_NO)
