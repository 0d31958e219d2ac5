"""The Celery application. It only wakes: rows hold the work, and sweeps in BEAT_SWEEPS find what was not woken."""

import gc
import os
from importlib import import_module
from pathlib import Path

from celery import Celery
from celery.signals import task_postrun, worker_before_create_process
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")

TRANSPORT_ALIASES["folder"] = "supportdesk.lib.folder_broker:Transport"

app = Celery("supportdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


ALIVE_FILE = os.environ.get("ALIVE_FILE", "")


@task_postrun.connect
def note_life(**_: object) -> None:
    """Touch the file by which deploy/healthcheck.py sees that this worker works, where one is asked for."""
    if ALIVE_FILE:
        Path(ALIVE_FILE).touch()


@worker_before_create_process.connect
def share_memory(**_: object) -> None:
    """Load what the first task would, and let pool processes share it: collecting garbage would write to every page."""
    import_module("supportdesk.urls")  # brings the pages with it; mails link to them
    gc.freeze()
