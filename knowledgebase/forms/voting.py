"""What a reader says of an article. Input only."""

from django import forms


class VoteForm(forms.Form):
    """Yes or no, and why not. `version` is the text that they read."""

    helped = forms.ChoiceField(
        label="Did this help?",
        choices=[("yes", "Yes"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or no.", "invalid_choice": "Choose yes or no."},
    )
    reason = forms.CharField(
        label="What was missing? (optional)",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Whoever writes this page reads it. For an answer, ask a person.",
        error_messages={"max_length": "Use at most 500 characters."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)

    def clean_version(self) -> int:
        """0 where none is named."""
        return self.cleaned_data["version"] or 0
