"""Why a customer may have written: the contact reasons, and which one fits a ticket.

The trained model (`tickets.actions.train`) says which; where there is none yet, and for reasons that it does not know,
the counted words of `tickets.actions.learn` do. Both say which words decided.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models.functions import Left

from tickets.choices import Author
from tickets.models import ContactReason, Message, Ticket
from tickets.reason_words import ASKED_CHARACTERS, EARLIER_COUNTS, Guess, guess_of, ranked, words_of
from tickets.text_model.features import asked_text
from tickets.text_model.scoring import Asked, Likely, Weights, asked_of, likelihoods

EARLIER_LOOKED_AT = 10
# Below this share the model could as well say another. Held-out queries above it are right nine times in ten.
LIKELY_ENOUGH = 0.3


@dataclass(frozen=True)
class Reason:
    """A contact reason by its whole name, "Billing › Card declined". `because` are the words that spoke for a guess.

    `share` is how likely the trained model finds it, 0 to 1; 0 where it does not know it, or there is none.
    """

    pk: int
    name: str
    is_guess: bool = False
    because: tuple[str, ...] = ()
    share: float = 0.0

    @property
    def key(self) -> str:
        """As a form's field has it."""
        return str(self.pk)


def all_reasons() -> list[Reason]:
    """The reasons that an agent may choose, by name. One query."""
    rows = {row.pk: row for row in ContactReason.objects.all()}
    found = [Reason(pk, _whole_name(row, rows)) for pk, row in rows.items() if row.is_active]
    return sorted(found, key=lambda reason: (reason.name.casefold(), reason.pk))


def reasons_for(ticket: Ticket, *, asked: str | None = None) -> list[Reason]:
    """The reasons that an agent may choose, the guess first, then the likelier ones, then by use. One query.

    The guess is what the ticket has; else what its words and the same customer's last ten tickets speak for; else none.
    `asked` is what the customer wrote first; None costs a query more to look it up.
    """
    asked = _first_words(ticket) if asked is None else asked
    words, sought = words_of(ticket.subject, asked), asked_of(asked_text(ticket.subject, asked))
    found = _learned(ticket, words, sought)
    rows = {one.pk: one for one in found.reasons}
    names = {one.pk: _whole_name(one, rows) for one in found.reasons if one.is_active}
    earlier = Counter(pk for pk in found.earlier if pk in names)
    counted = ranked(
        words, names=names, learned={one.pk: one.learned for one in found.reasons if one.is_active}, earlier=earlier
    )
    habit = {pk: EARLIER_COUNTS * times / earlier.total() for pk, times in earlier.items()}
    likely = likelihoods(sought, found.weights, allowed=names, habit=habit) if found.weights else []
    guess = _guess_of(likely) or guess_of([one for one in counted if one.pk not in _known(found)])
    if ticket.contact_reason_id is not None and ticket.contact_reason_id in names:
        guess = Guess(ticket.contact_reason_id)
    chosen = guess.pk if guess else None
    order = list(dict.fromkeys([*(one.pk for one in likely), *(one.pk for one in counted)]))
    keys, shares = sorted(order, key=lambda pk: pk != chosen), {one.pk: one.share for one in likely}
    because = guess.because if guess else ()
    return [Reason(pk, names[pk], pk == chosen, because if pk == chosen else (), shares.get(pk, 0.0)) for pk in keys]


def _guess_of(likely: list[Likely]) -> Guess | None:
    first = likely[0] if likely else None
    return Guess(first.pk, first.because) if first and first.share >= LIKELY_ENOUGH else None


def _known(found: "_Found") -> set[int]:
    """The reasons that the model knows: what it does not find likely, counting words does not either."""
    return set(found.weights.reasons) if found.weights and found.weights.rows else set()


# Every reason, how many of its closed tickets had each of some words, and the reasons of the customer's last tickets;
# the trained model, what it knows of the words and pairs, and of the parts of words that it does not know.
LEARNED = """
with model as materialized (select id, reasons, start from tickets_reasonmodel where is_current and is_better),
known as materialized (
  select name, weights from tickets_reasonfeature where model_id = (select id from model) and name = any(%(names)s)
)
select 'reason', reason.id, reason.name, reason.parent_id, reason.is_active,
  (select json_object_agg(word, tickets) from tickets_reasonword
    where reason_id = reason.id and word = any(%(words)s)),
  array(select contact_reason_id from tickets_ticket
    where requester_id = %(requester)s and contact_reason_id is not null and id <> %(ticket)s
    order by id desc limit %(most)s), null::bytea
from tickets_contactreason as reason
union all select 'model', id, '', null, true, null, reasons, start from model
union all select 'known', 0, name, null, true, null, null, weights from known
union all select 'known', 0, part.word, null, true, null, null, feature.weights
from unnest(%(parts)s::text[], %(part_of)s::text[]) as part(name, word)
join tickets_reasonfeature as feature on feature.model_id = (select id from model) and feature.name = part.name
where part.word <> all(array(select name from known))
"""


@dataclass(frozen=True)
class _Learned:
    """A contact reason, and how many of its closed tickets had a word ("" counts the tickets)."""

    pk: int
    name: str
    parent_id: int | None
    is_active: bool
    learned: dict[str, int]


@dataclass
class _Found:
    """All reasons, those of the customer's last tickets, and what the trained model says, if there is one."""

    reasons: list[_Learned] = field(default_factory=list)
    earlier: list[int] = field(default_factory=list)
    weights: Weights | None = None


def _learned(ticket: Ticket, words: set[str], sought: Asked) -> _Found:
    """What is known of these words. One query."""
    asked: dict[str, Any] = {
        "words": ["", *words],
        "names": sought.names,
        "parts": sought.parts,
        "part_of": sought.part_of,
        "requester": ticket.requester_id,
        "ticket": ticket.pk,
        "most": EARLIER_LOOKED_AT,
    }
    found = _Found()
    rows: list[tuple[str, bytes]] = []
    with connection.cursor() as cursor:
        cursor.execute(LEARNED, asked)
        for kind, pk, name, parent, is_active, learned, numbers, packed in cursor.fetchall():
            if kind == "reason":
                found.reasons.append(_Learned(pk, name, parent, is_active, learned or {}))
                found.earlier = numbers
            elif kind == "model":
                found.weights = Weights(numbers, bytes(packed), rows)
            else:
                rows.append((name, bytes(packed)))
    return found


def _first_words(ticket: Ticket) -> str:
    """What the customer asked first. One query."""
    first = Message.objects.filter(ticket=ticket, author=Author.CUSTOMER).order_by("pk")
    return first.values_list(Left("text", ASKED_CHARACTERS), flat=True).first() or ""


def _whole_name(row: "ContactReason | _Learned", rows: "Mapping[int, ContactReason] | Mapping[int, _Learned]") -> str:
    parts, seen = [row.name], {row.pk}
    while row.parent_id is not None and row.parent_id in rows and row.parent_id not in seen:
        row = rows[row.parent_id]
        seen.add(row.pk)
        parts.append(row.name)
    return " › ".join(reversed(parts))
