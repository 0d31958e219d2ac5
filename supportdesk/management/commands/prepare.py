"""Everything that has to be true before the product serves."""

import hashlib
import os

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOBODY = "Nobody is here yet."


class Command(BaseCommand):
    """A step that is done already costs nothing. Refuses settings that cannot be meant, like every command."""

    help = "Check the settings, migrate the database, collect static files: whatever of it is not done yet."

    def handle(self, **options) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        _collect_changed_static_files()
        if not get_user_model().objects.exists():
            self.stdout.write(NOBODY)


def _collect_changed_static_files() -> None:
    """Collect them when one was added, changed or taken away since the last time."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            seen.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    kept = settings.VAR_DIR / "static.fingerprint"
    if not kept.exists() or kept.read_text() != seen.hexdigest() or not settings.STATIC_ROOT.exists():
        call_command("collectstatic", interactive=False, verbosity=0)
        kept.write_text(seen.hexdigest())
