"""What the desk types when it gives money: a refund, goodwill, a coupon, a plan for nothing. Input only.

A sum or a share off is no field of any of them: a discount is a coupon of the catalogue (R96).
"""

from collections.abc import Sequence

from django import forms

from billing.choices import GoodwillWay, RefundReason
from billing.forms.invoices import AmountField, DayField, PlainForm
from billing.models import Coupon, Invoice, Price
from billing.queries_desk_money import Giveable
from supportdesk.lib import money
from supportdesk.lib.strict_forms import StrictForm

LONGEST_REASON = 500
LONGEST_WORDS = 4000
LARGEST = 2**63 - 1
CHOOSE = "Choose one of these."
MOST_SHOWN = 7


class GivingForm(PlainForm, StrictForm):
    """What all of them have: the key of the page, so that a form sent twice is done once, and the ticket."""

    key = forms.RegexField(r"^[A-Za-z0-9_-]{22,64}$", widget=forms.HiddenInput)
    ticket = forms.CharField(
        label="Number of the ticket",
        max_length=20,
        error_messages={"required": "Enter the number of the ticket that it is for.", "max_length": "Enter a number."},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_ticket(self) -> int | None:
        """A number, with or without its sign; None where it may be empty and is."""
        bare = self.cleaned_data["ticket"].strip().removeprefix("#")
        if not bare:
            return None
        if not (bare.isascii() and bare.isdigit() and 0 < int(bare) <= LARGEST):
            raise forms.ValidationError("Enter the number of a ticket, such as 4711.")
        return int(bare)


def _reason(label: str, hint: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why.", "max_length": f"Use at most {LONGEST_REASON} characters."},
    )


def _amount(form: forms.Form, currency: str, hint: str = "") -> None:
    form.fields["amount"] = AmountField(currency=currency, label=f"Amount, in {currency}", help_text=hint)


def _choices(label: str, choices: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """Few stand beside one another, many in a list; the only one is chosen already."""
    is_long = len(choices) > MOST_SHOWN
    return forms.ChoiceField(
        label=label,
        choices=[("", "Choose one"), *choices] if is_long else choices,
        initial=choices[0][0] if len(choices) == 1 else None,
        widget=forms.Select if is_long else forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )


def _may_have_no_ticket(form: forms.Form) -> None:
    form.fields["ticket"].required = False
    form.fields["ticket"].label = "Number of the ticket, if there is one"


class AgentRefundForm(GivingForm):
    """Which invoice, how much of it, and why. The button says whether at once or after the review."""

    also = frozenset({"do"})
    words = forms.CharField(
        label="What happened",
        required=False,
        max_length=LONGEST_WORDS,
        help_text="For whoever decides. The customer does not read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": f"Use at most {LONGEST_WORDS:,} characters."},
    )

    def __init__(self, data=None, *, found: Sequence[Giveable], currency: str, **options) -> None:
        super().__init__(data, **options)
        self.found = {str(one.invoice.pk): one for one in found}
        self.fields["invoice"] = _choices("Invoice", [(key, _paid_words(one)) for key, one in self.found.items()])
        _amount(self, currency, "What goes back, tax included.")
        self.fields["why"] = _choices("Why", RefundReason.choices)
        _may_have_no_ticket(self)
        self.order_fields(["key", "invoice", "amount", "why", "words", "ticket"])

    def clean(self) -> dict:
        """The sum in its own field's words, before anything is tried."""
        entered = self.cleaned_data
        one = self.found.get(entered.get("invoice", ""))
        amount = self._in_its_currency(one) if one else None
        if one and amount is not None and not 0 < amount <= one.most:
            shown = money.shown(one.most, one.invoice.currency)
            self.add_error("amount", f"Enter more than nothing, and at most {shown}: that is what can go back.")
        return entered

    def _in_its_currency(self, one: Giveable) -> int | None:
        """The sum again, as the chosen invoice counts: a yen has no cents."""
        field = self.fields["amount"]
        if "amount" in self.errors or not isinstance(field, AmountField):
            return None
        if field.currency != one.invoice.currency:
            field.currency = one.invoice.currency
            try:
                self.cleaned_data["amount"] = field.clean(self.data.get("amount", ""))
            except forms.ValidationError as problem:
                self.add_error("amount", problem)
                return None
        return self.cleaned_data["amount"]

    @property
    def chosen(self) -> Giveable:
        """The invoice that was chosen, once the form is clean."""
        return self.found[self.cleaned_data["invoice"]]


class GoodwillForm(GivingForm):
    """How much, which way, and why."""

    reason = _reason("Why", "For the desk. The customer reads only that it is goodwill.")

    def __init__(
        self, data=None, *, owed: Sequence[Invoice], found: Sequence[Giveable], currency: str, left: str, **options
    ) -> None:
        super().__init__(data, **options)
        self.invoices = {str(one.pk): one for one in (*owed, *(each.invoice for each in found if each.to_cards))}
        ways = [(f"{GoodwillWay.INVOICE}:{one.pk}", _owed_words(one)) for one in owed]
        ways += [(f"{GoodwillWay.CARD}:{each.invoice.pk}", _card_words(each)) for each in found if each.to_cards]
        ways.append((str(GoodwillWay.COUPON), "Off the next order: a coupon that works for this customer alone"))
        self.fields["way"] = _choices("How they get it", ways)
        _amount(self, currency, f"{left} of your budget for today is left.")
        self.order_fields(["key", "way", "amount", "reason", "ticket"])

    @property
    def chosen(self) -> tuple[GoodwillWay, Invoice | None]:
        """The way, and the invoice that it goes by."""
        way, _, pk = self.cleaned_data["way"].partition(":")
        return GoodwillWay(way), self.invoices[pk] if pk else None


class DiscountForm(GivingForm):
    """Which coupon of the catalogue."""

    reason = _reason("Why", "For the desk. The customer gets the coupon by mail.")

    def __init__(self, data=None, *, coupons: Sequence[Coupon], **options) -> None:
        super().__init__(data, **options)
        self.coupons = {str(one.pk): one for one in coupons}
        self.fields["coupon"] = _choices("Coupon", [(key, _coupon_words(one)) for key, one in self.coupons.items()])
        _may_have_no_ticket(self)
        self.order_fields(["key", "coupon", "reason", "ticket"])

    @property
    def chosen(self) -> Coupon:
        return self.coupons[self.cleaned_data["coupon"]]


class FreeAccountForm(GivingForm):
    """Which plan, until when."""

    ends_on = DayField(label="Ends on", help_text="The first day that is not theirs any more. It ends by itself.")
    reason = _reason("Why it costs them nothing", "For the desk.")

    def __init__(self, data=None, *, prices: Sequence[Price], **options) -> None:
        super().__init__(data, **options)
        self.prices = {str(one.pk): one for one in prices}
        self.fields["price"] = _choices("Plan", [(key, _plan_words(one)) for key, one in self.prices.items()])
        _may_have_no_ticket(self)
        self.order_fields(["key", "price", "ends_on", "reason", "ticket"])

    @property
    def chosen(self) -> Price:
        return self.prices[self.cleaned_data["price"]]


def _paid_words(one: Giveable) -> str:
    most = money.shown(one.most, one.invoice.currency)
    by_hand = "" if one.to_cards == one.most else ", by bank transfer" if not one.to_cards else ", partly by transfer"
    return f"{one.invoice.number}{_of(one.invoice)}: at most {most} can go back{by_hand}"


def _owed_words(one: Invoice) -> str:
    return f"Off {one.number}{_of(one)}, of which {money.shown(one.due, one.currency)} is due"


def _card_words(each: Giveable) -> str:
    most = money.shown(each.to_cards, each.invoice.currency)
    return f"Back to the card that paid {each.invoice.number}{_of(each.invoice)}: at most {most}"


def _of(invoice: Invoice) -> str:
    return f", {invoice.summary}" if invoice.summary else ""


def _coupon_words(one: Coupon) -> str:
    off = money.shown(one.amount_off, one.currency) if one.amount_off else f"{one.percent_off}%"
    return f"{one.code}, {off} off: {one.name}"


def _plan_words(one: Price) -> str:
    size = f", up to {one.displays} display{'' if one.displays == 1 else 's'}" if one.displays else ""
    return f"{one.product.name}{size}. Otherwise {money.shown(one.amount, one.currency)} a month"
