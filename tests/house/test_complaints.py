"""The page of what cannot happen here names tests that are there and say so themselves."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "complaints.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows(section: str) -> list[list[str]]:
    """The cells of each row of the table below a heading, without its head."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def said_by(path: str) -> dict[str, str]:
    """What the tests of a file say of themselves: name, docstring, and that of their file."""
    tree = ast.parse((ROOT / path).read_text())
    above = ast.get_docstring(tree) or ""
    return {
        node.name: f"{node.name.replace('_', ' ')}\n{ast.get_docstring(node) or ''}\n{above}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def test_every_test_that_the_page_names_is_there():
    named = set(TEST.findall(PAGE))

    assert len(named) > 90
    assert [f"{path}::{name}" for path, name in sorted(named) if name not in said_by(path)] == []


def test_complaints_1_to_25_are_all_there():
    assert [row[0] for row in rows("The 25 complaints")] == [str(number) for number in range(1, 26)]


@pytest.mark.parametrize("row", rows("The 25 complaints"), ids=lambda row: row[0])
def test_each_test_of_a_complaint_says_which(row):
    number, tests = row[0], TEST.findall(row[-1])
    says = re.compile(rf"\bcomplaints? (?:\d+,? (?:and )?)*{number}\b", re.IGNORECASE)

    assert tests
    assert [name for path, name in tests if not says.search(said_by(path)[name])] == []


@pytest.mark.parametrize("row", rows("Traps in the others' sources"), ids=lambda row: row[0][:24])
def test_each_test_of_a_trap_says_so(row):
    tests = TEST.findall(row[-1])

    assert tests
    assert [name for path, name in tests if "trap" not in said_by(path)[name].lower()] == []


@pytest.mark.parametrize("section", ["Also complained about", "The bar"])
def test_no_line_stands_without_a_test(section):
    lines = rows(section)

    assert lines
    assert [row[0] for row in lines if not TEST.search(row[-1])] == []
