"""The founder's page over two years of tickets, beside a bare view of 20 rows: it must not feel how many there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from accounts.choices import Role
from accounts.models import Grant, Person
from insights.actions import problems
from insights.actions.activity import keep_activity
from insights.actions.costs import enter_month, save_rules
from insights.actions.survey_months import count_survey_months
from insights.desk import desk_zone
from insights.months import back, month_of
from supportdesk.bench.scene import session_of
from supportdesk.bench.shop import measure_page
from tickets.models import ContactReason

ADDRESSES = {
    "insights, a year": "/insights/",
    "insights, two years": "/insights/?months=24",
    "insights, rows of a month": "/insights/rows/active/",
    "insights, problems": "/insights/problems/",
}
FIXES = 6
# What gathering would have counted, at once: the bench measures the page, `insights.gather` has a figure of its own.
COUNTED = (
    """insert into insights_figure ("on", team_id, dimension, key, opened, contacts, closed, first_answers,
        first_promised, first_kept, reopened, closed_soon, closed_unanswered, solved, solved_promised, solved_kept,
        answers, next_promised, next_kept)
    select (created_at at time zone %(zone)s)::date, team_id, by.dimension, by.key, count(*), count(*),
        count(closed_at), count(*), count(*), count(*) * 9 / 10, count(*) / 20, count(*) / 30, 0, count(closed_at),
        count(*), count(*), count(*) * 2, 0, 0
    from tickets_ticket, lateral (
        select 'all' as dimension, '' as key union all select 'reason', coalesce(contact_reason_id::text, '')
        union all select 'channel', channel) as by
    group by 1, 2, 3, 4 on conflict do nothing""",
    """insert into insights_drivermonth (month, reason_id, contacts, tickets, minutes, hand_offs, replies_p50,
        replies_p90)
    select date_trunc('month', created_at at time zone %(zone)s)::date, coalesce(contact_reason_id, 0), count(*),
        count(*), count(*) * 11, count(*) / 9, 2, 4
    from tickets_ticket group by 1, 2 on conflict do nothing""",
    """insert into insights_activemonth (month, person_id, has_signed_in, has_paid)
    select distinct date_trunc('month', ticket.created_at at time zone %(zone)s)::date, requester_id, true, false
    from tickets_ticket as ticket on conflict do nothing""",
    """insert into insights_survey (ticket_id, person_id, team_id, answered_by_id, state, why_skipped, token_sha256,
        closed_at, asked_at, asked_on, answered_at, csat, ces, is_solved, comment)
    select id, requester_id, team_id, assignee_id, 'answered', '', '', closed_at, closed_at + interval '8 hours',
        (closed_at at time zone %(zone)s)::date, closed_at + interval '9 hours', 1 + id %% 5, 1 + id %% 7, id %% 5 > 0,
        case id %% 3 when 0 then 'They knew what I meant.' else '' end
    from tickets_ticket where closed_at is not null and id %% 10 = 0 on conflict do nothing""",
    "analyze insights_figure, insights_drivermonth, insights_activemonth, insights_survey",
)


@dataclass(frozen=True)
class InsightsScene:
    """An observer's session."""

    session: str


def set_insights_scene(*, now: datetime) -> InsightsScene:
    """Counted days and months of all loaded tickets, a tenth of them rated, costs of a year and six fixes."""
    observer = Person.objects.create_user("founder@desk.load.example", name="Fay Founder", created_at=now)
    admin = Person.objects.create_user("costs@desk.load.example", name="Ada Admin", created_at=now)
    Grant.objects.create(person=observer, role=Role.OBSERVER, granted_at=now)
    Grant.objects.create(person=admin, role=Role.ADMIN, granted_at=now)
    zone = desk_zone()
    with connection.cursor() as cursor:
        for statement in COUNTED:
            cursor.execute(statement, {"zone": zone.key})
    keep_activity(now=now, is_thorough=True)
    count_survey_months(now=now, is_thorough=True)
    save_rules(
        by=admin, now=now, rate=4_000, tools=40_000, budget=900_000, contact_rate_goal=5, engineering_target=20
    )  # fmt: skip
    for number, month in enumerate(back(month_of(now, zone), 14)[:-1]):
        enter_month(
            by=admin, month=month, now=now, support_hours=900 + number, support_pay=None, tools=None,
            engineering_hours=480,
        )  # fmt: skip
    for number, driver in enumerate(ContactReason.objects.order_by("pk")[:FIXES]):
        at = now - timedelta(days=30 * (number + 1))
        problem = problems.plan_fix(
            driver=driver, title=f"Problem {number}", owner=admin, fix="It is gone", planned_for=None, by=admin, now=at
        )
        problems.fixed(problem=problem, fix="It is gone", fixed_on=at.date(), today=now.date(), by=admin, now=at)
    return InsightsScene(session_of(observer))


def measure(scene: InsightsScene, host: str, port: int, *, staff: str, rounds: int) -> dict[str, dict]:
    """Each page in turn with the floor."""
    return {
        name: measure_page(path, scene.session, staff, host, port, rounds) for name, path in ADDRESSES.items()
    }  # fmt: skip
