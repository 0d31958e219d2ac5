"""What new clients' first tickets taught, month by month."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from accounts.models import Person
from billing.models import Customer
from knowledgebase.models import Article
from tickets.learned import new_clients
from tickets.models import WikiDelta


@dataclass
class Line:
    """A new client with what was said. No delta: their first ticket is not closed yet, or there was none."""

    client: Customer
    delta: WikiDelta | None
    article: Article | None


@dataclass
class Month:
    """The clients who paid first in a month."""

    first: date
    lines: list[Line] = field(default_factory=list)

    @property
    def deltas(self) -> int:
        """How many changed the wiki."""
        return sum(1 for line in self.lines if line.delta and line.delta.revision_id)

    @property
    def none(self) -> int:
        """How many had nothing to add, and a reason."""
        return sum(1 for line in self.lines if line.delta and not line.delta.revision_id)

    @property
    def open(self) -> int:
        """Of how many nothing was said yet."""
        return len(self.lines) - self.deltas - self.none


def report_of(person: Person, months: Sequence[date]) -> list[Month]:
    """By the month in which each client first paid, the newest first. Three queries."""
    first, last = min(months), max(months)
    end = date(last.year + last.month // 12, last.month % 12 + 1, 1)
    clients = list(new_clients(_start(first), _start(end)))
    deltas = {
        one.customer_id: one
        for one in WikiDelta.objects.filter(customer__in=clients).select_related("revision", "by", "ticket")
    }
    keys = [one.article_id for one in deltas.values() if one.article_id]
    readable = {one.pk: one for one in Article.objects.readable_by(person).filter(pk__in=keys)}
    found = {month: Month(month) for month in sorted(months, reverse=True)}
    for client in clients:
        delta = deltas.get(client.pk)
        line = Line(client, delta, readable.get(delta.article_id or 0) if delta else None)
        paid_at: datetime = client.paid_at  # type: ignore[attr-defined]  # annotated
        found[date(paid_at.year, paid_at.month, 1)].lines.append(line)
    return list(found.values())


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, 1, tzinfo=UTC)
