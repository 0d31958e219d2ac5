"""A file field that takes several files, with words for each thing that can be wrong with them."""

from django import forms
from django.core.files.uploadedfile import UploadedFile

MOST_FILES = 10
MOST_MEGABYTES = 20


class FilesInput(forms.ClearableFileInput):
    """The browser's own file button, for several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Cleans to a list of uploads, [] when nothing was chosen. Their content is nobody's promise yet."""

    def __init__(self, *, label: str, **options) -> None:
        options.setdefault("help_text", f"Up to {MOST_FILES} files, {MOST_MEGABYTES} MB in all. Optional.")
        super().__init__(
            label=label,
            required=False,
            max_length=255,
            error_messages={
                "empty": "This file is empty. Choose one with something in it",
                "max_length": "Choose a file whose name has at most 255 characters",
            },
            widget=FilesInput,
            **options,
        )

    def clean(self, data, initial=None) -> list[UploadedFile]:
        chosen = data if isinstance(data, list | tuple) else [data]
        files = [super(FilesField, self).clean(each, initial) for each in chosen if each]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Choose at most {MOST_FILES} files", code="too_many")
        if sum(each.size for each in files) > MOST_MEGABYTES * 1024**2:
            raise forms.ValidationError(f"Choose files of at most {MOST_MEGABYTES} MB in all", code="too_large")
        return files
