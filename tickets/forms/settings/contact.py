"""A contact form as an admin sets it up. Input only."""

import re
from collections.abc import Container
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from tickets.actions.setup.contact_forms import MOST_TOPICS, Topic
from tickets.choices import FormLanguage, Priority
from tickets.forms.settings.desk import name_field, offer
from tickets.models import ContactReason, CustomField, Team
from tickets.models.contact import MOST_ORIGINS

LISTED = "Choose one from the list"
SITE = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)
TOPIC_LENGTH = 80
LABEL_LENGTH = 80
MOST_FIELDS = 30


class ContactFormForm(forms.Form):
    """What a form asks, where it goes, and who may show it."""

    name = name_field("Name", length=80, missing="Enter a name for the form", hint="For staff, like “School shop”.")
    slug = forms.SlugField(
        label="Address",
        required=False,
        max_length=40,
        help_text="Small letters and dashes, after /help/. Left empty, it follows from the name.",
        error_messages={"invalid": "Use letters, digits and dashes", "max_length": "Use at most 40 characters"},
    )
    heading = name_field("Heading", length=120, missing="Enter a heading", hint="What visitors read first.")
    intro = forms.CharField(
        label="Below the heading", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    thanks = forms.CharField(
        label="When it was sent", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Left empty: a person reads it and answers by email.",
    )  # fmt: skip
    language = forms.ChoiceField(
        label="Language of labels and errors", choices=FormLanguage.choices, error_messages={"invalid_choice": LISTED}
    )
    topics = forms.CharField(
        label="Topics",
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line. “Refund > Money > Refunds” leads to the team Money with the contact reason Refunds; "
        "both may be left out.",
    )
    topic_label = forms.CharField(
        label="What topics are called", required=False, max_length=80, help_text="Left empty: What is it about?"
    )
    asks = forms.ChoiceField(
        label="The desk's own fields",
        required=False,
        choices=[("all", "Ask every field that is for customers"), ("chosen", "Ask those below"), ("none", "Ask none")],
        error_messages={"invalid_choice": LISTED},
    )
    fields_asked = forms.CharField(
        label="Which fields",
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, in their order. “Serial number > Seriennummer” says what this form calls it, in its own "
        "language. Lines with a dash below a field do the same for its options: “- Monthly > Monatlich”.",
    )
    takes_files = forms.BooleanField(label="Visitors may add files", required=False)
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Team", required=False, empty_label="The usual one",
        error_messages={"invalid_choice": LISTED},
    )  # fmt: skip
    reason = forms.ModelChoiceField(
        ContactReason.objects.none(), label="Contact reason", required=False, empty_label="Chosen when it is closed",
        error_messages={"invalid_choice": LISTED},
    )  # fmt: skip
    priority = forms.ChoiceField(
        label="Priority", choices=Priority.choices, initial=Priority.NORMAL, error_messages={"invalid_choice": LISTED}
    )
    origins = forms.CharField(
        label="Sites that may show it",
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line, like https://www.example.org. No other site can put the form into its pages.",
    )
    is_active = forms.BooleanField(label="In use", required=False)

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        offer(self, "team", Team.objects.order_by("name"))
        offer(self, "reason", ContactReason.objects.filter(is_active=True).order_by("name", "pk"))

    def clean_slug(self) -> str:
        return self.cleaned_data["slug"].lower()

    def clean_origins(self) -> list[str]:
        """Scheme, host and port of each site; anything that could say more in a header is refused."""
        found = []
        for line in self.cleaned_data["origins"].lower().split():
            site = line.rstrip("/")
            if not SITE.fullmatch(site) or not _has_port(site):
                raise ValidationError(f"“{line[:80]}” is no site. Write it like https://www.example.org")
            found.append(site)
        if len(set(found)) > MOST_ORIGINS:
            raise ValidationError(f"Name at most {MOST_ORIGINS} sites")
        return list(dict.fromkeys(found))

    def clean_fields_asked(self) -> list[dict[str, Any]]:
        """One a line, each once: name, or name > label; below it, with a dash, option > label."""
        rows = CustomField.objects.filter(archived_at=None, is_for_customers=True).order_by("-position", "-pk")
        known = {word: row for row in rows for word in (row.key, row.name.casefold())}
        found: dict[str, dict[str, Any]] = {}
        field = None
        for line in filter(None, (line.strip() for line in self.cleaned_data["fields_asked"].splitlines())):
            if field and line.startswith("-") and line.casefold() not in known:
                key, label = _option(field, line[1:].strip())
                found[field.key].setdefault("options", {})[key] = label
                continue
            name, label = _called(line, known)
            field = known.get(name.casefold())
            if field is None:
                raise ValidationError(f"There is no field for customers called {name[:80]}")
            found[field.key] = {"key": field.key, "label": label}
        if len(found) > MOST_FIELDS:
            raise ValidationError(f"A form asks at most {MOST_FIELDS} fields")
        return list(found.values())

    def clean(self) -> dict:
        """`fields` as the form of the desk keeps them: None for all."""
        cleaned = super().clean() or {}
        asks, named = cleaned.pop("asks", "") or "all", cleaned.pop("fields_asked", None)
        if asks == "chosen" and named == []:
            self.add_error("fields_asked", "Name the fields that it asks, or choose to ask none")
        cleaned["fields"] = {"all": None, "none": []}.get(asks, named)
        return cleaned

    def clean_topics(self) -> list[Topic]:
        """One a line, each once: name > team > reason."""
        teams = {team.name.lower(): team for team in Team.objects.all()}
        reasons = {reason.name.lower(): reason for reason in ContactReason.objects.filter(is_active=True)}
        topics: dict[str, Topic] = {}
        for line in self.cleaned_data["topics"].splitlines():
            name, team, reason = (part.strip() for part in f"{line} > > ".split(">", 3)[:3])
            if not name and not line.strip():
                continue
            if not 0 < len(name) <= TOPIC_LENGTH:
                raise ValidationError(f"A topic has a name of 1 to {TOPIC_LENGTH} characters: “{line.strip()[:60]}”")
            if team and team.lower() not in teams:
                raise ValidationError(f"There is no team called {team[:80]}")
            if reason and reason.lower() not in reasons:
                raise ValidationError(f"There is no contact reason called {reason[:80]}")
            topics[name] = Topic(name, teams.get(team.lower()), reasons.get(reason.lower()))
        if len(topics) > MOST_TOPICS:
            raise ValidationError(f"A form has at most {MOST_TOPICS} topics")
        return list(topics.values())


def _called(line: str, known: Container[str]) -> tuple[str, str]:
    """A line as name and label; a name may hold the sign itself."""
    name, _, label = (line, "", "") if line.casefold() in known else line.rpartition(">")
    name, label = (name.strip(), label.strip()) if name else (label.strip(), "")
    if len(label) > LABEL_LENGTH:
        raise ValidationError(f"Call {name[:80]} something of at most {LABEL_LENGTH} characters")
    return name, label


def _option(field: CustomField, line: str) -> tuple[str, str]:
    """The key of an option in use, and what this form calls it."""
    known = {each["label"].casefold(): each["key"] for each in field.options if each["is_active"]}
    name, label = _called(line, known)
    if name.casefold() not in known:
        raise ValidationError(f"{field.name} has no option called {name[:80]}")
    if not label:
        raise ValidationError(f"Say what this form calls {name[:80]}, or leave the line out")
    return known[name.casefold()], label


def _has_port(site: str) -> bool:
    try:
        return urlsplit(site).port != 0
    except ValueError:
        return False
