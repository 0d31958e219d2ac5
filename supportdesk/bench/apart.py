"""A command of ours in a process with settings, a database and a folder of its own, of which nothing stays."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

from supportdesk.lib.cluster import Cluster

# What names somebody's real servers.
LEFT_OUT = (
    "ALLOWED_HOSTS", "BENCH", "DATABASE_URL", "DEMO", "EMAIL_URL", "LIVE_PORT", "PORT", "REDIS_URL", "SITE_URL",
    "SMTP_PORT",
)  # fmt: skip


class BrokeOff(Exception):
    """The command failed. The message holds the end of what the product's processes said, where they ran."""


def run_apart(*command: str, **environment: str) -> str:
    """Run `manage.py command` with only `environment` beside the machine's own; answers what it printed.

    The folder is VAR_DIR/<command>-…, with the PostgreSQL in it stopped and removed at the end. Raises BrokeOff.
    """
    Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix=f"{command[0]}-", dir=settings.VAR_DIR))
    home.chmod(0o755)  # PostgreSQL may run as another user; it closes its own folder
    inherited = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    known = {"VAR_DIR": str(home), "DJANGO_SETTINGS_MODULE": "supportdesk.settings", **environment}
    try:
        done = subprocess.run(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *command],
            env={**inherited, **known}, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            log = home / "up.log"
            raise BrokeOff(log.read_text()[-3000:] if log.exists() else "")
        return done.stdout
    finally:
        _remove(home, has_cluster="DATABASE_URL" not in environment)


def _remove(home: Path, *, has_cluster: bool) -> None:
    if has_cluster:
        cluster = Cluster(home)
        cluster.stop(immediately=True)
        if not cluster.data.is_relative_to(home):
            shutil.rmtree(cluster.data.parent, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
