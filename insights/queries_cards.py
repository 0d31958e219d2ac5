"""Cards for somebody who helps for a day: open tickets whose words speak for a reason that a public article answers.

Nothing about money, nothing that somebody else is at, nothing that nobody waits for (B7, R2). A guess may be wrong, and
money is where that is dear: words about money, or a fair chance of a reason about it, keep a card at the desk.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Left

from insights.facts import SPAM
from insights.models import CardPick, CustomerDay, ReasonCover
from insights.money_words import is_about_money
from knowledgebase.choices import Visibility
from knowledgebase.models import Article
from tickets.choices import LIVE, Author
from tickets.models import ContactReason, Message, Ticket
from tickets.queries_desk.reasons import Reason, reasons_for
from tickets.reason_words import ASKED_CHARACTERS

WANTED = 15
LOOKED_AT = 300
# So likely may it be, all reasons about money together, that a card is about money after all.
MONEY_AT_MOST = 0.2


@dataclass(frozen=True)
class Suitable:
    """A ticket, the reason that its words speak for, and the article that answers it."""

    ticket: Ticket
    reason_id: int
    article_id: int


@dataclass(frozen=True)
class Covered:
    """Reasons that a public article answers and that are not about money, each with its article; those that are."""

    articles: dict[int, int]
    money: frozenset[int]


def covered_reasons() -> Covered:
    """What admins said of the reasons. Three queries.

    An article answers the reasons below its own, unless they have one themselves. Money goes down the tree as well.
    """
    covers = {cover.reason_id: cover for cover in ReasonCover.objects.all()}
    shown = {
        pk: pk
        for pk in Article.objects.published()
        .filter(space__visibility=Visibility.PUBLIC, space__archived_at=None)
        .filter(pk__in={cover.article_id for cover in covers.values() if cover.article_id})
        .values_list("pk", flat=True)
    }
    parents = dict(ContactReason.objects.filter(is_active=True).values_list("pk", "parent"))
    found, money = {}, set()
    for reason in parents:
        line = [covers[one] for one in _up(reason, parents) if one in covers]
        article = next((cover.article_id for cover in line if cover.article_id), None)
        if any(cover.is_money for cover in line):
            money.add(reason)
        elif article in shown:
            found[reason] = shown[article]
    return Covered(found, frozenset(money))


def suitable(person, *, now: datetime, but: Collection[int] = (), wanted: int = WANTED) -> list[Suitable]:
    """Up to `wanted` tickets that `person` could answer, the longest waiting first, without those of `but`.

    Looks at 300 at most, one query each for the guess.
    """
    covered = covered_reasons()
    if not covered.articles:
        return []
    rows = Ticket.objects.filter(
        Q(assignee=None) | Q(assignee=person), category__in=LIVE, waiting_since__isnull=False, snoozed_until=None,
        merged_into=None,
    )  # fmt: skip
    rows = rows.exclude(pk__in=but).exclude(tags__contains=[SPAM]).exclude(requester=person)
    tickets = list(rows.order_by("waiting_since", "pk")[:LOOKED_AT])
    asked = _asked_first([ticket.pk for ticket in tickets])
    found: list[Suitable] = []
    for ticket in tickets:
        words = asked.get(ticket.pk, "")
        if is_about_money(ticket.subject, words):
            continue
        reason = fitting(reasons_for(ticket, asked=words), covered)
        if reason:
            found.append(Suitable(ticket, reason, covered.articles[reason]))
            if len(found) >= wanted:
                break
    return found


def fitting(reasons: Sequence[Reason], covered: Covered) -> int | None:
    """The guessed one of a ticket's likely reasons, if an article answers it and the ticket is hardly about money."""
    if sum(one.share for one in reasons if one.pk in covered.money) > MONEY_AT_MOST:
        return None
    return next((one.pk for one in reasons if one.is_guess and one.pk in covered.articles), None)


@dataclass(frozen=True)
class Card:
    """A picked ticket as the page shows it. `state` in words: open, answered by them, or taken by somebody else."""

    pick: CardPick
    is_answered: bool
    is_gone: bool


def cards_of(day: CustomerDay) -> list[Card]:
    """What was picked for a day, in that order, and what became of it. Two queries."""
    picks = list(day.cards.select_related("ticket__requester", "reason", "article__space").order_by("pk"))
    said = Message.objects.filter(
        ticket__in=[pick.ticket_id for pick in picks], person=day.person_id, author=Author.AGENT
    )
    answered = set(said.filter(created_at__gte=day.invited_at).values_list("ticket", flat=True))
    return [
        Card(pick, pick.ticket_id in answered, pick.ticket_id not in answered and not _is_open(pick.ticket, day))
        for pick in picks
    ]


def _is_open(ticket: Ticket, day: CustomerDay) -> bool:
    return ticket.category in LIVE and ticket.merged_into_id is None and ticket.assignee_id in (None, day.person_id)


def _up(reason: int, parents: dict[int, int | None]) -> list[int]:
    """A reason and those above it, the nearest first."""
    line: list[int] = []
    at: int | None = reason
    while at is not None and at not in line:
        line.append(at)
        at = parents.get(at)
    return line


def _asked_first(keys: list[int]) -> dict[int, str]:
    """What each customer wrote first. One query."""
    rows = Message.objects.filter(ticket__in=keys, author=Author.CUSTOMER).order_by("ticket", "pk").distinct("ticket")
    return dict(rows.values_list("ticket", Left("text", ASKED_CHARACTERS)))
