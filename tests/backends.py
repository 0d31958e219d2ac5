"""The server's side of a process that is gone."""

import time

from django.db import connection


def until_gone(name: str) -> None:
    """Wait until the server knows that the process which calls itself `name` (PGAPPNAME) has ended.

    Until it does, the locks of whoever was killed still stand, and those who skip what is locked skip it.
    """
    deadline = time.monotonic() + 30
    own = connection.get_new_connection(connection.get_connection_params())
    own.autocommit = True
    try:
        with own.cursor() as cursor:
            while True:
                cursor.execute("select count(*) from pg_stat_activity where application_name = %s", [name])
                if cursor.fetchone() == (0,):
                    return
                assert time.monotonic() < deadline, f"{name} is still there"
                time.sleep(0.01)
    finally:
        own.close()
