"""What customers write. Every field is named here; anything else that a browser sends is not read (S26)."""

from dataclasses import dataclass

from django import forms

from accounts.addresses import NotAnAddress, normalise
from accounts.own_addresses import is_own_mailbox
from tickets.actions.entitling.at_opening import Proof
from tickets.entitlements import NOTHING, Standing
from tickets.forms.files import FilesField
from tickets.forms.own import WithOwnFields
from tickets.support_choices import Wish

LONGEST_TEXT = 100_000


def _text(label: str, *, missing: str, hint: str = "", rows: int = 8) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "required": missing,
            "max_length": f"Write at most {LONGEST_TEXT:,} characters, or attach the rest as a file",
        },
    )


class AddressField(forms.CharField):
    """A mail address, cleaned to the one spelling that accounts keeps."""

    def __init__(self, *, label: str, missing: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            error_messages={"required": missing},
            widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        )

    def clean(self, value) -> str:
        try:
            return normalise(super().clean(value))
        except NotAnAddress as error:
            raise forms.ValidationError("Enter an email address like name@example.com") from error


@dataclass(frozen=True)
class Bought:
    """What decides which questions about priority are asked: what somebody has, and whether the desk sells it."""

    standing: Standing = NOTHING
    is_sold: bool = False


class QuestionForm(WithOwnFields):
    """What a signed-in customer is asked."""

    def __init__(self, *args, bought: Bought = Bought(), **options) -> None:
        super().__init__(*args, **options)
        self.ask_own_fields(None)
        entitlement = bought.standing.entitlement
        if entitlement is not None and bought.standing.needs_incident:
            left = f"{entitlement.incidents_left} of {entitlement.name} left."
            self.fields["use_incident"].help_text = f"{left} Without it the ticket waits its turn."
        else:
            del self.fields["use_incident"]
        if not (bought.is_sold or bought.standing.is_entitled):
            for name in {"wish", "has_priority"} & self.fields.keys():
                del self.fields[name]

    subject = forms.CharField(
        label="What is it about?",
        help_text="A few words, like “Order 2214 has not arrived”.",
        max_length=200,
        error_messages={
            "required": "Enter a few words about your question",
            "max_length": "Write what it is about in at most 200 characters",
        },
    )
    text = _text(
        "Your question",
        missing="Write your question",
        hint="Say what you tried and what happened. Do not send passwords or card numbers.",
    )
    wish = forms.ChoiceField(
        label="How shall we help?",
        help_text="Calls and looking at your screen are part of priority support. In writing we help everybody.",
        choices=[("", "In writing"), *Wish.choices],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose how we shall help"},
    )
    use_incident = forms.BooleanField(label="Use one incident for priority", required=False)
    attachments = FilesField(label="Add files")

    def claim(self) -> Proof:
        """What was typed about priority. It shows nothing by itself."""
        typed = self.cleaned_data
        return Proof(
            asks=bool(typed.get("has_priority")),
            uses_incident=bool(typed.get("use_incident")),
            wish=typed.get("wish", ""),
        )


class StrangerQuestionForm(QuestionForm):
    """What somebody is asked who is not signed in. Nothing here says whether we know the address (S45)."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": "Enter your name",
            "max_length": "Write your name in at most 120 characters",
        },
    )
    address = AddressField(
        label="Your email address",
        missing="Enter your email address, so that we can answer",
        help_text="We answer there and use it for nothing else.",
    )
    # Automatic senders fill every field. A person who does is told, and loses nothing.
    website = forms.CharField(
        label="Leave this empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    has_priority = forms.BooleanField(
        label="We have priority support",
        help_text="We ask the contacts of your organisation by mail. Signed in, nobody has to ask.",
        required=False,
    )

    field_order = ["name", "address", "subject", "text", "wish", "has_priority", "attachments", "website"]

    def clean_address(self) -> str:
        address = self.cleaned_data["address"]
        if is_own_mailbox(address):
            raise forms.ValidationError("This is our own address. Enter the one where we can answer you")
        return address

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError("Leave this field empty. Only automatic senders fill it")
        return ""


class AnswerForm(forms.Form):
    """A customer's next message."""

    text = _text("Your answer", missing="Write your answer", rows=6)
    attachments = FilesField(label="Add files")


class FreshLinkForm(forms.Form):
    """One field: where to mail a fresh link. The answer is the same whoever asks."""

    address = AddressField(
        label="Your email address",
        missing="Enter the email address that you wrote to us from",
        help_text="The one that you wrote to us from.",
    )
