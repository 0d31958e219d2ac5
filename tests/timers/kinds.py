"""The kind of timer that workers under test answer for: `celery worker --include tests.timers.kinds`."""

from django.db import connection

from supportdesk.lib.failpoints import failpoint
from timers.registry import register


def leave_effect(timer, now):
    """Leave a row that commits or rolls back with the timer, and die where the environment says so."""
    with connection.cursor() as cursor:
        cursor.execute("insert into test_effects (subject) values (%s)", [timer.subject])
    failpoint("test.after_effect")


register("test.effect", leave_effect)
