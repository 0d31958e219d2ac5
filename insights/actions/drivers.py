"""Months of contact drivers, counted from facts, and what a desk says of a driver."""

from datetime import datetime

from django.db import connection, transaction

from accounts import access
from accounts.journal import record
from insights.models import DirtyMonth, Driver, DriverMonth
from supportdesk.lib.failpoints import failpoint
from tickets.models import ContactReason

COUNT = """
insert into insights_drivermonth
    (month, reason_id, contacts, tickets, minutes, hand_offs, replies_p50, replies_p90)
select %(month)s, reason_id, coalesce(asked.contacts, 0), coalesce(took.tickets, 0), coalesce(took.minutes, 0),
    coalesce(took.hand_offs, 0), coalesce(took.half, 0), coalesce(took.most, 0)
from (
    select coalesce(nullif(key, ''), '0')::bigint as reason_id, sum(contacts) as contacts from insights_figure
    where dimension = 'reason' and "on" >= %(month)s and "on" < %(month)s + interval '1 month' group by 1
) as asked
full join (
    select coalesce(reason_id, 0) as reason_id, count(*) as tickets, sum(minutes) as minutes,
        sum(hand_offs) as hand_offs, percentile_cont(0.5) within group (order by replies) as half,
        percentile_cont(0.9) within group (order by replies) as most
    from insights_handled where "on" >= %(month)s and "on" < %(month)s + interval '1 month' group by 1
) as took using (reason_id)
"""


def count_dirty_months() -> int:
    """Count each month again whose days were; how many. A transaction a month, so that a kill loses no month."""
    months = list(DirtyMonth.objects.order_by("month").values_list("month", flat=True))
    for month in months:
        with transaction.atomic(), connection.cursor() as cursor:
            DirtyMonth.objects.filter(month=month).delete()
            DriverMonth.objects.filter(month=month).delete()
            cursor.execute(COUNT, {"month": month})
            failpoint("insights.count.month_counted")
    return len(months)


def describe_driver(
    *, reason: ContactReason, minutes: int | None, is_preventable: bool, is_other: bool, by, now: datetime
) -> Driver:
    """Say what a contact of this reason takes (None: as measured), and whether anybody should have to ask.

    Raises NotAllowed.
    """
    access.require(by, "desk.automate", now=now)
    with transaction.atomic():
        chosen = {"minutes": minutes, "is_preventable": is_preventable, "is_other": is_other}
        driver, _ = Driver.objects.update_or_create(reason=reason, defaults=chosen)
        record(by=by, action="insights.describe_driver", subject=reason, data=chosen, now=now)
    return driver
