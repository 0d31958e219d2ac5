"""Where events are sent, and from when they are sent again."""

from django import forms

from webhooks import registry
from webhooks.models import Endpoint


class EndpointForm(forms.Form):
    """An address and what it wants to know."""

    url = forms.CharField(
        label="Address",
        help_text="An https:// address of yours that takes POST requests.",
        max_length=1000,
        widget=forms.URLInput(attrs={"spellcheck": "false", "placeholder": "https://example.com/hooks"}),
        error_messages={"required": "Enter the address", "max_length": "Use at most 1,000 characters"},
    )
    description = forms.CharField(
        label="What it is",
        help_text="In your words, like “Stock system”.",
        required=False,
        max_length=120,
        error_messages={"max_length": "Use at most 120 characters"},
    )
    events = forms.MultipleChoiceField(
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event", "invalid_choice": "Choose among the events listed"},
    )

    def __init__(self, *args, endpoint: Endpoint | None = None, **kwargs) -> None:
        if endpoint is not None:
            kwargs["initial"] = {
                "url": endpoint.url, "description": endpoint.description, "events": endpoint.events
            }  # fmt: skip
        super().__init__(*args, **kwargs)
        choices = [(name, f"{label} ({name})") for name, label in registry.labels().items()]
        events = self.fields["events"]
        if isinstance(events, forms.MultipleChoiceField):
            events.choices = choices

    def clean_url(self) -> str:
        return self.cleaned_data["url"].strip()

    def clean_description(self) -> str:
        return " ".join(self.cleaned_data["description"].split())


class SinceForm(forms.Form):
    """From when on events are sent again."""

    since = forms.DateTimeField(
        label="Everything since",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        error_messages={"required": "Enter a day and a time", "invalid": "Enter a day and a time"},
    )
