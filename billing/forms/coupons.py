"""What staff type about coupons. Input only."""

from datetime import datetime, time

from django import forms
from django.utils import timezone

from billing.actions.coupons import Terms
from billing.choices import CouponUse, ProductState
from billing.forms.invoices import AmountField, DayField, PlainForm
from billing.models import Coupon, Product
from supportdesk.lib import money

MOST = 2_000_000_000


def _number(label: str, *, least: int = 0, most: int = MOST, hint: str = "") -> forms.IntegerField:
    words = f"Enter a number from {least:,} to {most:,}."
    return forms.IntegerField(
        label=label,
        help_text=hint,
        required=False,
        min_value=least,
        max_value=most,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), words),
    )


class CouponForm(PlainForm):
    """The terms of a coupon; the code is only asked for a new one."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Letters, digits and dashes. People may type it in any case.",
        error_messages={"required": "Enter a code.", "max_length": "Use at most 40 characters."},
    )
    name = forms.CharField(
        label="What people read",
        max_length=120,
        help_text="Such as “$100 off your first order”.",
        error_messages={"required": "Say what it gives.", "max_length": "Use at most 120 characters."},
    )
    use = forms.ChoiceField(
        label="How often does it work?",
        choices=CouponUse.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how often it works.", "invalid_choice": "Choose one of these."},
    )
    percent_off = _number("Or per cent off", most=100)
    most_uses = _number("Uses in all", least=1, hint="Empty: no limit.")
    is_first_order_only = forms.BooleanField(label="Only for a customer's first order", required=False)
    products = forms.ModelMultipleChoiceField(
        label="Only for",
        queryset=Product.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: for everything.",
        error_messages={"invalid_choice": "Choose from the list.", "invalid_pk_value": "Choose from the list."},
    )
    starts_on = DayField(label="From")
    ends_on = DayField(label="Last day", required=False)
    fallback_minutes = _number(
        "Complimentary minutes where it stays unused", most=60_000, hint="For those whom you give it to; 120 is usual."
    )
    fallback_after_days = _number("After so many days", most=3_650)
    may_be_given = forms.BooleanField(
        label="The desk may give it", required=False, help_text="By whoever has the right to give discounts."
    )

    def __init__(self, data=None, *, coupon: Coupon | None = None, currency: str) -> None:
        super().__init__(data, initial=_initial(coupon, currency))
        self.currency = currency
        self.fields["amount_off"] = AmountField(currency=currency, label=f"Takes off, in {currency}", required=False)
        self.fields["minimum"] = AmountField(currency=currency, label=f"Smallest cart, in {currency}", required=False)
        self.order_fields(
            ["code", "name", "amount_off", "percent_off", "use", "most_uses", "minimum", "is_first_order_only"]
        )
        products = self.fields["products"]
        if isinstance(products, forms.ModelMultipleChoiceField):
            products.queryset = Product.objects.exclude(state=ProductState.ARCHIVED).order_by("position", "pk")
        if coupon:
            del self.fields["code"]

    @property
    def terms(self) -> Terms:
        """What was typed, once the form is clean. Days are those of whoever types."""
        typed = self.cleaned_data
        return Terms(
            name=typed["name"],
            use=CouponUse(typed["use"]),
            currency=self.currency,
            starts_at=_at(typed["starts_on"], time.min),
            ends_at=_at(typed["ends_on"], time.max) if typed["ends_on"] else None,
            amount_off=typed["amount_off"] or 0,
            percent_off=typed["percent_off"] or 0,
            minimum=typed["minimum"] or 0,
            is_first_order_only=typed["is_first_order_only"],
            most_uses=typed["most_uses"],
            fallback_minutes=typed["fallback_minutes"] or 0,
            fallback_after_days=typed["fallback_after_days"] or 0,
            may_be_given=typed["may_be_given"],
            products=list(typed["products"]),
        )


class GiveForm(PlainForm):
    """To whom a coupon is given."""

    email = forms.CharField(
        label="Email address of somebody we know",
        max_length=320,
        widget=forms.EmailInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Enter an address.", "max_length": "Enter an address."},
    )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].replace("\x00", "").strip().lower()


def _at(day, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))


def _initial(coupon: Coupon | None, currency: str) -> dict:
    if coupon is None:
        return {"use": CouponUse.ONCE_A_CUSTOMER, "starts_on": timezone.localdate()}
    return {
        "name": coupon.name,
        "use": coupon.use,
        "amount_off": money.plain(coupon.amount_off, currency) if coupon.amount_off else "",
        "percent_off": coupon.percent_off or None,
        "minimum": money.plain(coupon.minimum, currency) if coupon.minimum else "",
        "is_first_order_only": coupon.is_first_order_only,
        "most_uses": coupon.most_uses,
        "products": list(coupon.products.all()),
        "starts_on": timezone.localtime(coupon.starts_at).date(),
        "ends_on": timezone.localtime(coupon.ends_at).date() if coupon.ends_at else None,
        "fallback_minutes": coupon.fallback_minutes or None,
        "fallback_after_days": coupon.fallback_after_days or None,
        "may_be_given": coupon.may_be_given,
    }
