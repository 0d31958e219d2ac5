"""What people type about invoices. Input only."""

from django import forms

from billing.choices import Notice


class FreshInvoiceLinkForm(forms.Form):
    """One field: which invoice, or whose. The answer is the same whoever asks (U29, S45)."""

    use_required_attribute = False
    which = forms.CharField(
        label="Invoice number or your email address",
        help_text="As it stands on the invoice, or the address that our mails come to.",
        max_length=320,
        strip=True,
        error_messages={
            "required": "Enter the number of the invoice, or the email address that our mails come to",
            "max_length": "Enter a number or an address of at most 320 characters",
            "null_characters_not_allowed": "Enter the number of the invoice, or an email address",
        },
        widget=forms.TextInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )


class StopForm(forms.Form):
    """Which mails of an invoice's recipient stop, or come again."""

    use_required_attribute = False
    notice = forms.ChoiceField(choices=Notice.choices, error_messages={"invalid_choice": "Choose from the list."})
    undo = forms.BooleanField(required=False)
    sure = forms.BooleanField(required=False)
