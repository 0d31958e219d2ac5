"""A process that sweeps the database of a test: `python -m tests.timers.sweeper once|until_killed|poison`."""

import os
import sys
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()

# Below here the models exist.
# ruff: noqa: E402
from django.db import connection

from supportdesk.lib.failpoints import failpoint
from timers.actions.sweep import sweep
from timers.registry import register


def leave_effect(timer, now):
    with connection.cursor() as cursor:
        cursor.execute("insert into test_effects (subject) values (%s)", [timer.subject])
    failpoint("test.after_effect")


def kill_at_seven(timer, now):
    leave_effect(timer, now)
    if timer.subject == 7:
        os._exit(9)


def main(mode: str) -> None:
    register("test.effect", kill_at_seven if mode == "poison" else leave_effect)
    print("ready", flush=True)
    while True:
        swept = sweep(now=datetime.now(UTC))
        print(swept.done, flush=True)
        if mode != "until_killed":
            break


if __name__ == "__main__":
    main(sys.argv[1])
