"""Pieces that more than one screen shows, as plain functions. Templates get them by `{% load ui %}`."""

from datetime import datetime
from functools import cache, lru_cache
from zlib import crc32

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

HUES = ("", "h2", "h3", "h4", "h5")
STEPS = ((60, "minute"), (24, "hour"), (7, "day"))


@cache
def icon(name: str, *, label: str = "") -> SafeString:
    """`{% icon "reply" %}` is decoration; with a label it is an image that says so."""
    picture = f"{static('icons.svg')}#{name}"
    if label:
        return format_html('<svg class="ico" role="img" aria-label="{}"><use href="{}"/></svg>', label, picture)
    return format_html('<svg class="ico" aria-hidden="true"><use href="{}"/></svg>', picture)


@cache
def at(name: str) -> str:
    """`{% at "desk:new" %}`: as `url`, for an address without parameters, looked up once."""
    return reverse(name)


def avatar(person, size: str = "") -> SafeString:
    """`{% avatar person %}`, `{% avatar person "mini" %}`: initials on a hue that stays with the person.

    It decorates: the name stands beside it. None draws an empty one.
    """
    return _avatar(str(getattr(person, "pk", "")), getattr(person, "shown_name", "") or "", size)


@lru_cache(maxsize=4096)
def _avatar(key: str, name: str, size: str) -> SafeString:
    words = [word for word in name.partition("@")[0].replace(".", " ").split() if word[0].isalnum()]
    initials = "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"
    hue = HUES[crc32(key.encode()) % len(HUES)]
    return format_html('<span class="{}" aria-hidden="true">{}</span>', " ".join(["av", size, hue]).strip(), initials)


def field(bound: forms.BoundField, *, hide_label: bool = False) -> dict:
    """`{% field form.email %}`: label, hint, error and control, tied together for those who cannot see them (U27)."""
    described = _described(bound)
    return {
        "field": bound,
        "kind": _kind(bound.field.widget),
        "control": _control(bound, described),
        "described": described,
        "errors": bound.errors,
        "hint_id": f"{bound.auto_id}-hint",
        "error_id": f"{bound.auto_id}-error",
        "hide_label": hide_label,
    }


def form_errors(form: forms.BaseForm) -> dict:
    """`{% form_errors form %}` at the top of main: what is wrong, each with a way to its field, and the focus."""
    problems = [
        {"id": _target(form[name]), "text": text}
        for name, texts in form.errors.items()
        if name != NON_FIELD_ERRORS
        for text in texts
    ]
    return {"problems": [*({"id": "", "text": text} for text in form.non_field_errors()), *problems]}


def error_prefix(form: forms.BaseForm | None) -> str:
    """`{% error_prefix form %}` first in a title."""
    return "Error: " if form is not None and form.errors else ""


def ago(moment: datetime | None, now: datetime | None = None) -> SafeString | str:
    """`{% ago ticket.created_at %}`: "5 minutes ago", "in 2 days", with the full time in the reader's zone on it."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        full_time(moment),
        relative(moment, now or timezone.now()),
    )


def full_time(moment: datetime) -> str:
    """27 November 2026, 14:05 CET"""
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'j F Y, H:i')} {local.tzname()}"


def relative(moment: datetime, now: datetime) -> str:
    """Words for a distance. Past a week the date itself, since nobody counts in weeks."""
    seconds = (moment - now).total_seconds()
    count = round(abs(seconds) / 60)
    if count == 0:
        return "just now"
    for size, unit in STEPS:
        if count < size:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
        count = round(count / size) if unit != "day" else count
    return formats.date_format(timezone.localtime(moment), "j F Y")


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "hidden" if widget.is_hidden else "plain"


def _described(bound: forms.BoundField) -> str:
    """The ids of the texts about a field, in the order in which they are read."""
    texts = [("hint", bound.help_text), ("error", bound.errors)]
    return " ".join(f"{bound.auto_id}-{kind}" for kind, text in texts if text)


def _control(bound: forms.BoundField, described: str) -> SafeString:
    """The input, told which texts describe it. A group of choices is described as a whole by its fieldset."""
    kind = _kind(bound.field.widget)
    attrs: dict[str, str | bool] = {"aria-describedby": described} if described and kind != "choices" else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    if kind == "plain":
        attrs["class"] = f"input {bound.field.widget.attrs.get('class', '')}".strip()
    return bound.as_widget(attrs=attrs)


def _target(bound: forms.BoundField) -> str:
    """Where a link to the field goes: the first choice of a list, else the control."""
    if _kind(bound.field.widget) == "choices":
        return f"{bound.auto_id}_0"
    return bound.id_for_label
