"""`manage.py prepare`: a step that is done already costs nothing."""

from io import StringIO

import pytest
from django.core.management import call_command

from supportdesk.management.commands import prepare
from tests.factories.accounts import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch, settings, tmp_path):
    """The commands that `prepare` calls, in a VAR_DIR of the test's."""
    settings.VAR_DIR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    made = []
    monkeypatch.setattr(prepare, "call_command", lambda name, **options: made.append(name))
    return made


def say():
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


def test_static_files_are_collected_when_one_changed_and_only_then(calls, settings, tmp_path):
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "desk.css").write_text("a {}")
    settings.STATICFILES_DIRS = [folder]
    settings.STATIC_BUNDLES = {"css/all.css": ["desk.css"]}

    say()
    say()
    assert calls == ["collectstatic"]

    (folder / "desk.css").write_text("b {}")
    say()
    (folder / "new.css").touch()
    say()
    (folder / "new.css").unlink()
    say()
    say()
    assert calls == ["collectstatic"] * 4


def test_it_says_so_when_nobody_is_here_yet(calls):
    assert prepare.NOBODY in say()

    make_person()

    assert say() == ""
