"""The words of the screens: plain, and never those that help nobody (U52)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AVOIDED = re.compile(r"\b(oops|sorry|please|invalid|forbidden|successfully|valid|error code)\b", re.IGNORECASE)
TAGS = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)
TEMPLATES = sorted(
    path
    for folder in ("tickets/customer", "tickets/settings", "layouts")
    for path in (ROOT / "templates" / folder).glob("*.html")
)
FORMS = sorted((ROOT / "tickets" / "forms").rglob("*.py"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_screen_says_what_happened_and_what_comes_next(path):
    assert AVOIDED.findall(TAGS.sub(" ", path.read_text())) == []


@pytest.mark.parametrize("path", FORMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_errors_of_a_form_say_what_to_enter(path):
    sentences = re.findall(r'"([^"\n]* [^"\n]* [^"\n]*)"', path.read_text())

    assert [sentence for sentence in sentences if AVOIDED.search(sentence)] == []
