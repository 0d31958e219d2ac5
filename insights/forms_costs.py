"""What is entered about costs. Sums are typed in the currency of the rules and read as its minor units."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from billing.forms.invoices import AmountField
from insights.models import CostRules, MonthCost
from insights.models.costs import MOST_HOURS
from supportdesk.lib import money
from supportdesk.lib.strict_forms import StrictForm

NUMBER = {"required": "Enter a number", "invalid": "Enter a number, such as 3.5"}


class HoursField(forms.DecimalField):
    """Hours with at most one digit after the point."""

    def __init__(self, **options) -> None:
        words = {
            **NUMBER,
            "min_value": "Enter at least 0",
            "max_value": f"Enter at most {MOST_HOURS:,}",
            "max_decimal_places": "Enter hours with one digit after the point",
            "max_digits": f"Enter at most {MOST_HOURS:,}",
            "max_whole_digits": f"Enter at most {MOST_HOURS:,}",
        }
        super().__init__(
            min_value=0, max_value=MOST_HOURS, max_digits=8, decimal_places=1, required=False, error_messages=words,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options,
        )  # fmt: skip


class CostRulesForm(StrictForm):
    """What holds for every month."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any] | None, *, of: CostRules) -> None:
        shown = {
            "rate": money.plain(of.rate, of.currency),
            "tools": money.plain(of.tools, of.currency),
            "budget": "" if of.budget is None else money.plain(of.budget, of.currency),
            "contact_rate_goal": of.contact_rate_goal,
            "engineering_target": of.engineering_target,
        }
        super().__init__(data, initial=shown)
        self.fields["rate"] = AmountField(
            currency=of.currency, label=f"An hour of support, in {of.currency}",
            help_text="Pay with everything that comes on top: the loaded rate. Costs of reasons count with it.",
        )  # fmt: skip
        self.fields["tools"] = AmountField(
            currency=of.currency, label=f"Programs and services for support, a month, in {of.currency}"
        )
        self.fields["budget"] = AmountField(
            currency=of.currency, label=f"Budget of support, a month, in {of.currency}", required=False
        )
        self.fields["contact_rate_goal"] = forms.DecimalField(
            label="Goal: contacts per 100 active customers", required=False, min_value=0, max_value=9999,
            max_digits=6, decimal_places=2, widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages={**NUMBER, "min_value": "Enter at least 0", "max_value": "Enter at most 9,999",
                            "max_decimal_places": "Enter at most two digits after the point",
                            "max_digits": "Enter at most 9,999", "max_whole_digits": "Enter at most 9,999"},
        )  # fmt: skip
        self.fields["engineering_target"] = forms.IntegerField(
            label="Percent of engineering for what people ask about", min_value=0, max_value=100,
            widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            error_messages={"required": "Enter a number", "invalid": "Enter a whole number",
                            "min_value": "Enter at least 0", "max_value": "Enter at most 100"},
        )  # fmt: skip

    def entered(self) -> dict:
        """What `save_rules` takes."""
        return {name: self.cleaned_data[name] for name in self.fields}


class MonthCostForm(StrictForm):
    """What one month took. Everything may stay empty."""

    use_required_attribute = False
    support_hours = HoursField(label="Hours of support", help_text="Of everybody who answered, trained for it included")
    engineering_hours = HoursField(label="Hours of engineering", help_text="All of them, not only those on problems")

    def __init__(self, data: Mapping[str, Any] | None, *, of: CostRules, month: MonthCost | None) -> None:
        shown: dict[str, Decimal | str | None] = {}
        if month is not None:
            shown = {"support_hours": month.support_hours, "engineering_hours": month.engineering_hours}
            shown |= {
                name: "" if (sum_ := getattr(month, name)) is None else money.plain(sum_, of.currency)
                for name in ("support_pay", "tools")
            }
        super().__init__(data, initial=shown)
        self.fields["support_pay"] = AmountField(
            currency=of.currency, label=f"Support pay, in {of.currency}", required=False,
            help_text="Empty: the hours at the rate of an hour.",
        )  # fmt: skip
        self.fields["tools"] = AmountField(
            currency=of.currency, label=f"Programs and services, in {of.currency}", required=False,
            help_text="Empty: as in every month.",
        )  # fmt: skip
        self.order_fields(["support_hours", "support_pay", "tools", "engineering_hours"])

    def entered(self) -> dict:
        """What `enter_month` takes."""
        return {name: self.cleaned_data[name] for name in self.fields}
