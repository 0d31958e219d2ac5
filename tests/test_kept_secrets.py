"""Secrets that the product makes for itself: one, whole, and readable by nobody else, however many start at once."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READ = "from supportdesk import settings; print(settings.SECRET_KEY, settings.MAIL_VAULT_KEYS[0])"


def test_eight_first_starts_at_once_agree_on_their_secrets(tmp_path):
    hidden = ("SECRET_KEY", "MAIL_VAULT_KEY", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": "postgres://nobody@127.0.0.1/none"}
    command = [sys.executable, "-c", READ]

    starts = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    said = {start.communicate(timeout=60)[0] for start in starts}

    assert len(said) == 1
    assert [len(secret) for secret in said.pop().split()] == [64, 64]
    made = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "var").iterdir() if path.is_file()}
    assert made == {"secret.key": 0o600, "mail-vault.key": 0o600}
