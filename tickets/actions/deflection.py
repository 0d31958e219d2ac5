"""Whether an article really spared somebody their question (A10): strictly, by what they do within 72 hours.

Looked at every minute instead of when a ticket opens: tickets come by many doors, and the reason of one is often known
only when it is closed, however late that is. So tickets that changed lately are held against what their customers
called solved in the 72 hours before they asked; once a day all of them, for a desk whose workers slept.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q

from accounts.models import Person
from knowledgebase.actions import suggesting
from knowledgebase.models import SuggestSession
from knowledgebase.queries_help import for_readers
from knowledgebase.queries_search import suggest
from tickets.models import Ticket
from tickets.queries_desk.articles import asked_in

HOURS = 72
WITHIN = timedelta(hours=HOURS)
# A look of a minute that failed, or waited for another, is made up for by those of a day.
LATELY = timedelta(days=1)
AT_ONCE = 500
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

# From tickets to sessions, by the index of each way in which somebody is known: however many sessions there are.
SOLVED_BEFORE = """
select session.id from tickets_ticket ticket
join knowledgebase_suggestsession session on session.person_id = ticket.requester_id and session.outcome = 'solved'
    and session.ended_at between ticket.created_at - make_interval(hours => %(hours)s) and ticket.created_at
where ticket.updated_at > %(since)s
union select session.id from tickets_ticket ticket
join accounts_person person on person.id = ticket.requester_id and person.email <> ''
join knowledgebase_suggestsession session on session.email = person.email and session.outcome = 'solved'
    and session.ended_at between ticket.created_at - make_interval(hours => %(hours)s) and ticket.created_at
where ticket.updated_at > %(since)s
order by id
"""


def mark_asked_again(*, now: datetime, is_thorough: bool = False) -> int:
    """Turn what was called solved into asked again, where it was. Answers how many. Twice: the second changes nothing.

    The same person: signed in then, or by the address that they had typed. Only sessions after which somebody asked
    are looked at, and all of them: a busy day hides none. `is_thorough` looks at every ticket, however old.
    """
    since = BEGINNING if is_thorough else now - LATELY
    with connection.cursor() as cursor:
        cursor.execute(SOLVED_BEFORE, {"since": since, "hours": HOURS})
        keys = [key for (key,) in cursor.fetchall()]
    changed = 0
    for session in SuggestSession.objects.filter(pk__in=keys, ended_at__lte=now).order_by("pk").iterator(AT_ONCE):
        ticket = next((one for one in _asked_after(session) if _is_same(session, one)), None)
        if ticket:
            changed += suggesting.asked_again(sessions=[session.pk], ticket_id=ticket.pk)
    return changed


def _asked_after(session: SuggestSession) -> list[Ticket]:
    """What the same person asked within 72 hours of saying that it was solved."""
    who = Q(pk=session.person_id) | (Q(email=session.email) if session.email else Q(pk=None))
    people = Person.objects.filter(who).values("pk")
    ended_at = session.ended_at or session.created_at
    rows = Ticket.objects.filter(requester__in=people, created_at__gte=ended_at, created_at__lte=ended_at + WITHIN)
    return list(rows.select_related("requester").order_by("created_at", "pk")[:20])


def _is_same(session: SuggestSession, ticket: Ticket) -> bool:
    """The same driver: the same contact reason where both have one, else an article that would be suggested again."""
    if session.reason_id and ticket.contact_reason_id:
        return session.reason_id == ticket.contact_reason_id
    about = {session.solved_by_id} if session.solved_by_id else set(session.opened or session.shown)
    again = suggest(ticket.requester, asked_in(ticket), gate=for_readers(ticket.requester))
    return not about.isdisjoint(hit.article.pk for hit in again)
