"""What people type about their mail. Input only."""

from django import forms

from mail.choices import Sort


class ChoicesForm(forms.Form):
    """The sorts of mail that somebody wants."""

    use_required_attribute = False
    wanted = forms.MultipleChoiceField(
        label="Mail me",
        required=False,
        choices=Sort.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
