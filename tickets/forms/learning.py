"""What a new client's first ticket taught, as it is typed in."""

from django import forms

from knowledgebase.models import Article


class LearnedForm(forms.Form):
    """A page that was changed, or why none has to be."""

    article = forms.ChoiceField(
        label="Which page was changed?",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose a page from the list"},
    )
    reason = forms.CharField(
        label="Or: why is there nothing to write down?",
        required=False,
        max_length=300,
        error_messages={"max_length": "Use at most 300 characters"},
    )

    def __init__(self, *args, articles: list[Article], **options) -> None:
        super().__init__(*args, **options)
        self.articles = {str(one.pk): one for one in articles}
        found = [(key, f"{one.title}, in {one.space.name}") for key, one in self.articles.items()]
        self.fields["article"].choices = [*found, ("", "None of them")]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict:
        """One of the two."""
        cleaned = super().clean() or {}
        if not cleaned.get("article") and not cleaned.get("reason", "").strip() and not self.errors:
            self.add_error("reason", "Choose the page that was changed, or say why none has to be")
        return cleaned

    @property
    def chosen(self) -> Article | None:
        """The page, if one was chosen."""
        return self.articles.get(self.cleaned_data["article"])


class RulesForm(forms.Form):
    """Whether a new client's first ticket has to teach something."""

    asks_what_we_learned = forms.BooleanField(
        label="Ask what we learned before a new client’s first ticket is closed",
        help_text="By a change of the wiki, or a reason why none is needed. Everybody else’s tickets close as before.",
        required=False,
    )
    new_for_days = forms.IntegerField(
        label="A client is new for so many days after paying first",
        min_value=1,
        max_value=730,
        error_messages={
            "required": "Enter a number of days", "invalid": "Enter a number of days",
            "min_value": "Enter a number from 1 to 730", "max_value": "Enter a number from 1 to 730",
        },
    )  # fmt: skip
