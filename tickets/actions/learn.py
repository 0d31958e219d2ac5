"""Which words belong to which contact reason, counted from closed tickets as they are closed."""

from django.db import connection, transaction

from tickets.choices import Author, Category
from tickets.models import Message, ReasonLesson, Ticket
from tickets.reason_words import words_of

LOOKED_AT = 2000
COUNT = """
insert into tickets_reasonword as known (reason_id, word, tickets)
select %s, word, %s from unnest(%s::text[]) as word order by word
on conflict (reason_id, word) do update set tickets = greatest(0, known.tickets + excluded.tickets)
"""


@transaction.atomic
def learn_reason(*, ticket_id: int) -> bool:
    """Make the counts agree with a ticket's reason; answers whether they changed. Running it again changes nothing.

    A ticket whose reason was taken away or changed is taken out of the counts that it had entered.
    """
    ticket = Ticket.objects.filter(pk=ticket_id).select_for_update(of=("self",), no_key=True).first()
    if ticket is None:
        return False
    lesson = ReasonLesson.objects.filter(pk=ticket_id).first()
    if lesson is not None and lesson.reason_id == ticket.contact_reason_id:
        return False
    counted: list[tuple[int, int, list[str]]] = []
    if lesson is not None:
        counted.append((lesson.reason_id, -1, lesson.words))
        lesson.delete()
    if ticket.contact_reason_id is not None:
        words = sorted(words_of(ticket.subject, _asked(ticket)))
        ReasonLesson.objects.create(ticket_id=ticket_id, reason_id=ticket.contact_reason_id, words=words)
        counted.append((ticket.contact_reason_id, 1, words))
    for reason_id, by, words in sorted(counted):  # in one order, or two of these would wait for each other
        _count(reason_id, by, words)
    return bool(counted)


def learn_missed() -> int:
    """The newest closed tickets whose lesson got lost with its wake-up."""
    newest = Ticket.objects.filter(category=Category.CLOSED).order_by("-closed_at", "-pk")[:LOOKED_AT]
    missed = Ticket.objects.filter(pk__in=newest.values("pk"), contact_reason__isnull=False, lesson__isnull=True)
    keys = list(missed.order_by("pk").values_list("pk", flat=True))
    return sum(learn_reason(ticket_id=key) for key in keys)


def _asked(ticket: Ticket) -> str:
    first = Message.objects.filter(ticket=ticket, author=Author.CUSTOMER).order_by("pk").values_list("text", flat=True)
    return first.first() or ""


def _count(reason_id: int, by: int, words: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [reason_id, by, ["", *words]])
