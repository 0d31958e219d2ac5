"""Which words people use here, so that a misspelt search can be answered (U16). Read from public messages only."""

from django.db import connection, transaction
from django.db.models import Max

from tickets.models import DeskWord, Message, WordsLearned

AT_ONCE = 5_000
# A desk that was filled from elsewhere is learnt from its newest messages; older ones use the same words.
MOST_BEHIND = 50_000
MOST_WORDS = 60_000

LEARN = """
INSERT INTO tickets_deskword (word, texts)
SELECT word, ndoc FROM ts_stat(format(
    'SELECT to_tsvector(''desk_exact'', desk_parts(desk_plain(left(text, 5000)))) FROM tickets_message
     WHERE id > %%s AND id <= %%s', %s::bigint, %s::bigint))
WHERE word ~ '^[[:alpha:]]{3,40}$'
ORDER BY word
ON CONFLICT (word) DO UPDATE SET texts = least(tickets_deskword.texts + excluded.texts, 2000000000)
"""


@transaction.atomic
def learn_words() -> int:
    """Read the next AT_ONCE messages. Answers how many numbers it went on; 0 when there is nothing new, or when
    somebody else is at it."""
    WordsLearned.objects.get_or_create(source="messages")
    mark = WordsLearned.objects.select_for_update(skip_locked=True).filter(source="messages").first()
    newest = Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if mark is None or newest <= mark.up_to:
        return 0
    start = max(mark.up_to, newest - MOST_BEHIND)
    end = min(start + AT_ONCE, newest)
    with connection.cursor() as cursor:
        cursor.execute(LEARN, [start, end])
    mark.up_to = end
    mark.save(update_fields=["up_to"])
    _forget_rare()
    return end - start


def _forget_rare() -> None:
    surplus = DeskWord.objects.count() - MOST_WORDS
    if surplus > 0:
        rarest = DeskWord.objects.order_by("texts", "pk").values("pk")[:surplus]
        DeskWord.objects.filter(pk__in=rarest).delete()
