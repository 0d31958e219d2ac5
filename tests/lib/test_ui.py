"""The pieces that more than one screen shows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import engines
from django.utils import timezone

from supportdesk.lib.ui import ago, avatar, full_time, icon, relative

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def draw(text: str, **context) -> str:
    return engines["django"].from_string("{% load ui %}" + text).render(context)


class Somebody:
    def __init__(self, shown_name, pk=1):
        self.shown_name, self.pk = shown_name, pk


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=60), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(hours=24), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=7), "15 November 2026"),
        (timedelta(minutes=-5), "in 5 minutes"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_a_distance_in_words(distance, words):
    assert relative(NOW - distance, NOW) == words


def test_a_time_carries_the_whole_of_itself_in_the_readers_zone():
    """U52."""
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert full_time(NOW) == "22 November 2026, 10:00 CET"
        assert ago(NOW, NOW) == (
            '<time datetime="2026-11-22T09:00:00+00:00" title="22 November 2026, 10:00 CET">just now</time>'
        )
    assert ago(None) == ""


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Alma Agent", "AA"), ("alma.b.agent@desk.example", "AA"), ("Zoë", "Z"), ("", "?"), ("  ", "?"), ("(x) Bob", "B"),
     ("<b>x</b>", "?"), ("山田 太郎", "山太")],
)  # fmt: skip
def test_an_avatar_shows_initials_and_nothing_else(name, initials):
    assert f">{initials}</span>" in avatar(Somebody(name))


def test_an_avatar_of_nobody_can_be_drawn():
    assert ">?<" in avatar(None)


def test_texts_of_others_are_escaped():
    """S4."""
    evil = '"><script>alert(1)</script>'

    class Form(forms.Form):
        name = forms.CharField(label=evil, help_text=evil)
        kind = forms.ChoiceField(choices=[(evil, evil)], widget=forms.RadioSelect, label=evil)
        yes = forms.BooleanField(label=evil, help_text=evil)

    form = Form({"name": evil, "kind": "x"})
    form.add_error("name", evil)
    form.add_error(None, evil)
    html = draw("{% form_errors form %}{% for f in form %}{% field f %}{% endfor %}{% avatar who %}", form=form,
                who=Somebody(evil))  # fmt: skip

    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<script" not in icon(evil, label=evil)


def test_a_field_is_tied_to_its_words():
    """U27."""

    class Form(forms.Form):
        kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect, help_text="Hint.")
        yes = forms.BooleanField(help_text="Hint.")

    form = Form({})
    html = draw("{% form_errors form %}{% for f in form %}{% field f %}{% endfor %}", form=form)

    for target in ("id_kind_0", "id_yes"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html
    assert '<fieldset class="field invalid" aria-describedby="id_kind-hint id_kind-error">' in html
    assert html.count('<span class="vh">Error: </span>This field is required.') == 2
    assert 'aria-describedby="id_yes-hint id_yes-error"' in html


def test_a_form_without_errors_says_nothing():
    assert draw("{% error_prefix form %}{% form_errors form %}", form=forms.Form({})).strip() == ""
