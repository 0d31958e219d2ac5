"""Keep who was a customer in each month: whoever signed in or paid an invoice, one row an organisation or a person.

A row is written once and only gains; a month is counted anew in the transaction that changes its rows. Twice, two at
once or killed in the middle, the rows and their counts end the same.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from insights.desk import desk_zone
from insights.models import ActiveCount
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_transaction_lock

LOCK = "insights.activity"
LATELY = timedelta(days=40)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

SEEN = """
with home as (
    select distinct on (person_id) person_id, organisation_id from accounts_membership order by person_id, id
), sign as (
    select id as person_id, last_seen_at as at, true as signed, false as paid, null::bigint as organisation_id
    from accounts_person where last_seen_at >= %(since)s
    union all
    select user_id, created_at, true, false, null from usersessions_usersession where created_at >= %(since)s
    union all
    select person_id, paid_at, false, true, organisation_id
    from billing_invoice join billing_customer on billing_customer.id = billing_invoice.customer_id
    where paid_at >= %(since)s
), who as (
    select date_trunc('month', sign.at at time zone %(zone)s)::date as month,
        coalesce(sign.organisation_id, home.organisation_id) as organisation_id, sign.person_id, signed, paid
    from sign left join home using (person_id)
    where sign.at <= %(now)s and not exists (
        select 1 from accounts_grant where accounts_grant.person_id = sign.person_id and revoked_at is null)
)
insert into insights_activemonth as known (month, {key}, has_signed_in, has_paid)
select month, {key}, bool_or(signed), bool_or(paid) from who where {only} group by month, {key}
on conflict (month, {key}) where {key} is not null do update
set has_signed_in = known.has_signed_in or excluded.has_signed_in, has_paid = known.has_paid or excluded.has_paid
where (excluded.has_signed_in and not known.has_signed_in) or (excluded.has_paid and not known.has_paid)
returning month
"""
KEYS = {"organisation_id": "organisation_id is not null", "person_id": "organisation_id is null"}
COUNT = """
insert into insights_activecount (month, customers)
select month, count(*) from insights_activemonth where %(all)s or month = any(%(months)s) group by month
on conflict (month) do update set customers = excluded.customers
"""


@transaction.atomic
def keep_activity(*, now: datetime, is_thorough: bool = False) -> int:
    """Write down who was active lately, or ever where `is_thorough`; how many rows are new or say more.

    A thorough look also counts every month again. Whoever finds another at work leaves.
    """
    if not try_transaction_lock(LOCK):
        return 0
    since = BEGINNING if is_thorough or not ActiveCount.objects.exists() else now - LATELY
    asked: dict[str, datetime | str] = {"since": since, "now": now, "zone": desk_zone().key}
    months: list[date] = []
    with connection.cursor() as cursor:
        for key, only in KEYS.items():
            cursor.execute(SEEN.format(key=key, only=only), asked)
            months += [month for (month,) in cursor.fetchall()]
        failpoint("insights.activity.written")
        cursor.execute(COUNT, {"all": is_thorough, "months": sorted(set(months))})
    return len(months)
