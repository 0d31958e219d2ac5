"""How much each role may give by itself. Input only."""

from collections.abc import Mapping

from django import forms

from accounts.choices import Role
from billing.actions.money_rights import MOST_ACCOUNTS
from billing.allowances import Limits
from billing.forms.invoices import AmountField, PlainForm
from supportdesk.lib import money
from supportdesk.lib.strict_forms import StrictForm

SUMS = {"refund_most": "Refunds to one customer in 30 days", "goodwill_a_day": "Goodwill a day"}


class LimitsForm(PlainForm, StrictForm):
    """A row of three fields for each role that works at the desk."""

    def __init__(self, data=None, *, limits: Mapping[str, Limits], currency: str) -> None:
        super().__init__(data)
        self.roles = [Role(role) for role in limits]
        for role in self.roles:
            kept = limits[role]
            for name, label in SUMS.items():
                field = AmountField(currency=currency, label=f"{label}, in {currency}")
                field.initial = money.plain(getattr(kept, name), currency)
                self.fields[f"{role}_{name}"] = field
            words = f"Enter a number from 0 to {MOST_ACCOUNTS:,}."
            self.fields[f"{role}_free_accounts_a_month"] = forms.IntegerField(
                label="Free accounts a month", min_value=0, max_value=MOST_ACCOUNTS,
                initial=kept.free_accounts_a_month,
                error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), words),
            )  # fmt: skip

    @property
    def rows(self) -> list[tuple[Role, list[forms.BoundField]]]:
        """The role and its three fields."""
        names = (*SUMS, "free_accounts_a_month")
        return [(role, [self[f"{role}_{name}"] for name in names]) for role in self.roles]

    @property
    def limits(self) -> dict[Role, Limits]:
        """What was typed, once the form is clean."""
        typed = self.cleaned_data
        return {
            role: Limits(
                refund_most=typed[f"{role}_refund_most"],
                goodwill_a_day=typed[f"{role}_goodwill_a_day"],
                free_accounts_a_month=typed[f"{role}_free_accounts_a_month"],
            )
            for role in self.roles
        }
