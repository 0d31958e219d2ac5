"""A mailbox of ours. Secrets go in and never come out again: an empty field keeps the one that is stored."""

from django import forms
from django.db.models import TextChoices

from accounts.addresses import NotAnAddress, normalise
from mail.actions.mailboxes import WORDS, secrets_to_ask_for
from mail.choices import Authentication, Security
from mail.models import Mailbox
from tickets.forms.customer import AddressField

SECRETS = ("imap_secret", "smtp_secret", "oauth_client_secret")
KEPT = "Stored. Leave it empty to keep it"


def _line(label: str, *, hint: str = "", length: int = 255, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=length,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"max_length": f"Use at most {length} characters"},
    )


def _secret(label: str, *, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        max_length=4000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"max_length": "Use at most 4,000 characters"},
    )


def _choice(label: str, choices: type[TextChoices], *, initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices.choices,
        initial=initial,
        error_messages={"required": "Choose one", "invalid_choice": "Choose one from the list"},
    )


def _port(initial: int) -> forms.IntegerField:
    words = "Enter a port from 1 to 65535"
    return forms.IntegerField(
        label="Port",
        min_value=1,
        max_value=65_535,
        initial=initial,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": words, "invalid": words, "min_value": words, "max_value": words},
    )


class MailboxForm(forms.Form):
    """Everything about a mailbox but its route."""

    address = AddressField(label="Address", missing="Enter the address, like support@example.com")
    name = _line("Sender's name", hint="Customers see it beside the address.", length=120)
    aliases = forms.CharField(
        label="Other addresses that end up here",
        help_text="One a line. Replies leave from the address that the customer wrote to.",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    signature = forms.CharField(
        label="Signature",
        help_text="Stands below every reply from this mailbox.",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_active = forms.BooleanField(label="Fetch and send", required=False, initial=True)
    is_default = forms.BooleanField(label="Take mail that names no address of ours", required=False)
    acknowledges = forms.BooleanField(label="Answer each new mail with “we have it”", required=False, initial=True)
    trusted_authserv_ids = forms.CharField(
        label="Names of our own mail servers",
        help_text=(
            "One a line, as they stand first in Authentication-Results. "
            "Results from other names are ignored, because a sender can forge them."
        ),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )

    imap_host = _line("IMAP server", hint="Empty: mail reaches this mailbox another way.")
    imap_port = _port(993)
    imap_security = _choice("Connection", Security, initial=Security.TLS)
    imap_authentication = _choice("Sign in by", Authentication, initial=Authentication.PASSWORD)
    imap_username = _line("User name")
    imap_secret = _secret("Password or refresh token")
    imap_folder = _line("Folder", required=True)

    smtp_host = _line("SMTP server", hint="Empty: the server from the settings of this installation.")
    smtp_port = _port(587)
    smtp_security = _choice("Connection", Security, initial=Security.STARTTLS)
    smtp_authentication = _choice("Sign in by", Authentication, initial=Authentication.PASSWORD)
    smtp_username = _line("User name")
    smtp_secret = _secret("Password or refresh token")

    oauth_token_url = forms.URLField(
        label="Token address",
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": "Enter a web address that begins with https://"},
    )
    oauth_client_id = _line("Client ID")
    oauth_client_secret = _secret("Client secret")

    groups = {
        "mailbox": ["address", "name", "aliases", "signature", "is_active", "is_default", "acknowledges"],
        "imap": [
            "imap_host", "imap_port", "imap_security", "imap_authentication", "imap_username", "imap_secret",
            "imap_folder",
        ],
        "smtp": [
            "smtp_host", "smtp_port", "smtp_security", "smtp_authentication", "smtp_username", "smtp_secret",
        ],
        "oauth": ["oauth_token_url", "oauth_client_id", "oauth_client_secret"],
        "trust": ["trusted_authserv_ids"],
    }  # fmt: skip

    def __init__(self, *args, mailbox: Mailbox | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.mailbox = mailbox
        self.fields["imap_folder"].initial = "INBOX"
        self.fields["imap_folder"].error_messages["required"] = "Enter the folder, usually INBOX"
        if mailbox is not None:
            for field in SECRETS:
                if getattr(mailbox, field):
                    self.fields[field].help_text = KEPT

    def clean_aliases(self) -> list[str]:
        found: list[str] = []
        for line in self.cleaned_data["aliases"].split():
            try:
                address = normalise(line.rstrip(",;"))
            except NotAnAddress as error:
                raise forms.ValidationError(f"{line} is no address like sales@example.com") from error
            if address not in found:
                found.append(address)
        return found

    def clean_trusted_authserv_ids(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["trusted_authserv_ids"].split()))

    def clean_oauth_token_url(self) -> str:
        address = self.cleaned_data["oauth_token_url"]
        if address and not address.startswith("https://"):
            raise forms.ValidationError("Enter a web address that begins with https://")
        return address

    def clean(self) -> dict:
        super().clean()
        cleaned = self.cleaned_data
        for door in ("imap", "smtp"):
            if cleaned.get(f"{door}_host") and not cleaned.get(f"{door}_username") and door == "imap":
                self.add_error("imap_username", "Enter the user name for the IMAP server")
            if cleaned.get(f"{door}_authentication") == Authentication.XOAUTH2 and cleaned.get(f"{door}_host"):
                self._need_oauth(cleaned)
        if self.mailbox is not None:
            for secret in secrets_to_ask_for(self.mailbox, cleaned):
                self.add_error(secret, f"Enter the {WORDS[secret]} again: it would go to another place than before")
        return cleaned

    def _need_oauth(self, cleaned: dict) -> None:
        for field, words in {
            "oauth_token_url": "Enter the token address of your mail provider",
            "oauth_client_id": "Enter the client ID of your mail provider",
        }.items():
            if not cleaned.get(field) and field not in self.errors:
                self.add_error(field, words)

    def settings(self) -> dict:
        """What the action wants; a secret that was left empty is not in it, so it stays."""
        return {
            field: value
            for field, value in self.cleaned_data.items()
            if field != "aliases" and not (field in SECRETS and not value)
        }

    @staticmethod
    def initial_for(mailbox: Mailbox) -> dict:
        """What the form shows for a mailbox that exists. Never a secret."""
        plain = [name for names in MailboxForm.groups.values() for name in names if name not in SECRETS]
        shown = {name: getattr(mailbox, name) for name in plain if name not in ("aliases", "trusted_authserv_ids")}
        aliases = mailbox.aliases.order_by("address").values_list("address", flat=True)
        return {
            **shown,
            "aliases": "\n".join(aliases),
            "trusted_authserv_ids": "\n".join(mailbox.trusted_authserv_ids),
        }
