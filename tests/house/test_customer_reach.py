"""Nothing that renders for customers can name a private note (S29)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [
    *(ROOT / "tickets" / "views" / "customer").glob("*.py"),
    ROOT / "tickets" / "forms" / "customer.py",
    ROOT / "tickets" / "customer_queries.py",
    ROOT / "tickets" / "templatetags" / "customer.py",
    ROOT / "tickets" / "actions" / "links.py",
    ROOT / "tickets" / "actions" / "ask.py",
    ROOT / "tickets" / "actions" / "answer.py",
    ROOT / "tickets" / "actions" / "publishing.py",
    ROOT / "tickets" / "actions" / "telling_programs.py",
]
TEMPLATES = [ROOT / "templates" / "layouts" / "customer.html", *(ROOT / "templates" / "tickets" / "customer").glob("*")]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_code_for_customers_names_no_note(path):
    named = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            named.add(node.id)
        elif isinstance(node, ast.Attribute):
            named.add(node.attr)
        elif isinstance(node, ast.alias):
            named |= set(node.name.split("."))
        elif isinstance(node, ast.keyword) and node.arg:
            named |= set(node.arg.split("__"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            named |= set(node.value.split("__"))

    assert not named & {"Note", "note", "notes", "note_id"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_for_customers_name_no_note(path):
    text = path.read_text()

    assert ".note" not in text
    assert '{% include "tickets/desk' not in text
