"""What a customer types to get money back. Input only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from billing.actions.credit_note import Part
from billing.actions.refund_requests import LONGEST_WORDS, MOST_FILES
from billing.choices import RefundReason
from billing.forms.invoices import AmountField, PlainForm
from billing.models import Invoice
from selfservice.forms.checkout import choice
from supportdesk.lib import money
from tickets.forms.files import FilesField

ALL, LINES, AMOUNT = "all", "lines", "amount"
OPEN_AGAIN = "Open the form again: it did not come whole"


@dataclass
class LineChoice:
    """A line that can be ticked, how many pieces of it, and what all of them cost with tax."""

    part: Part
    pieces: int
    is_ticked: bool = False
    count: str = ""

    @property
    def key(self) -> int:
        """Of the line; 0 is shipping."""
        return self.part.line.pk if self.part.line else 0

    def worth(self, count: int) -> int:
        """What `count` pieces cost, in minor units: as many as there are is exactly all that is left."""
        if count >= self.pieces:
            return self.part.gross
        return sum(money.split(self.part.gross, [1] * self.pieces)[:count])


class PhotosField(FilesField):
    """A few photos or PDFs."""

    def __init__(self) -> None:
        super().__init__(
            label="Photos or PDFs (optional)",
            help_text=f"Up to {MOST_FILES} files: PDF, PNG, JPEG or HEIC, 10 MB each, 20 MB in all.",
        )


class RefundForm(PlainForm):
    """Why, how much, what happened, and what shows it."""

    key = forms.RegexField(
        r"^[A-Za-z0-9_-]{16,60}\Z",
        widget=forms.HiddenInput,
        error_messages={"required": OPEN_AGAIN, "invalid": OPEN_AGAIN, "null_characters_not_allowed": OPEN_AGAIN},
    )
    why = forms.ChoiceField(
        label="Why?",
        choices=RefundReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why", "invalid_choice": "Choose one of these reasons"},
    )
    much = forms.ChoiceField(
        label="How much should we refund?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how much", "invalid_choice": "Choose one of these"},
    )
    words = forms.CharField(
        label="Anything that helps us decide (optional)",
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "max_length": f"Write at most {LONGEST_WORDS:,} characters",
            "null_characters_not_allowed": "Write it without special signs",
        },
    )

    def __init__(self, *args: Any, invoice: Invoice, most: int, left: Sequence[Part], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = invoice.currency
        shown = money.shown(most, code)
        self.lines = [self._line(part) for part in left if part.gross > 0]
        has_lines = len(self.lines) > 1 or any(line.pieces > 1 for line in self.lines)
        ways = [(ALL, f"Everything, {shown}"), *([(LINES, "Some of it")] if has_lines else []), (AMOUNT, "An amount")]
        choice(self, "much").choices = ways
        self.fields["amount"] = AmountField(
            label="Amount", currency=code, required=False, help_text=f"Up to {shown}",
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )  # fmt: skip
        self.fields["files"] = PhotosField()

    def clean(self) -> dict:
        """`amount` and `by_line` are what is asked for; both None is everything."""
        found = super().clean() or {}
        much = found.get("much")
        if much != AMOUNT:
            found["amount"] = None
            self.errors.pop("amount", None)
        elif "amount" not in self.errors and found.get("amount") is None:
            self.add_error("amount", "Enter an amount")
        found["by_line"] = self._wanted() if much == LINES else None
        return found

    def _line(self, part: Part) -> LineChoice:
        """With what was ticked of it."""
        quantity = part.line.quantity if part.line else 1
        is_whole = bool(part.line) and part.net == part.line.amount if part.line else False
        line = LineChoice(part, quantity if is_whole else 1)
        line.is_ticked = self.is_bound and f"line-{line.key}" in self.data
        line.count = str(self.data.get(f"count-{line.key}", line.pieces)) if self.is_bound else str(line.pieces)
        return line

    def _wanted(self) -> dict[int, int]:
        """By line, what is asked for of it."""
        found = {}
        for line in self.lines:
            if not line.is_ticked:
                continue
            text = line.count.strip()
            count = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
            if not 0 < count <= line.pieces:
                self.add_error("much", f"Of “{line.part.name}” choose 1 to {line.pieces}")
                continue
            found[line.key] = line.worth(count)
        if not found and "much" not in self.errors:
            self.add_error("much", "Tick at least one line")
        return found
