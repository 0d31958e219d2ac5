"""The product's settings on a throw-away database server."""

import os
import tempfile
from pathlib import Path

# Before the import: a suite never touches the data of `make run`.
os.environ.setdefault("VAR_DIR", str(Path(tempfile.gettempdir()) / f"supportdesk-tests-{os.getuid()}"))
os.environ.setdefault("SECRET_KEY", "tests-only")
if not os.environ.get("DATABASE_URL"):
    from supportdesk.lib.cluster import Cluster

    os.environ["DATABASE_URL"] = Cluster(Path(os.environ["VAR_DIR"]), durable=False).start()

# One server for all; a database and files of its own for each worker. Files without a row in one worker's database are
# another worker's mails, and a test of housekeeping would clear them away.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and os.environ.get("VAR_DIR_IS_OF") != _worker:
    os.environ |= {"VAR_DIR": str(Path(os.environ["VAR_DIR"]) / _worker), "VAR_DIR_IS_OF": _worker}

from supportdesk.settings import *  # noqa: E402, F403 - it reads what stands above

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "files": {"BACKEND": "mail.storage.DurableFileStorage", "OPTIONS": {"location": str(VAR_DIR / "files")}},  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
CELERY_BROKER_URL = "memory://"  # tests that want a worker start one, on a broker of their own
