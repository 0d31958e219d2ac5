"""What an agent writes: a reply, a note, a draft of either. Input only."""

import re
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict

from tickets.forms.files import FilesField
from tickets.forms.times import TypedMomentField, moment_in
from tickets.models import ContactReason

LONGEST_TEXT = 100_000
LONGEST_LINE = 3000
MOST_KEPT = 20
BETWEEN_ADDRESSES = re.compile(r"[,;\s]+")
KEY = re.compile(r"[0-9a-f]{32}")
MARK = re.compile(r"[0-9]{1,18}\.[0-9]{1,9}")
KINDS = [("reply", "Reply"), ("note", "Note")]
TOO_LONG = "Write at most 100,000 characters, or attach the rest as a file"


class NumbersField(forms.Field):
    """Several numbers of one name, such as hidden fields have them; what is no number of ours is left out."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value) -> list[int]:
        found = [one for one in value or () if isinstance(one, str) and one.isascii() and one.isdigit()]
        return list(dict.fromkeys(int(one) for one in found if len(one) < 19))[:MOST_KEPT]


class _Typed(forms.Form):
    """What every form of the composer carries. `key` names the form, `draft` the draft that its writer saw."""

    kind = forms.ChoiceField(choices=KINDS)
    text = forms.CharField(
        required=False, strip=False, max_length=LONGEST_TEXT, error_messages={"max_length": TOO_LONG}
    )
    key = forms.CharField(required=False)
    draft = forms.CharField(required=False)

    def clean_key(self) -> str:
        """ "" for what is no key of ours."""
        return self.cleaned_data["key"] if KEY.fullmatch(self.cleaned_data["key"]) else ""

    def clean_draft(self) -> str:
        """ "" for what is no mark of ours."""
        return self.cleaned_data["draft"] if MARK.fullmatch(self.cleaned_data["draft"]) else ""


class ComposeForm(_Typed):
    """A reply or a note that is sent. `last_seen` and `seen_note` are the newest that the writer had before them."""

    to = forms.CharField(required=False, max_length=LONGEST_LINE, label="To")
    cc = forms.CharField(required=False, max_length=LONGEST_LINE, label="In copy")
    files = FilesField(label="Attach files", help_text="")  # type: ignore[assignment]  # not the form's uploads
    kept = NumbersField(required=False)
    used = NumbersField(required=False)
    last_seen = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    seen_note = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    then = forms.ChoiceField(choices=[("closed", ""), ("waiting", ""), ("stay", "")], required=False)
    reason = forms.ModelChoiceField(
        ContactReason.objects.filter(is_active=True), required=False, label="Contact reason", empty_label="No reason"
    )
    later = forms.CharField(required=False, max_length=60)
    at = TypedMomentField(
        required=False, max_length=60, label="Another time", widget=forms.TextInput({"id": "id_leaves_at"})
    )  # a dialog above it has an id_at of its own
    close_then = forms.BooleanField(required=False)
    anyway = forms.BooleanField(required=False)

    def clean_to(self) -> list[str]:
        """Addresses, each once, in the order in which they were typed."""
        return addresses_in(self.cleaned_data["to"])

    def clean_cc(self) -> list[str]:
        """Addresses, each once, in the order in which they were typed."""
        return addresses_in(self.cleaned_data["cc"])

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        has_files = cleaned.get("files") or cleaned.get("kept") or "files" in self.errors
        if "text" in cleaned and not cleaned["text"].strip() and not has_files:
            self.add_error("text", "Write something first" if cleaned.get("kind") != "note" else "Write a note first")
        if cleaned.get("later") == "at" and "at" not in self.errors:
            cleaned["later"] = cleaned.get("at", "")
            if not cleaned["later"]:
                self.add_error("at", "Choose when the reply leaves")
        return cleaned

    def add_kept(self, pk: int) -> None:
        """A file of the draft goes with the words too."""
        data = cast(QueryDict, self.data).copy()
        data.appendlist("kept", str(pk))
        self.data = data
        self.cleaned_data.setdefault("kept", []).append(pk)

    def renew(self) -> None:
        """Shown again, it counts as a form that was not sent."""
        data = cast(QueryDict, self.data).copy()
        data["key"] = uuid.uuid4().hex
        self.data = data

    def send_at(self, now: datetime) -> datetime | None:
        """When the reply should leave, None for now."""
        words = self.cleaned_data["later"]
        return moment_in(words, now) if words else None


class DraftForm(_Typed):
    """What stands in the composer while somebody types. Everything that can be kept is: nothing has to be finished."""

    kind = forms.ChoiceField(choices=KINDS, required=False)
    to = forms.CharField(required=False, max_length=LONGEST_LINE)
    cc = forms.CharField(required=False, max_length=LONGEST_LINE)

    def clean_kind(self) -> str:
        """A reply, when nobody says."""
        return self.cleaned_data["kind"] or "reply"


class DraftFileForm(forms.Form):
    """One file for a draft. `in_words`: a picture that was pasted, to stand where the cursor was."""

    file = FilesField(label="File", help_text="")
    key = forms.CharField(required=False)
    in_words = forms.BooleanField(required=False)

    clean_key = _Typed.clean_key

    def clean_file(self):
        """The one upload."""
        files = self.cleaned_data["file"]
        if len(files) != 1:
            raise ValidationError("Choose a file")
        return files[0]


def said_of(form: forms.Form) -> str:
    """What is wrong with a form, in one line."""
    return " ".join(str(error["message"]) for errors in form.errors.get_json_data().values() for error in errors)


def addresses_in(line: str) -> list[str]:
    """The addresses of a line that somebody typed. Raises ValidationError naming the first that is none."""
    typed = [part for part in BETWEEN_ADDRESSES.split(line) if part]
    for address in typed:
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(f"“{address[:80]}” is not a mail address. Write it like name@example.org.") from None
    return list(dict.fromkeys(typed))


def line_of(addresses: Iterable[str]) -> str:
    """Addresses as a field shows them."""
    return ", ".join(addresses)
