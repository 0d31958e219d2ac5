"""Forget timers that were answered long ago. What is undone is never forgotten, however old it is."""

import time
from datetime import datetime, timedelta

from django.db import connection

# A done key stays done for so long. Owners ask again for the same key within two weeks at most (a survey for seven
# days, a reply that waits for its hour for fourteen); this is three times that.
KEPT_FOR = timedelta(days=45)
AT_ONCE = 5_000
SECONDS = 120.0

# Rows that somebody holds are left for the next time, so that nobody waits for this and this for nobody.
FORGET = """
with part as (select id, done_at from timers_timer where id > %(after)s order by id limit %(size)s),
old as (
    select id from timers_timer where id in (select id from part where done_at < %(until)s) for update skip locked
),
gone as (delete from timers_timer where id in (select id from old) returning id)
select (select max(id) from part), (select count(*) from gone)
"""


def forget_done(*, now: datetime, size: int = AT_ONCE, seconds: float = SECONDS) -> int:
    """Remove timers that were done more than 45 days ago, `size` looked at in a statement each; how many went.

    Walks the table by its key and stops after about `seconds`: what is left is met the next time. Killed, twice or two
    at once it removes the same rows.
    """
    started, after, gone = time.monotonic(), 0, 0
    with connection.cursor() as cursor:
        while time.monotonic() - started < seconds:
            cursor.execute(FORGET, {"after": after, "size": size, "until": now - KEPT_FOR})
            last, count = cursor.fetchone()
            gone += count
            if last is None:
                break
            after = last
    return gone
