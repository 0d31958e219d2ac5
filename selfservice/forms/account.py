"""What people type on the account page. Input only; anything else in a form is ignored (S26)."""

from typing import Any

from django import forms

from billing.choices import Notice


class ChangeForm(forms.Form):
    """A change of a plan, as it stood on the page that was agreed to."""

    use_required_attribute = False
    price = forms.IntegerField(min_value=1, max_value=2**62, widget=forms.HiddenInput)
    version = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class RecipientForm(forms.Form):
    """Somebody who is to get the invoices."""

    use_required_attribute = False
    email = forms.CharField(
        label="Email address", max_length=320,
        error_messages={
            "required": "Enter the email address of whoever pays",
            "max_length": "Enter an address of at most 320 characters",
            "null_characters_not_allowed": "Enter an email address",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(
        label="Name (optional)", max_length=255, required=False,
        error_messages={"null_characters_not_allowed": "Enter a name without special signs"},
    )  # fmt: skip

    @property
    def bare_email(self) -> str:
        """As it is counted: two spellings of an address are one."""
        return self.cleaned_data["email"].strip().lower()


class NoticesForm(forms.Form):
    """Which mails about invoices somebody wants to get: one box for each sort."""

    sure = forms.BooleanField(required=False)

    LABELS = {Notice.INVOICE: "Email me new invoices and receipts", Notice.REMINDER: "Email me payment reminders"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for notice in Notice:
            self.fields[notice] = forms.BooleanField(required=False, label=self.LABELS[notice])

    @property
    def wanted(self) -> dict[str, bool]:
        """Sort of mail: whether it is wanted."""
        return {notice: self.cleaned_data[notice] for notice in Notice.values}
