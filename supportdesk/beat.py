"""Wakes the sweeps of BEAT_SWEEPS: `python -m supportdesk.beat [schedule file]`.

Celery's own beat, without the tasks: it sends names, so it needs neither Django's apps nor ours, and stays a third of
the size. Several at once are harmless, and none for a while makes things late, never lost.
"""

import logging.config
import signal
import sys

from celery.beat import Service
from django.conf import settings

from supportdesk.celery import app


def main(schedule: str) -> None:
    """Send until SIGTERM or Ctrl-C."""
    logging.config.dictConfig(settings.LOGGING)
    logging.getLogger("celery.beat").setLevel(logging.WARNING)  # a line for each wake-up helps nobody
    service = Service(app, schedule_filename=schedule)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.start()


if __name__ == "__main__":
    main(*sys.argv[1:] or [settings.CELERY_BEAT_SCHEDULE_FILENAME])
