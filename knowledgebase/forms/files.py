"""A file for an article. Input only."""

from django import forms


class FileForm(forms.Form):
    """One file. What it is, its bytes say."""

    file = forms.FileField(
        label="Add a file",
        max_length=400,
        allow_empty_file=True,
        help_text="At most 10 MB. Pictures lose their hidden parts: where and with what they were taken.",
        error_messages={"required": "Choose a file.", "max_length": "The name of the file is too long. Rename it."},
    )
