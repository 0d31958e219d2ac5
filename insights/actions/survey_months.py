"""Count what customers answered, by month and team, so that the founder's page reads a row a month.

An answer is taken for 30 days and changed for a while after, so that the last months are counted again each time, and
all of them by a thorough look: tickets are loaded, erased and brought in with surveys of long ago.
"""

from datetime import date, datetime, timedelta

from django.db import connection, transaction

from insights.desk import desk_zone
from insights.scales import EASY, HAPPY
from supportdesk.lib.failpoints import failpoint

# Asked so long ago, nothing is answered or changed any more: 30 days to answer, at most 90 to change it.
STILL_CHANGES = timedelta(days=30 + 90)
BEGINNING = date(1970, 1, 1)

FORGET = "delete from insights_surveymonth where month >= %(since)s"
COUNT = """
insert into insights_surveymonth (month, team_id, asked, answered, happy, easy, effort, solved, solved_said)
select date_trunc('month', asked_on)::date, team_id, count(*), count(*) filter (where state = 'answered'),
    count(*) filter (where csat >= %(happy)s), count(*) filter (where ces >= %(easy)s), count(ces),
    count(*) filter (where is_solved), count(is_solved)
from insights_survey where state <> 'skipped' and asked_on >= %(since)s group by 1, 2
"""


@transaction.atomic
def count_survey_months(*, now: datetime, is_thorough: bool = False) -> None:
    """Put the counts of the last months, or of all, in the place of those known. Whoever calls is alone at it."""
    today = now.astimezone(desk_zone()).date()
    since = BEGINNING if is_thorough else (today - STILL_CHANGES).replace(day=1)
    asked: dict[str, date | int] = {"since": since, "happy": HAPPY, "easy": EASY}
    with connection.cursor() as cursor:
        cursor.execute(FORGET, asked)
        cursor.execute(COUNT, asked)
    failpoint("insights.count.surveys_counted")
