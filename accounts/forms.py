"""What people type. Nothing here changes anything."""

from django import forms
from django.contrib.auth.password_validation import validate_password

from accounts.addresses import NotAnAddress, domain_of, normalise
from accounts.choices import NotificationKind, NotificationWay, Scope, UndoWindow
from accounts.models import Person
from accounts.own_addresses import own_domains
from accounts.zones import zone_names

FROM_THE_LIST = {"required": "Choose one from the list.", "invalid_choice": "Choose one from the list."}


class AddressField(forms.CharField):
    """A mail address in our one spelling."""

    def __init__(self, **kwargs):
        widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        messages = {"required": "Write your mail address."}
        super().__init__(
            **{"label": "Mail address", "widget": widget, "error_messages": messages, "max_length": 254, **kwargs}
        )

    def clean(self, value):
        value = super().clean(value)
        if not value:
            return value
        try:
            return normalise(value)
        except NotAnAddress as error:
            raise forms.ValidationError(str(error)) from None


class PlainForm(forms.Form):
    """Without the browser's own colons and required marks."""

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class SignInForm(PlainForm):
    email = AddressField(widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}))
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Leave it empty and we mail you a code instead.",
    )


class SignUpForm(PlainForm):
    name = forms.CharField(
        label="Your name",
        max_length=255,
        error_messages={"required": "Write your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = AddressField(help_text="We mail a code there.")

    def clean_email(self):
        """Our own domain is refused to everybody alike, so that this says nothing about who works here (S11)."""
        email = self.cleaned_data["email"]
        if domain_of(email) in own_domains():
            raise forms.ValidationError("Mail to this address arrives in this desk. Use an address of your own.")
        return email


class CodeForm(PlainForm):
    code = forms.CharField(
        max_length=40,
        error_messages={"required": "Write the code from the mail."},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "code-input",
            }
        ),
    )


class AnyCodeForm(PlainForm):
    """A code of an authenticator app, or one of the recovery codes."""

    code = forms.CharField(
        label="Code from your app, or a recovery code",
        max_length=40,
        error_messages={"required": "Write the code."},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class PasswordForm(PlainForm):
    password = forms.CharField(
        strip=False,
        max_length=1000,
        error_messages={"required": "Write your password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPasswordForm(PlainForm):
    password = forms.CharField(
        label="New password",
        strip=False,
        max_length=1000,
        error_messages={"required": "Write a new password."},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters. A few words in a row are easy to keep in mind.",
    )

    def __init__(self, *args, person: Person, **kwargs):
        self.person = person
        super().__init__(*args, **kwargs)

    def clean_password(self):
        password = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password


class CustomerForm(PlainForm):
    """What a customer sets."""

    name = forms.CharField(
        label="Your name",
        max_length=255,
        error_messages={"required": "Write your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        help_text="Every time you read here is in this zone.",
        error_messages=FROM_THE_LIST,
    )


class StaffForm(CustomerForm):
    """What staff set besides."""

    undo_send_seconds = forms.TypedChoiceField(
        label="Time to undo a reply",
        coerce=int,
        choices=UndoWindow.choices,
        error_messages=FROM_THE_LIST,
        help_text="A reply leaves after this time. Until then you can take it back.",
    )
    single_keys_enabled = forms.BooleanField(
        label="Single keys do things",
        required=False,
        help_text="R replies, E closes, J and K move. Switched off, plain letters do nothing.",
    )
    signature = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text="Put below your replies."
    )


class NotificationsForm(PlainForm):
    """One line a kind, one box a way."""

    def __init__(self, *args, chosen: dict[tuple[str, str], bool], **kwargs):
        super().__init__(*args, **kwargs)
        for kind, label in NotificationKind.choices:
            self.fields[kind] = forms.MultipleChoiceField(
                label=label,
                required=False,
                choices=NotificationWay.choices,
                initial=[way for way in NotificationWay.values if chosen[kind, way]],
                widget=forms.CheckboxSelectMultiple,
                error_messages=FROM_THE_LIST,
            )

    def pairs(self) -> set[tuple[str, str]]:
        """What was ticked, as (kind, way)."""
        return {(kind, way) for kind in NotificationKind.values for way in self.cleaned_data[kind]}


class TokenForm(PlainForm):
    """A token for a program."""

    name = forms.CharField(
        label="What is it for?",
        max_length=80,
        error_messages={"required": "Write what the token is for, like “Nightly export”."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?",
        help_text="Never more than you may do yourself. Writing includes reading.",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={**FROM_THE_LIST, "required": "Choose at least one thing that the token may do."},
    )
    days = forms.TypedChoiceField(
        label="When does it end?",
        coerce=int,
        choices=[(30, "In 30 days"), (90, "In 90 days"), (365, "In a year")],
        initial=90,
        error_messages=FROM_THE_LIST,
    )


class ResetForm(PlainForm):
    """Whose password is to be set anew."""

    email = AddressField(help_text="If there is an account, we mail a link there.")


class NumberForm(PlainForm):
    """The number that an agent reads out."""

    number = forms.CharField(
        label="Number that you hear",
        max_length=20,
        error_messages={"required": "Type the six digits that you hear.", "max_length": "It has six digits."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "code-input"}),
    )


class ClosingForm(PlainForm):
    """Why somebody leaves, if they want to say it."""

    reason = forms.CharField(
        label="Why are you leaving? You need not say it",
        required=False,
        max_length=500,
        error_messages={"max_length": "Use at most 500 characters."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
