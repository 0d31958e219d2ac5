"""How the daily review goes, as admins type it. Input only."""

from typing import Any, cast

from django import forms

from accounts.choices import Role
from accounts.models import Person
from billing.forms.catalogue import ArticleChoice
from billing.forms.invoices import AmountField, PlainForm
from knowledgebase.models import Article
from selfservice.actions.review_rules import MOST_REASONS, Reason
from selfservice.choices import Kind, Verdict

AN_HOUR = dict.fromkeys(("required", "invalid"), "Enter a time such as 10:00.")
WAYS = [
    (Verdict.KEEP, "The limit stays"),
    (Verdict.CLOSE, "Closed for credit"),
    (Verdict.REJECT, "The held order is cancelled"),
]


A_PAGE: dict[str, Any] = {
    "queryset": Article.objects.none(), "required": False, "empty_label": "None",
    "help_text": "A page of the wiki, beside each request of that kind.",
    "error_messages": {"invalid_choice": "Choose a page that all staff read."},
}  # fmt: skip


def _hour(label: str, hint: str) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=hint, widget=widget, error_messages=AN_HOUR)


class ReviewRulesForm(PlainForm):
    """When, above which amounts two people decide, and who takes over."""

    starts_at = _hour("The review begins at", "In the seller's time zone. Customers are told this time.")
    second_credit_above = AmountField(label="Two people decide about a limit above")
    second_refund_above = AmountField(label="Two people decide about a refund above")
    deputy = forms.ModelChoiceField(
        label="Deputy", queryset=Person.objects.none(), required=False, empty_label="Nobody",
        help_text="A reviewer who takes over what is left. They get one mail, at the hour below, and nobody else any.",
        error_messages={"invalid_choice": "Choose a reviewer from the list."},
    )  # fmt: skip
    deputy_from = _hour("The deputy takes over at", "In the seller's time zone, on working days.")

    credit_policy = ArticleChoice(label="How we decide about credit", **A_PAGE)
    tax_policy = ArticleChoice(label="How we decide about tax certificates", **A_PAGE)
    refund_policy = ArticleChoice(label="How we decide about refunds", **A_PAGE)

    def __init__(self, *args: Any, currency: str, lost: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        pages = Article.objects.published().filter(space__roles=[], space__archived_at=None)
        for name in ("credit_policy", "tax_policy", "refund_policy"):
            cast("ArticleChoice", self.fields[name]).queryset = pages.order_by("title", "pk")
        self.fields["deputy"].queryset = Person.objects.with_role(Role.REVIEWER).order_by("name", "pk")  # type: ignore[attr-defined]  # a ModelChoiceField
        if lost:
            self.fields["deputy"].help_text += f" {lost} is no reviewer any more and takes over nothing."
        self.fields["deputy"].label_from_instance = lambda person: person.shown_name  # type: ignore[attr-defined]  # the same
        for name in ("second_credit_above", "second_refund_above"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]  # an AmountField


class ReasonsForm(PlainForm):
    """Up to five reasons of one kind; an empty line is none."""

    def __init__(self, *args: Any, kind: Kind, **more: Any) -> None:
        super().__init__(*args, **more)
        self.kind = self.prefix = kind
        for place in range(1, MOST_REASONS + 1):
            self.fields[f"words{place}"] = forms.CharField(
                label=f"Key {place}", required=False, max_length=255,
                error_messages={"max_length": "Use at most 255 signs."},
            )  # fmt: skip
            if kind == Kind.CREDIT:
                self.fields[f"verdict{place}"] = forms.ChoiceField(
                    label=f"What key {place} does", required=False, choices=WAYS,
                    error_messages={"invalid_choice": "Choose one of these."},
                )  # fmt: skip

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField | None]]:
        """Each line: the words, and for credit what they do."""
        return [
            (self[f"words{place}"], self[f"verdict{place}"] if self.kind == Kind.CREDIT else None)
            for place in range(1, MOST_REASONS + 1)
        ]

    def reasons(self) -> list[Reason]:
        """What was typed, without the empty lines."""
        found = []
        for place in range(1, MOST_REASONS + 1):
            words = " ".join(self.cleaned_data[f"words{place}"].split())
            verdict = self.cleaned_data.get(f"verdict{place}") or (
                Verdict.KEEP if self.kind == Kind.CREDIT else Verdict.REJECT
            )
            if words:
                found.append(Reason(words, Verdict(verdict)))
        return found
