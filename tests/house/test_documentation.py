"""What an operator can set or call is written down."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "accounts",
    "billing",
    "insights",
    "knowledgebase",
    "mail",
    "selfservice",
    "supportdesk",
    "tickets",
    "timers",
    "training",
    "webhooks",
)
SETTING = re.compile(r"""(?:env\.[a-z_]+\(|environ(?:\.get\(|\[))\s*["']([A-Z][A-Z0-9_]+)["']""")
# Set by the machine, or by `manage.py up` for its own children.
NOT_SETTINGS = {"PATH", "HOME", "DJANGO_SETTINGS_MODULE"}


def settings_in_code() -> set[str]:
    files = [path for app in (*OURS, "deploy") for path in (ROOT / app).rglob("*.py")]
    return {name for path in files for name in SETTING.findall(path.read_text())} - NOT_SETTINGS


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text))

    assert settings_in_code() - documented == set()


def test_every_command_is_documented():
    pages = [ROOT / "README.md", *(ROOT / app / "README.md" for app in OURS), *(ROOT / "docs").glob("*.md")]
    text = "".join(page.read_text() for page in pages if page.exists())
    commands = {name for name, app in get_commands().items() if app in OURS}

    assert {name for name in commands if not re.search(rf"manage\.py {name}\b|make {name}\b", text)} == set()


@pytest.mark.parametrize(
    "app",
    [
        "accounts",
        "billing",
        "insights",
        "knowledgebase",
        "mail",
        "selfservice",
        "tickets",
        "timers",
        "training",
        "webhooks",
        "supportdesk/lib",
    ],
)
def test_every_app_has_a_readme(app):
    assert len((ROOT / app / "README.md").read_text()) > 500
