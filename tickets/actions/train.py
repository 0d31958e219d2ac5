"""Training the guess of contact reasons on closed tickets. The old guess stays until a new one is whole.

Running it twice trains once; of two at once, one leaves; killed anywhere, nothing has changed.
"""

import struct
import time
from datetime import datetime

from django.db import connection, transaction

from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock
from tickets.choices import Category
from tickets.models import ReasonFeature, ReasonModel, Ticket
from tickets.text_model.apart import CannotTrain, Learned, Lesson, train_apart
from tickets.text_model.features import asked_text

LOCK = "tickets.train_reasons"
LOOKED_AT = 100_000
# Forty words are read of a text (`text_model.features`), and these hold them.
CHARACTERS = 600
# Below this, counting words (`learn`) knows as much, and learns at once.
FEWEST_TEXTS = 200
FEWEST_OF_A_REASON = 10
# Trained again once so many more were closed, as a share of what the last training read, and at least this many.
WORTH_IT, FEWEST_NEW = 20, 50

# The newest closed tickets of reasons that were seen often enough, and what their customers wrote first.
LESSON = """
with newest as (
    select id, contact_reason_id as reason, subject, closed_at from tickets_ticket
    where category = 'closed' and contact_reason_id is not null and merged_into_id is null
    order by closed_at desc, id desc limit %(looked_at)s
), counted as (
    select newest.*, count(*) over (partition by reason) as of_reason
    from newest join tickets_contactreason as known on known.id = reason and known.is_active
), chosen as (
    select id, reason, subject from counted where of_reason >= %(fewest)s
)
select chosen.reason, left(chosen.subject, %(characters)s), coalesce(said.text, '')
from chosen left join lateral (
    select left(text, %(characters)s) as text from tickets_message
    where ticket_id = chosen.id and author = 'customer' and not is_held order by id limit 1
) as said on true
order by chosen.id
"""


def train_reasons(*, now: datetime, anyway: bool = False) -> ReasonModel | None:
    """Train on closed tickets where enough were closed since the last time; None where nothing was trained.

    Raises CannotTrain when the training broke down; what was trained before stays.
    """
    with try_lock(LOCK) as got:
        if not got or not (anyway or _is_worth_it()):
            return None
        began = time.monotonic()
        reasons, lesson = _lesson()
        if len(lesson.texts) < FEWEST_TEXTS or len(reasons) < 2:
            return None
        learned = train_apart(lesson)
        failpoint("tickets.train.learned")
        return _keep(learned, reasons, len(lesson.texts), time.monotonic() - began, now)


def _is_worth_it() -> bool:
    last = ReasonModel.objects.filter(is_current=True).only("trained_at", "texts").first()
    if last is None:
        return True
    rows = Ticket.objects.filter(category=Category.CLOSED, closed_at__gt=last.trained_at, contact_reason__isnull=False)
    enough = max(FEWEST_NEW, last.texts // WORTH_IT)
    return len(rows.values_list("pk", flat=True)[:enough]) == enough


def _lesson() -> tuple[list[int], Lesson]:
    """The keys of the reasons, in the order of the lesson's labels, and the lesson."""
    with connection.cursor() as cursor:
        cursor.execute(LESSON, {"looked_at": LOOKED_AT, "fewest": FEWEST_OF_A_REASON, "characters": CHARACTERS})
        rows = cursor.fetchall()
        keys = sorted({reason for reason, _, _ in rows})
        cursor.execute("select id, name from tickets_contactreason where id = any(%s)", [keys])
        names = dict(cursor.fetchall())
    number = {key: place for place, key in enumerate(keys)}
    texts = [asked_text(subject, asked) for _, subject, asked in rows]
    return keys, Lesson([names[key] for key in keys], texts, [number[reason] for reason, _, _ in rows])


@transaction.atomic
def _keep(learned: Learned, reasons: list[int], texts: int, seconds: float, now: datetime) -> ReasonModel:
    ReasonModel.objects.filter(is_current=True).update(is_current=False)
    model = ReasonModel.objects.create(
        trained_at=now,
        seconds=round(seconds, 1),
        texts=texts,
        tested=learned.n,
        top1=learned.top1,
        top3=learned.top3,
        counts_top1=learned.counts_top1,
        reasons=reasons,
        start=struct.pack(f"<{len(reasons)}e", *learned.start),
        is_better=learned.top1 >= learned.counts_top1,
    )
    rows = (ReasonFeature(model=model, name=name, weights=packed) for name, packed in learned.rows())
    ReasonFeature.objects.bulk_create(rows, batch_size=2_000)
    failpoint("tickets.train.kept")
    ReasonModel.objects.filter(is_current=False).delete()
    return model


__all__ = ["CannotTrain", "train_reasons"]
