"""A contact form as a visitor fills it, in its own language. Fields are named here; anything else is not read (S26)."""

from typing import cast

from django import forms
from django.core.exceptions import ValidationError

from accounts.own_addresses import is_own_mailbox
from tickets.contact_words import WORDS
from tickets.forms.customer import LONGEST_TEXT, AddressField
from tickets.forms.files import FilesField
from tickets.forms.own import WithOwnFields
from tickets.models import ContactForm, ContactTopic


class ContactQuestionForm(WithOwnFields):
    """Who asks what. A visitor is a stranger, signed in elsewhere or not: nothing that they type proves anything."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    address = AddressField(label="", missing="")
    topic = forms.ModelChoiceField(ContactTopic.objects.none())
    subject = forms.CharField(max_length=200)
    text = forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6}))
    attachments = FilesField(label="")
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))

    def __init__(self, *args, asked: ContactForm, **options) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        self.words = WORDS[asked.language]
        topics = asked.topics.order_by("position", "pk")
        if topics:
            topic = cast(forms.ModelChoiceField, self.fields["topic"])
            topic.queryset, topic.empty_label = topics, self.words["choose"]
        else:
            del self.fields["topic"]
        if not asked.takes_files:
            del self.fields["attachments"]
        for name, field in self.fields.items():
            field.label = self.words[name]
            field.help_text = self.words.get(f"{name}_hint", "")
        if topics and asked.topic_label:
            self.fields["topic"].label = asked.topic_label
        self.ask_own_fields(asked.team_id, asked.fields, self.words)

    def add_error(self, field: str | None, error) -> None:
        """In the form's language wherever it has a word for what is wrong."""
        problems = error.error_list if isinstance(error, ValidationError) and not hasattr(error, "error_dict") else []
        said = [self._said(field, problem) for problem in problems]
        super().add_error(field, said or error)

    def _said(self, field: str | None, problem: ValidationError) -> ValidationError:
        code = problem.code or "invalid"
        word = self.words.get(f"{field}.{code}") or self.words.get(code)
        return ValidationError(word, code=code) if word else problem

    def clean_address(self) -> str:
        address = self.cleaned_data["address"]
        if is_own_mailbox(address):
            raise ValidationError("ours", code="ours")
        return address

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError("filled", code="filled")
        return ""
